/**
 * The network calls of this page, by origin and path: how many, how often, what the agent's own are.
 * None of them counts as activity; this shows that, and which of them would where servers count calls.
 */
import { mask } from './mask.ts';
import type { Carried, Seen } from './watcher.ts';

/** Addresses that are told apart; those beyond are counted together. */
const MOST = 60;
/** Starts that are kept of each: enough to see a rhythm. */
const KEPT = 9;
/** Pauses that must be alike, and by how much they may differ. */
const FEWEST_PAUSES = 4;
const ALIKE = 0.25;
const MOST_TOKENS = 4;
/** By which Resource Timing says that a script asked for it. */
const INITIATORS = ['fetch', 'xmlhttprequest', 'beacon'];

/** What a call of the agent to its authority is for. */
export type Role = 'keepalive' | 'session' | 'events';

export interface Call {
  readonly address: string;
  /** It goes to the authority, and is one that the agent makes. */
  role: Role | undefined;
  /** Finished calls, since the page began. */
  done: number;
  /** Calls that were begun while the watcher was on, and what they carried. */
  watched: number;
  readonly carried: Record<Carried, number>;
  /** When the newest of either began, in ms on the page's clock. */
  doneStarts: number[];
  watchedStarts: number[];
}

/** The time between two calls if they come at an even pace, as those of a timer do. */
export function rhythm(starts: readonly number[]): number | undefined {
  const pauses = starts.slice(1).map((start, at) => start - (starts[at] as number));
  if (pauses.length < FEWEST_PAUSES) {
    return undefined;
  }
  const sorted = [...pauses].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] as number;
  const off = pauses.filter((pause) => Math.abs(pause - middle) > middle * ALIKE);
  // A page that was busy once misses one beat, and the next is as much too early.
  return middle >= 50 && off.length <= pauses.length / 4 ? middle : undefined;
}

const ROLES: Role[] = ['keepalive', 'session', 'events'];

export class Network {
  readonly calls = new Map<string, Call>();
  /** Of the policy in force. */
  idleTimeoutMs = 0;
  /** Calls to further addresses. */
  others = 0;
  /** Told of each poll once, when it is recognised. */
  onPoll: ((call: Call, everyMs: number) => void) | undefined;
  /** Of the authority's calls, `https://idle.example/v1/`. */
  #base: string | undefined;
  readonly #polls = new Set<Call>();
  #observer: PerformanceObserver | undefined;
  /** Until when the timeline was read: one that is observed again begins from its start. */
  #readUntil = Number.NEGATIVE_INFINITY;
  /** What could not be done, in words. */
  onFault: ((text: string) => void) | undefined;
  #wanted = false;
  #unwatch: (() => void) | undefined;
  /** In memory, and only while it is watched. */
  #tokens: string[] = [];

  /** Sees the calls of the page so far, as far as it keeps them, and those to come. */
  start(): void {
    if (typeof PerformanceObserver === 'undefined') {
      return;
    }
    this.#observer ??= new PerformanceObserver((list) => this.#read(list.getEntries()));
    this.#observer.observe({ type: 'resource', buffered: true });
  }

  stop(): void {
    this.#read(this.#observer?.takeRecords() ?? []);
    this.#observer?.disconnect();
    this.#readUntil = performance.now();
    this.unwatch();
  }

  set authority(address: unknown) {
    if (typeof address === 'string' && URL.canParse(address, location.href)) {
      this.#know(new URL(address, location.href).href.replace(/\/*$/, '/v1/'));
    }
  }

