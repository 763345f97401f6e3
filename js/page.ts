/**
 * The page as the machine sees it (src/browser/page.rs): numbers go out and come in, nothing ever
 * throws, and no promise is rejected. An instance of the module is made with one page, and imports
 * those of its members that have their names there; they are called without a `this`.
 */
import type { Answer, EndedBecause, FaultCode, KeepAlive, Status } from 'stillhere';
import type { Early } from 'stillhere/early';
import { bit, flat, toReport } from './flat.ts';
import { fill, type Machine } from './machine.ts';
import type { Names } from './name.ts';
import { REASONS, REFUSALS } from './status.ts';

/** What `Machine.tell` is told; from `END` on the reasons follow in their order. */
export const ACTIVITY = 0;
export const STAY = 1;
export const CLOSE = 2;
export const HOLD = 3;
export const RELEASE = 4;
export const REFUSED = 5;
const WAKE = 6;
const LOCK = 7;
const VISIBLE = 8;
export const LEAVING = 9;
export const RETURNED = 10;
const BROKE = 11;
export const TOKEN = 12;
export const END = 13;

/** How a lock is answered. */
const [GRANTED, BUSY, LOST] = [0, 1, 2];

/** The input events, in the order of the bits that say which count, and what each counts as. */
const INPUTS = ['keydown', 'pointerdown', 'scroll', 'pointermove'];
const KINDS = [0, 1, 3, 3];

/** As many as anybody does while a page loads: each is told of by itself. */
const MOST_EARLY = 1000;

/** What `stillhere/early` counted, which stops there. */
function takeOver(): Early | undefined {
  const early = window.stillhereEarly;
  window.stillhereEarly = null;
  // An element may have that id.
  if (!(early?.stop instanceof AbortController)) {
    return;
  }
  early.stop.abort();
  return early;
}

const EVENTS = [
  'phase',
  'activity',
  'keepalive',
  'policy',
  'refused',
  'fault',
  'ended',
  'observed',
];
const CODES: FaultCode[] = [
  'bad-message',
  'unknown-version',
  'authority-unreachable',
  'bad-answer',
  'alone',
];
const FAULTS = [
  'A message on the channel was malformed and was dropped.',
  'Another tab runs another version of stillhere; its messages are ignored.',
  'The authority does not answer; the agent tries again.',
  "The authority's answer makes no sense and was dropped; the agent tries again.",
  'This page has no Web Locks or no BroadcastChannel (is it served over https?): the agent works alone.',
];

/** A longer step of the wall clock may be a clock that was set, as in `src/core/time.rs`. In milliseconds. */
const JUMP_MS = 3000;

/** How keep-alives went, for `status`. */
export type Results = {
  -readonly [K in Exclude<keyof Status['keepAlive'], 'sent'>]: Status['keepAlive'][K];
};

/** Where the page's channel and locks come from: its own partition, or that of the top level. */
export interface Platform {
  channel(name: string): BroadcastChannel;
  /** Insecure pages have none. */
  locks: LockManager | undefined;
}

/** Looked up when they are used: the module can be loaded where there is no page. */
const own: Platform = {
  channel: (name) => new BroadcastChannel(name),
  get locks() {
    return navigator.locks;
  },
};

export class Page {
  readonly #server: KeepAlive;
  readonly #dispatch: (name: string, detail?: unknown) => void;
  readonly #requests = new Map<number, AbortController>();
  #stream: AbortController | undefined;
  /** Of each lock, the newest request and how to let go of it. */
  readonly #locks: { free?: () => void }[] = [];
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #channel: BroadcastChannel | undefined;
  readonly #unhooked = new AbortController();
  #machine: Machine | undefined;
  /**
   * In that span of the wall clock an input needs nothing but counting, if it comes within `JUMP_MS` of the start
   * or of the one before it.
   */
  #from = 0;
  #until = 0;
  /** What was counted since the machine was last told: how often each kind, and when the newest was. */
  #counted = [0, 0, 0, 0];
  names: Names;
  platform = own;
  /** What the machine was last seen to know. */
  shown: number[] = [];
  readonly results: Results = { acknowledged: 0, failed: 0, lastStatus: null };

