import type * as Public from 'stillhere';
import { __wbg_finalize_init, __wbg_get_imports, Machine } from 'stillhere-bindgen';
import { authority } from './authority.ts';
import { StillhereError } from './error.ts';
import type { Frames } from './frames.ts';
import type { Hosts } from './hosts.ts';
import { later, withNonce } from './http.ts';
import { type Names, names, readToken } from './name.ts';
import {
  bad,
  type Checked,
  checkDuration,
  checkHold,
  checkOptions,
  checkToken,
  onlyKnown,
} from './options.ts';
import {
  ACTIVITY,
  CLOSE,
  END,
  HOLD,
  LEAVING,
  Page,
  REFUSED,
  RELEASE,
  RETURNED,
  STAY,
  TOKEN,
} from './page.ts';
import { COUNTS, contexts, REASONS, REFUSALS, status } from './status.ts';
import { topLevel } from './top-level.ts';

// What stillhere/presets would otherwise bring along once more (js/presets/agent.ts). It has no public types.
export {
  authority,
  bad,
  checkDuration,
  checkToken,
  later,
  onlyKnown,
  readToken,
  StillhereError,
  withNonce,
};

let loading: Promise<void> | undefined;

async function instantiate(): Promise<void> {
  const response = await fetch(new URL('./stillhere.wasm', import.meta.url));
  if (!response.ok) {
    throw new Error(`${response.url}: ${response.status}`);
  }
  // At this size streaming gains nothing, and this needs no `application/wasm` of the server.
  const source = await WebAssembly.instantiate(await response.arrayBuffer(), __wbg_get_imports());
  __wbg_finalize_init(source.instance, source.module);
}

/** Loads the module once; a load that failed is tried again by the next call. */
function load(): Promise<void> {
  loading ??= instantiate().catch((cause: unknown) => {
    loading = undefined;
    const message = `stillhere.wasm did not load (${cause}); serve it beside index.js and allow 'wasm-unsafe-eval' in the Content-Security-Policy.`;
    throw new StillhereError('wasm-unavailable', message);
  });
  return loading;
}

/** The two halves of a random name. */
function random(): number[] {
  return [...crypto.getRandomValues(new Uint32Array(2))];
}

/** As many as a report can name (src/core/hold.rs). */
const MOST_HOLDS = 64;

/** Longest reason of a hold, in bytes (src/core/facts.rs). */
const MAX_REASON = 64;

/** What only some apps need, loaded only by those. */
interface Extras {
  Hosts?: typeof Hosts;
  Frames?: typeof Frames;
}

interface Around {
  hosts?: Hosts | undefined;
  frames?: Frames | undefined;
}

class Agent extends EventTarget implements Public.Agent {
  #machine: Machine | undefined;
  readonly #page: Page;
  #last: Public.Status | undefined;
  #lastContexts: readonly Public.ContextStatus[] = [];
  #token: Public.TokenSource;
  #group: string | undefined;
  /** The pages around this one, and the frames within it. */
  #around: Around = {};

