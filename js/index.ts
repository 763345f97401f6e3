import type * as Public from 'stillhere';
import { authority } from './authority.ts';
import { StillhereError } from './error.ts';
import type { Frames } from './frames.ts';
import type { Hosts } from './hosts.ts';
import { later, withNonce } from './http.ts';
import { fill, instantiate, load, type Machine } from './machine.ts';
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

/** The two halves of a random name. */
function random(): [number, number] {
  return [...crypto.getRandomValues(new Uint32Array(2))] as [number, number];
}

/** As many as a report can name (src/core/hold.rs). */
const MOST_HOLDS = 64;

/** Longest reason of a hold, in bytes (src/core/facts.rs). */
const MAX_REASON = 64;

/** The names that follow from the token which the source gives now. */
async function namesOf(source: Public.TokenSource, group: string | undefined): Promise<Names> {
  const token = await readToken(source);
  if (token === null) {
    throw new StillhereError('token-missing', 'The token function gave none.', 'token');
  }
  return names(token, group);
}

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
  readonly #page: Page;
  #last: Public.Status | undefined;
  #lastContexts: readonly Public.ContextStatus[] = [];
  #token: Public.TokenSource;
  #group: string | undefined;
  /** The pages around this one, and the frames within it. */
  #around: Around = {};

  /** The events that somebody has ever listened to. */
  readonly #heard = new Set<string>();

  /** Events reach listeners that the caller adds once it has the agent, so never sooner. */
  #early: (() => void)[] | undefined = [];

  constructor({ token, group, authority: given }: Checked, names: Names) {
    super();
    this.#token = token;
    this.#group = group;
    const server = given instanceof URL ? authority(given, () => this.#token) : given;
    this.#page = new Page(server, names, (name, detail) => {
      if (name === 'phase') {
        this.#around.hosts?.tell();
      }
      const say = () => {
        const seen = () => (name === 'observed' ? this.status.observed : this.status);
        // A status that nobody hears of would cost more than the input that it tells of.
        if (this.#heard.has(name)) {
          this.dispatchEvent(new CustomEvent(name, { detail: detail ?? seen() }));
        }
      };
      this.#early ? this.#early.push(say) : say();
    });
  }

  override addEventListener(...listener: Parameters<EventTarget['addEventListener']>): void {
    this.#heard.add(listener[0]);
    super.addEventListener(...listener);
  }

  static async start(
    module: WebAssembly.Module,
    options: Checked,
    names: Names,
    extras: Extras,
  ): Promise<Agent> {
    const agent = new Agent(options, names);
    const page = agent.#page;
    const machine = await instantiate(module, page);
    page.machine = machine;
    const flags = [page.listens, !document.hidden].map(Number);
    machine.start(...random(), ...random(), ...options.wish, names.token, ...flags);
    page.hook(options.listening);
    agent.#around = agent.#lookAround(options, extras);
    setTimeout(() => {
      const early = agent.#early ?? [];
      agent.#early = undefined;
      for (const say of early) {
        say();
      }
    });
    return agent;
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
    const { machine } = this.#page;
    if (!machine) {
      throw new StillhereError('closed', 'This agent was closed; create another.');
    }
    return machine;
  }

  /** One that ended must not bring its end to the channel of another token. */
  #live(): void {
    this.#open();
    if (this.status.phase === 'ended') {
      throw new StillhereError('ended', 'This agent has ended; create another.');
    }
  }

  #tell(what: number, first = 0, second = 0, third = 0): void {
    this.#page.machine?.tell(what, first, second, third);
  }

  #count(kind: keyof Public.Counts, at = 0): void {
    this.#tell(ACTIVITY, COUNTS.indexOf(kind), at);
  }

  #look(what: number): number[] {
    this.#open().look(what);
    return this.#page.shown;
  }

  get status(): Public.Status {
    return this.#page.machine
      ? status(this.#look(0), this.#page.results)
      : (this.#last as Public.Status);
  }

  contexts(): readonly Public.ContextStatus[] {
    return this.#page.machine ? contexts(this.#look(1)) : this.#lastContexts;
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
    const [high, low] = random();
    // Cut at a whole character.
    const bytes = new Uint8Array(MAX_REASON);
    const { written } = new TextEncoder().encodeInto(reason, bytes);
    const renew = () => {
      const { machine } = this.#page;
      if (machine) {
        fill(machine, bytes.subarray(0, written));
        machine.tell(HOLD, high, low, ttlMs);
      }
    };
    renew();
    return { release: () => this.#tell(RELEASE, high, low), renew };
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
    const next = await namesOf(source, this.#group);
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
    if (this.#page.machine) {
      this.#lastContexts = this.contexts();
      this.#last = this.status;
      this.#around.hosts?.close();
      this.#around.frames?.close();
      this.#tell(CLOSE);
      this.#page.unhook();
      this.#page.machine = undefined;
    }
  }
}

export async function createAgent(options: Public.AgentOptions): Promise<Public.Agent> {
  const checked = checkOptions(options);
  // A prerendered page may never be seen: it is no context before it is (HTML, prerendering).
  if ((document as { prerendering?: boolean }).prerendering) {
    await new Promise((seen) => document.addEventListener('prerenderingchange', seen));
  }
  // A token may take as long to come as the module: neither waits for the other.
  const [named, module, hosts, frames] = await Promise.all([
    namesOf(checked.token, checked.group),
    load(),
    checked.hosts.length > 0 ? import('./hosts.ts') : {},
    checked.frames ? import('./frames.ts') : {},
  ]);
  return Agent.start(module, checked, named, { ...hosts, ...frames });
}