  /** Which calls are the agent's own. @param base of the authority's calls */
  #know(base: string): void {
    this.#base = base;
    for (const call of this.calls.values()) {
      call.role = ROLES.find((role) => call.address === mask(base + role));
    }
  }

  get watching(): boolean {
    return this.#wanted;
  }

  /**
   * Wraps `fetch` and `XMLHttpRequest`, by code that only those load who ask for it.
   * @param token compared, never kept beyond `unwatch`
   */
  async watch(token: unknown): Promise<void> {
    this.#wanted = true;
    if (typeof token === 'function') {
      // One that fails fails the agent too, which says so.
      new Promise((done) => done(token())).then(
        (value) => this.#learn(value),
        () => undefined,
      );
    } else {
      this.#learn(token);
    }
    try {
      const { watch } = await import('./watcher.ts');
      if (this.#wanted) {
        this.#unwatch ??= watch((seen) => this.#see(seen));
      }
    } catch {
      this.onFault?.('The watcher did not load.');
    }
  }

  #learn(token: unknown): void {
    if (this.#wanted && typeof token === 'string' && token) {
      // Those that were rotated are still in flight for a while.
      const others = this.#tokens.filter((each) => each !== token);
      this.#tokens = [token, ...others].slice(0, MOST_TOKENS);
    }
  }

  unwatch(): void {
    this.#wanted = false;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#tokens = [];
  }

  #read(entries: PerformanceEntryList): void {
    for (const entry of entries as PerformanceResourceTiming[]) {
      const isNew = entry.responseEnd > this.#readUntil;
      if (isNew && INITIATORS.includes(entry.initiatorType)) {
        const call = this.#callTo(entry.name);
        if (call) {
          call.done += 1;
          this.#began(call, 'doneStarts', entry.startTime);
        }
      }
    }
  }

  #began(call: Call, which: 'doneStarts' | 'watchedStarts', start: number): void {
    call[which] = [...call[which], start].sort((a, b) => a - b).slice(-KEPT);
    const every = this.pollOf(call);
    if (every !== undefined && !this.#polls.has(call)) {
      this.#polls.add(call);
      this.onPoll?.(call, every);
    }
  }

  #see({ address, headers }: Seen): void {
    const call = this.#callTo(address);
    if (!call) {
      return;
    }
    const authorization = headers.find(([name]) => name === 'authorization')?.[1];
    if (call.role === 'keepalive') {
      // The agent's own: whatever the app's token function gives, this is the token.
      this.#learn(authorization?.replace(/^bearer /i, ''));
    }
    const texts = [address, ...headers.map(([, value]) => value)];
    const has = this.#tokens.some((token) =>
      texts.some((text) => text.includes(token) || text.includes(encodeURIComponent(token))),
    );
    call.watched += 1;
    this.#began(call, 'watchedStarts', performance.now());
    call.carried[has ? 'token' : authorization ? 'authorization' : 'neither'] += 1;
  }

  #callTo(address: string): Call | undefined {
    const masked = mask(address);
    if (masked === undefined) {
      return undefined;
    }
    const known = this.calls.get(masked);
    if (known) {
      return known;
    }
    if (this.calls.size >= MOST) {
      this.others += 1;
      return undefined;
    }
    const call: Call = {
      address: masked,
      role: undefined,
      done: 0,
      watched: 0,
      carried: { token: 0, authorization: 0, neither: 0 },
      doneStarts: [],
      watchedStarts: [],
    };
    this.calls.set(masked, call);
    // What an app does not say can be seen: nobody else makes such a call.
    const base = this.#base ?? masked.match(/^.*\/v1\/(?=keepalive$)/)?.[0];
    if (base) {
      this.#know(base);
    }
    return call;
  }

  /**
   * The pace of a call that a timer makes, if that would keep a session alive; nothing for others, and
   * for the agent's own. A call whose answer the page does not read never ends for the browser, and only
   * the watcher sees it.
   */
  pollOf({ role, doneStarts, watchedStarts }: Call): number | undefined {
    const every = rhythm(doneStarts) ?? rhythm(watchedStarts) ?? this.idleTimeoutMs;
    // The agent asks twice in an idle timeout at most, and hears again when its stream broke.
    const longest = role ? this.idleTimeoutMs / 8 : this.idleTimeoutMs;
    return role !== 'keepalive' && every < longest ? every : undefined;
  }

  /** Polls first, then what is called most. */
  inOrder(): Call[] {
    const weight = (call: Call) =>
      (this.pollOf(call) === undefined ? 0 : 1e9) + Math.max(call.done, call.watched);
    return [...this.calls.values()].sort((a, b) => weight(b) - weight(a));
  }
}
