import type * as Public from 'stillhere';
import { __wbg_finalize_init, __wbg_get_imports, Machine } from 'stillhere-bindgen';
import { authority } from './authority.ts';
import { StillhereError } from './error.ts';
import { channelName, readToken } from './name.ts';
import { type Checked, checkHold, checkOptions, checkToken } from './options.ts';
import { contexts, status } from './status.ts';

export { StillhereError };

const FAULTS: Record<Public.FaultCode, string> = {
  alone:
    'This page has no Web Locks or no BroadcastChannel (is it served over https?): the agent works alone.',
  'bad-message': 'A message on the channel was malformed and was dropped.',
  'unknown-version': 'Another tab runs another version of stillhere; its messages are ignored.',
  'authority-unreachable': 'The authority does not answer; the agent tries again.',
  'bad-answer': "The authority's answer makes no sense and was dropped; the agent tries again.",
};

let loading: Promise<void> | undefined;

async function instantiate(): Promise<void> {
  const response = await fetch(new URL('stillhere.wasm', import.meta.url));
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
    const message = `The WebAssembly module did not load (${cause}); serve stillhere.wasm beside index.js and allow 'wasm-unsafe-eval' in the Content-Security-Policy.`;
    throw new StillhereError('wasm-unavailable', message);
  });
  return loading;
}

function random(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] as bigint;
}

class Agent extends EventTarget implements Public.Agent {
  #machine: Machine | undefined;
  #last: Public.Status | undefined;
  #lastContexts: readonly Public.ContextStatus[] = [];
  #token: Public.TokenSource;
  #group: string | undefined;
  #results: { acknowledged: number; failed: number; lastStatus: number | string | null } = {
    acknowledged: 0,
    failed: 0,
    lastStatus: null,
  };

  constructor(options: Checked, channel: string | undefined) {
    super();
    this.#token = options.token;
    this.#group = options.group;
    const server =
      options.authority instanceof URL
        ? authority(options.authority, () => this.#token)
        : options.authority;
    // Events reach listeners that the caller adds once it has the agent, so never sooner.
    let said: [string, string?][] | undefined = [];
    this.#machine = new Machine(
      channel,
      random(),
      random(),
      options.wish,
      options.listening,
      this.#counted(server),
      (name, code) => (said ? said.push([name, code]) : this.#emit(name, code)),
    );
    setTimeout(() => {
      const early = said ?? [];
      said = undefined;
      for (const [name, code] of early) {
        this.#emit(name, code);
      }
    });
  }

  /** The same server, with what it answers to keep-alives counted for `status`. */
  #counted(server: Public.KeepAlive): Public.KeepAlive {
    const send: Public.KeepAlive['send'] = async (report, signal) => {
      const results = this.#results;
      try {
        const answer = await server.send(report, signal);
        results.lastStatus = answer.status ?? answer.state;
        results[answer.state === 'alive' ? 'acknowledged' : 'failed'] += 1;
        return answer;
      } catch (error) {
        results.lastStatus = 'unreachable';
        results.failed += 1;
        throw error;
      }
    };
    return {
      send,
      ask: (signal) => server.ask(signal),
      ...(server.end && { end: server.end.bind(server) }),
      ...(server.listen && { listen: server.listen.bind(server) }),
    };
  }

  #emit(name: string, code?: string): void {
    const details: Record<string, () => unknown> = {
      refused: () => ({ reason: code }),
      fault: () => ({ code, message: FAULTS[code as Public.FaultCode] }),
      ended: () => ({ because: code }),
    };
    const detail = details[name]?.() ?? this.status;
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #open(): Machine {
    if (!this.#machine) {
      throw new StillhereError('closed', 'This agent was closed; create another one.');
    }
    return this.#machine;
  }

  get status(): Public.Status {
    return this.#machine ? status(this.#machine, this.#results) : (this.#last as Public.Status);
  }

  contexts(): readonly Public.ContextStatus[] {
    return this.#machine ? contexts(this.#machine) : this.#lastContexts;
  }

  note(_source?: string): void {
    this.#open().note();
  }

  stay(): void {
    this.#open().stay();
  }

  hold(reason: string, options?: { ttlMs?: number }): Public.Hold {
    const ttlMs = checkHold(reason, options);
    const machine = this.#open();
    const id = random();
    machine.hold(id, reason, ttlMs);
    return {
      release: () => this.#machine?.release(id),
      renew: () => this.#machine?.hold(id, reason, ttlMs),
    };
  }

  end(because: Public.EndedBecause = 'signed-out'): void {
    if (!this.#open().end(because)) {
      throw new StillhereError('bad-option', `because must be a reason, not ${because}`, 'because');
    }
  }

  async setToken(token: Public.TokenSource): Promise<void> {
    const source = checkToken(token);
    const machine = this.#open();
    const bearer = await readToken(source);
    if (bearer === null) {
      throw new StillhereError('token-missing', 'The token function gave none.', 'token');
    }
    const name = await channelName(this.#group ?? bearer);
    this.#token = source;
    machine.moveTo(name);
  }

  close(): void {
    if (this.#machine) {
      this.#lastContexts = this.contexts();
      this.#last = this.status;
      this.#machine.close();
      this.#machine = undefined;
    }
  }
}

export async function createAgent(options: Public.AgentOptions): Promise<Public.Agent> {
  const checked = checkOptions(options);
  const token = await readToken(checked.token);
  if (token === null) {
    throw new StillhereError('token-missing', 'The token function gave none.', 'token');
  }
  const [channel] = await Promise.all([channelName(checked.group ?? token), load()]);
  return new Agent(checked, channel);
}