  constructor(server: KeepAlive, names: Names, dispatch: (name: string, detail?: unknown) => void) {
    this.#server = server;
    this.names = names;
    this.#dispatch = dispatch;
  }

  /** Listens until `unhook`, to the inputs of those bits and to the life of the page. */
  hook(inputs: number): void {
    const { signal } = this.#unhooked;
    const on = (target: EventTarget, events: string[], heard: (event: Event) => void) => {
      for (const event of events) {
        target.addEventListener(event, heard, { capture: true, signal });
      }
    };
    const returns = () => this.#tell(RETURNED);
    const early = takeOver();
    INPUTS.forEach((event, at) => {
      if ((inputs >> at) & 1) {
        const kind = KINDS[at] as number;
        const [count, moment] = early?.[event as 'keydown'] ?? [0, 0];
        for (let done = 0; done < count && done < MOST_EARLY; done += 1) {
          this.#tell(ACTIVITY, kind, moment);
        }
        on(window, [event], (event) => this.#input(kind, event));
      }
    });
    on(document, ['visibilitychange'], () => this.#tell(VISIBLE, bit(!document.hidden)));
    on(document, ['freeze'], () => this.#tell(LEAVING, 1));
    on(document, ['resume'], returns);
    on(window, ['pagehide'], () => this.#tell(LEAVING, 0));
    // The last two are when somebody may be back at a machine that slept: a look at the clocks.
    on(window, ['pageshow', 'focus', 'online'], returns);
  }

  /** Whether the server has an event stream. */
  get listens(): boolean {
    return !!this.#server.listen;
  }

  unhook(): void {
    this.#unhooked.abort();
  }

  #tell(what: number, first = 0, second = 0): void {
    this.machine?.tell(what, first, second, 0);
  }

  /** It is set once the machine is made, and calls nobody before. Whoever calls it tells it first. */
  get machine(): Machine | undefined {
    this.#counted.forEach((times, kind) => {
      if (times) this.#machine?.counted(kind, times, this.#from);
    });
    this.#counted.fill(0);
    return this.#machine;
  }

  set machine(machine: Machine | undefined) {
    this.#machine = machine;
  }

  /**
   * Which key, where, and what was typed is never read (docs/architecture.md, rule 7). Most inputs never reach
   * the module: between two keys the processor forgets it, and to call it again costs more than to count.
   */
  #input(kind: number, event: Event): void {
    if (!event.isTrusted) {
      this.#tell(REFUSED);
      // A key that is held down is one activity.
    } else if (!(event as KeyboardEvent).repeat) {
      const now = Date.now();
      const step = now - this.#from;
      if (step >= 0 && step <= JUMP_MS && now < this.#until) {
        (this.#counted[kind] as number) += 1;
        this.#from = now;
      } else {
        this.#tell(ACTIVITY, kind, event.timeStamp);
      }
    }
  }

  readonly count = (from: number, until: number) => {
    this.#from = from;
    this.#until = until;
  };

  readonly wall = () => Date.now();

  readonly monotonic = () => performance.now();

  readonly emit = (event: number, code: number): void => {
    const details = [
      { reason: REFUSALS[code] },
      { code: CODES[code], message: FAULTS[code] },
      { because: REASONS[code] },
    ];
    this.#dispatch(EVENTS[event] as string, details[event - 4]);
  };

  /** `what`: a keep-alive, one of a page that goes, a question; from 3 on, an end and its reason. */
  readonly request = async (what: number, id: number, at: number, length: number) => {
    const { results } = this;
    const detail = this.#numbers(at, length);
    const request = new AbortController();
    // Nobody waits for an end or a flush; a page that goes must not abort them.
    const awaited = what !== 1 && what < 3;
    if (awaited) {
      this.#requests.set(id, request);
    }
    let answer: Answer;
    try {
      answer = await this.#call(what, detail, request.signal);
      if (what < 2) {
        results.lastStatus = answer.status ?? answer.state;
        results[answer.state === 'alive' ? 'acknowledged' : 'failed'] += 1;
      }
    } catch {
      // A network that failed, a request that was aborted, or a `KeepAlive` that throws.
      answer = { state: 'unreachable' };
      if (what < 2) {
        results.lastStatus = answer.state;
        results.failed += 1;
      }
    }
    if (awaited) {
      this.#answer(id, answer);
    }
  };

  async #call(what: number, detail: number[], signal: AbortSignal): Promise<Answer> {
    if (what < 2) {
      return this.#server.send(toReport(detail, what === 1), signal);
    }
    if (what === 2) {
      return this.#server.ask(signal);
    }
    // A server need not have this one.
    await this.#server.end?.(REASONS[what - 3] as EndedBecause, signal);
    return { state: 'unreachable' };
  }

