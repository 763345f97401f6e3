/**
 * The page as the machine sees it (src/browser/page.rs): numbers go out and come in, nothing ever
 * throws, and no promise is rejected.
 */
import type { Answer, EndedBecause, FaultCode, KeepAlive, Report, Status } from 'stillhere';
import { COUNTS, holds, named, REASONS, REFUSALS } from './status.ts';

/** What `Machine.tell` is told; from `END` on the reasons follow in their order. */
export const ACTIVITY = 0;
export const STAY = 1;
export const CLOSE = 2;
export const HOLD = 3;
export const RELEASE = 4;
export const REFUSED = 5;
export const END = 6;

/**
 * Everything that is listened to: inputs, the life of the document, that of the window. The last
 * two are when somebody may be back at a machine that slept: a look at the clocks.
 */
const LISTENED = [
  ...['keydown', 'pointerdown', 'scroll', 'pointermove'],
  ...['visibilitychange', 'freeze', 'resume'],
  ...['pagehide', 'pageshow', 'focus', 'online'],
];

const STATES = ['alive', 'gone', 'unreachable'];
const EVENTS = ['phase', 'activity', 'keepalive', 'policy', 'refused', 'fault', 'ended'];
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

/** -1 for what is not there, NaN for what is no number. Ranges are for the machine to judge. */
function number(value: unknown): number {
  return value == null ? -1 : typeof value === 'number' && value >= 0 ? value : Number.NaN;
}

const bit = (value: unknown) => (value ? 1 : 0);

/** An answer in the order of src/browser/http.rs. */
function flat(answer: Answer): Float64Array {
  try {
    // Whoever wrote the `KeepAlive` may have written anything.
    const { state, because, policy, ...given } = answer as unknown as Record<string, never>;
    const rules: Record<string, unknown> = policy ?? {};
    const counts = (rules.counts ?? {}) as Record<string, unknown>;
    return Float64Array.of(
      STATES.indexOf(state as never),
      REASONS.indexOf(because as never),
      number(given.retryAfterMs),
      number(given.idleMs),
      number(given.remainingMs),
      bit(given.held),
      bit(policy != null),
      number(rules.version),
      number(rules.idleTimeoutMs),
      number(rules.warnBeforeMs),
      number(rules.keepAliveMs),
      number(rules.logoutAt),
      number(rules.maxHoldMs),
      bit(rules.mode === 'observe'),
      ...['keystrokes', 'clicks', 'heartbeats'].map((kind) => bit(counts[kind] ?? true)),
    );
  } catch {
    return Float64Array.of(Number.NaN);
  }
}

function toReport(detail: number[], flush: boolean): Report {
  return {
    ageMs: detail[0] as number,
    counts: named(COUNTS, detail.slice(1)),
    contexts: detail[5] as number,
    holds: holds(detail.slice(6), 'ttlMs'),
    flush,
  };
}

/** How keep-alives went, for `status`. */
export type Results = {
  -readonly [K in Exclude<keyof Status['keepAlive'], 'sent'>]: Status['keepAlive'][K];
};

export class Page {
  readonly #server: KeepAlive;
  readonly #dispatch: (name: string, detail?: unknown) => void;
  readonly #requests = new Map<number, AbortController>();
  #stream: AbortController | undefined;
  readonly #locks: (() => void)[] = [];
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #channel: BroadcastChannel | undefined;
  readonly #unhooked = new AbortController();
  /** What the machine was last seen to know. */
  shown: number[] = [];
  readonly results: Results = { acknowledged: 0, failed: 0, lastStatus: null };

  constructor(server: KeepAlive, dispatch: (name: string, detail?: unknown) => void) {
    this.#server = server;
    this.#dispatch = dispatch;
  }

  emit(event: number, code: number): void {
    const details = [
      { reason: REFUSALS[code] },
      { code: CODES[code], message: FAULTS[code] },
      { because: REASONS[code] },
    ];
    this.#dispatch(EVENTS[event] as string, details[event - 4]);
  }

  /** `what`: a keep-alive, one of a page that goes, a question; from 3 on, an end and its reason. */
  async request(what: number, detail: Float64Array, id: number): Promise<Float64Array> {
    const { results } = this;
    const request = new AbortController();
    if (what !== 1 && what < 3) {
      // Nobody aborts what must outlive the page.
      this.#requests.set(id, request);
    }
    let answer: Answer;
    try {
      answer = await this.#call(what, [...detail], request.signal);
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
    return flat(answer);
  }

  async #call(what: number, detail: number[], signal: AbortSignal): Promise<Answer> {
    if (what < 2) {
      return this.#server.send(toReport(detail, what === 1), signal);
    }
    if (what === 2) {
      return this.#server.ask(signal);
    }
    // Nobody waits for the answer, and a server need not have this one.
    await this.#server.end?.(REASONS[what - 3] as EndedBecause, signal);
    return { state: 'unreachable' };
  }

  abort(id: number): void {
    this.#requests.get(id)?.abort();
    this.#requests.delete(id);
  }

  async listen(onState: (state: Float64Array) => void): Promise<void> {
    this.#stream = new AbortController();
    const { signal } = this.#stream;
    try {
      await this.#server.listen?.((state) => signal.aborted || onState(flat(state)), signal);
    } catch {
      // However a stream ends, there is none any more.
    }
  }

  leave(): void {
    this.#stream?.abort();
  }

  open(name: string | undefined, listener: (message: Uint8Array) => void): boolean {
    if (!name) {
      return false;
    }
    try {
      this.#channel = new BroadcastChannel(name);
    } catch {
      return false;
    }
    const hear = ({ data }: MessageEvent) =>
      listener(data instanceof Uint8Array ? data : new Uint8Array());
    this.#channel.onmessage = hear;
    this.#channel.onmessageerror = hear;
    return true;
  }

  post(message: Uint8Array): void {
    this.#channel?.postMessage(message);
  }

  shut(): void {
    if (this.#channel) {
      this.#channel.onmessage = null;
      this.#channel.onmessageerror = null;
      this.#channel.close();
      this.#channel = undefined;
    }
  }

  wait(timer: number, ms: number, listener: () => void): void {
    this.clear(timer);
    this.#timers[timer] = setTimeout(listener, ms);
  }

  clear(timer: number): void {
    clearTimeout(this.#timers[timer]);
  }

  isVisible(): boolean {
    return !document.hidden;
  }

  hook(event: number, listener: EventListener): void {
    const target = event > 3 && event < 7 ? document : window;
    const { signal } = this.#unhooked;
    target.addEventListener(LISTENED[event] as string, listener, { capture: true, signal });
  }

  unhook(): void {
    this.#unhooked.abort();
  }

  streamOf(name: string | undefined): string | undefined {
    return name && `${name}:stream`;
  }

  show(flat: Float64Array): void {
    this.shown = [...flat];
  }

  hold(lock: number): Promise<void> {
    return new Promise((resolve) => {
      this.#locks[lock] = resolve;
    });
  }

  letGo(lock: number): void {
    this.#locks[lock]?.();
  }
}