  constructor(options: Checked, names: Names, extras: Extras) {
    super();
    this.#token = options.token;
    this.#group = options.group;
    const server =
      options.authority instanceof URL
        ? authority(options.authority, () => this.#token)
        : options.authority;
    // Events reach listeners that the caller adds once it has the agent, so never sooner.
    let said: (() => void)[] | undefined = [];
    this.#page = new Page(server, names, (name, detail) => {
      if (name === 'phase') {
        this.#around.hosts?.tell();
      }
      const say = () => {
        const seen = () => (name === 'observed' ? this.status.observed : this.status);
        this.dispatchEvent(new CustomEvent(name, { detail: detail ?? seen() }));
      };
      said ? said.push(say) : say();
    });
    this.#machine = new Machine(this.#page, [
      ...random(),
      ...random(),
      ...options.wish,
      names.token,
      server.listen ? 1 : 0,
      document.hidden ? 0 : 1,
    ]);
    this.#page.machine = this.#machine;
    this.#page.hook(options.listening);
    this.#around = this.#lookAround(options, extras);
    setTimeout(() => {
      const early = said ?? [];
      said = undefined;
      for (const say of early) {
        say();
      }
    });
  }

  #lookAround({ hosts, heartbeats, frames }: Checked, extras: Extras): Around {
    return {
      hosts:
        extras.Hosts &&
        new extras.Hosts(hosts, {
          heard: () => heartbeats && this.#count('heartbeats'),
          refused: (why) => this.#tell(REFUSED, REFUSALS.indexOf(why)),
          state: () => {
            const { phase, remainingMs, endedBecause } = this.status;
            return { phase, remainingMs, ...(endedBecause && { endedBecause }) };
          },
        }),
      frames:
        extras.Frames && frames && new extras.Frames(frames, (kind, at) => this.#count(kind, at)),
    };
  }

  #open(): Machine {
    if (!this.#machine) {
      throw new StillhereError('closed', 'This agent was closed; create another.');
    }
    return this.#machine;
  }

  /** One that ended must not bring its end to the channel of another token. */
  #live(): void {
    this.#open();
    if (this.status.phase === 'ended') {
      throw new StillhereError('ended', 'This agent has ended; create another.');
    }
  }

  #tell(what: number, ...numbers: number[]): void {
    this.#machine?.tell(what, numbers);
  }

  #count(kind: keyof Public.Counts, at = 0): void {
    this.#tell(ACTIVITY, COUNTS.indexOf(kind), at);
  }

  #look(what: number): number[] {
    this.#open().look(what);
    return this.#page.shown;
  }

  get status(): Public.Status {
    return this.#machine
      ? status(this.#look(0), this.#look(2), this.#page.results)
      : (this.#last as Public.Status);
  }

  contexts(): readonly Public.ContextStatus[] {
    return this.#machine ? contexts(this.#look(1)) : this.#lastContexts;
  }

  note(_source?: string): void {
    this.#open();
    this.#count('notes');
  }

  stay(): void {
    this.#open();
    this.#tell(STAY);
  }

  hold(reason: string, options?: { ttlMs?: number }): Public.Hold {
    const ttlMs = checkHold(reason, options);
    this.#open();
    if (this.status.holds.length >= MOST_HOLDS) {
      const message = `${MOST_HOLDS} holds are open; release one first.`;
      throw new StillhereError('too-many-holds', message);
    }
    const id = random();
    // Cut at a whole character.
    const bytes = new Uint8Array(MAX_REASON);
    const { written } = new TextEncoder().encodeInto(reason, bytes);
    const renew = () => this.#tell(HOLD, ...id, ttlMs, ...bytes.subarray(0, written));
    renew();
    return { release: () => this.#tell(RELEASE, ...id), renew };
  }

  end(because: Public.EndedBecause = 'signed-out'): void {
    this.#open();
    const at = REASONS.indexOf(because);
    if (at < 0) {
      const message = `because must be one of ${REASONS.join(', ')}`;
      throw new StillhereError('bad-option', message, 'because');
    }
    this.#tell(END + at);
  }

  async setToken(token: Public.TokenSource): Promise<void> {
    const source = checkToken(token);
    this.#open();
    const bearer = await readToken(source);
    if (bearer === null) {
      throw new StillhereError('token-missing', 'The token function gave none.', 'token');
    }
    const next = await names(bearer, this.#group);
    // It may have been closed, or the session may have ended, while the token was read.
    this.#live();
    this.#token = source;
    this.#page.names = next;
    this.#tell(TOKEN, next.token);
  }

  async joinTopLevel(): Promise<boolean> {
    this.#live();
    const platform = await topLevel();
    if (!platform) {
      return false;
    }
    this.#live();
    this.#tell(LEAVING, 0);
    this.#page.platform = platform;
    this.#tell(RETURNED);
    return true;
  }

  close(): void {
    if (this.#machine) {
      this.#lastContexts = this.contexts();
      this.#last = this.status;
      this.#around.hosts?.close();
      this.#around.frames?.close();
      this.#tell(CLOSE);
      this.#page.unhook();
      this.#page.machine = this.#machine = undefined;
    }
  }
}

export async function createAgent(options: Public.AgentOptions): Promise<Public.Agent> {
  const checked = checkOptions(options);
  // A prerendered page may never be seen: it is no context before it is (HTML, prerendering).
  if ((document as { prerendering?: boolean }).prerendering) {
    await new Promise((seen) => document.addEventListener('prerenderingchange', seen));
  }
  const token = await readToken(checked.token);
  if (token === null) {
    throw new StillhereError('token-missing', 'The token function gave none.', 'token');
  }
  const [named, hosts, frames] = await Promise.all([
    names(token, checked.group),
    checked.hosts.length > 0 ? import('./hosts.ts') : {},
    checked.frames ? import('./frames.ts') : {},
    load(),
  ]);
  return new Agent(checked, named, { ...hosts, ...frames });
}