  #answer(id: number, answer: Answer): void {
    if (this.machine) {
      fill(this.machine, new Uint8Array(flat(answer).buffer));
      this.machine.answer(id);
    }
  }

  readonly abort = (id: number): void => {
    this.#requests.get(id)?.abort();
    this.#requests.delete(id);
  };

  readonly listen = async (): Promise<void> => {
    this.leave();
    this.#stream = new AbortController();
    const { signal } = this.#stream;
    const current = () => !signal.aborted;
    try {
      await this.#server.listen?.((state) => current() && this.#answer(0, state), signal);
    } catch {
      // However a stream ends, there is none any more.
    }
    if (current()) {
      this.#tell(BROKE);
    }
  };

  readonly leave = (): void => {
    this.#stream?.abort();
  };

  readonly open = (): boolean => {
    const { channel } = this.names;
    if (!this.#channel && channel) {
      try {
        this.#channel = this.platform.channel(channel);
      } catch {
        return false;
      }
      this.#channel.onmessage = this.#channel.onmessageerror = ({ data }: MessageEvent) =>
        this.#hear(data);
    }
    return !!this.#channel && !!this.platform.locks;
  };

  /** None of ours is empty, so what is no byte array comes as an empty one. */
  #hear(data: unknown): void {
    if (this.machine) {
      fill(this.machine, data instanceof Uint8Array ? data : []);
      this.machine.hear();
    }
  }

  readonly post = (at: number, length: number): void => {
    this.#channel?.postMessage(new Uint8Array(this.#memory, at, length).slice());
  };

  readonly shut = (): void => {
    if (this.#channel) {
      this.#channel.onmessage = this.#channel.onmessageerror = null;
      this.#channel.close();
      this.#channel = undefined;
    }
  };

  /** Never waited for: it is free, or it is busy, or it is taken by force. */
  readonly take = async (lock: number, steal: number): Promise<void> => {
    this.drop(lock);
    const request: { free?: () => void } = {};
    this.#locks[lock] = request;
    const answer = (grant: number) => {
      if (this.#locks[lock] === request) {
        this.#tell(LOCK, lock, grant);
      }
    };
    const name = this.names.locks[lock];
    const { locks } = this.platform;
    if (!name || !locks) {
      // A context that is alone always gets it, but not before the machine has said all it wants.
      await null;
      answer(GRANTED);
      return;
    }
    try {
      await locks.request(name, steal ? { steal: true } : { ifAvailable: true }, (given) => {
        if (!given || this.#locks[lock] !== request) {
          answer(BUSY);
          return;
        }
        const held = new Promise<void>((resolve) => {
          request.free = resolve;
        });
        answer(GRANTED);
        return held;
      });
    } catch {
      // The loss of a lock that was ours, or a platform that gives none.
      answer(request.free ? LOST : GRANTED);
    }
  };

  readonly drop = (lock: number): void => {
    this.#locks[lock]?.free?.();
    this.#locks[lock] = {};
  };

  readonly wait = (timer: number, ms: number): void => {
    this.clear(timer);
    this.#timers[timer] = setTimeout(() => this.#tell(WAKE, timer), ms);
  };

  readonly clear = (timer: number): void => {
    clearTimeout(this.#timers[timer]);
  };

  readonly show = (at: number, length: number): void => {
    this.shown = this.#numbers(at, length);
  };

  /** A view of it is of no use once it has grown. */
  get #memory(): ArrayBuffer {
    return (this.#machine as Machine).memory.buffer;
  }

  #numbers(at: number, length: number): number[] {
    return [...new Float64Array(this.#memory, at, length)];
  }
}
