/**
 * Stillhere: logs out absent people, never present ones.
 *
 * All durations are whole milliseconds and end in `Ms`.
 *
 * @module stillhere
 */

/** Where a session stands. `checking`: peers or the authority are being asked. */
export type Phase = 'active' | 'warning' | 'held' | 'checking' | 'ended';

/** Why a session is over. */
export type EndedBecause =
  | 'idle'
  | 'schedule'
  | 'revoked'
  | 'signed-out'
  | 'authority-unreachable'
  | 'token-missing';

/** How much activity of each kind was counted. */
export interface Counts {
  readonly keystrokes: number;
  readonly clicks: number;
  readonly heartbeats: number;
  readonly notes: number;
  /** Input anywhere on the machine, of which a desktop app is told by the operating system. */
  readonly system: number;
}

/** The rules that the administrator set. */
export interface Policy {
  /** Grows with each change. */
  readonly version: number;
  /** Time without activity after which the session ends; 300,000 to 28,800,000 ms. */
  readonly idleTimeoutMs: number;
  /** Time before the deadline at which people are warned; at least 20,000 ms. */
  readonly warnBeforeMs: number;
  /** Least time between two keep-alives of a token; at least 1,000 ms. */
  readonly keepAliveMs: number;
  /** Moment at which the session ends however active its user is, in ms since the Unix epoch. */
  readonly logoutAt?: number;
  /** `observe`: ends are reported and nothing ends. In `status` also where all pages ask for that. */
  readonly mode: 'enforce' | 'observe';
  /** What counts as activity. */
  readonly counts: {
    readonly keystrokes: boolean;
    readonly clicks: boolean;
    readonly heartbeats: boolean;
    /**
     * Input in other programs, where a desktop app is part of the group; `false` where it is left out.
     * To work elsewhere is not to work in this app.
     */
    readonly system?: boolean;
  };
  /** Longest that a hold can live, from when it was taken, however often it is renewed. */
  readonly maxHoldMs: number;
  /**
   * What a locked screen does, where a desktop app is part of the group. `warn`: people are warned at
   * once, and the session ends `warnBeforeMs` after the lock. `end`: it ends at once. Both only after
   * the authority was asked; newer activity takes it back, and a hold keeps the session. `nothing` where
   * it is left out.
   */
  readonly onLock?: 'nothing' | 'warn' | 'end';
}

/** An open interaction that keeps the session. */
export interface HoldStatus {
  readonly id: string;
  readonly reason: string;
  readonly expiresInMs: number;
}

/** A frozen snapshot of what a context knows. */
export interface Status {
  readonly phase: Phase;
  readonly endedBecause?: EndedBecause;
  /** Time since the newest activity of any context. */
  readonly idleMs: number;
  /** Time until the deadline; `null` while held. */
  readonly remainingMs: number | null;
  /** Of the whole group. */
  readonly counts: Counts;
  /** Of this context. */
  readonly refused: {
    readonly untrusted: number;
    readonly origin: number;
    readonly rate: number;
    readonly malformed: number;
  };
  /** How many contexts the group has. */
  readonly contexts: number;
  readonly holds: readonly HoldStatus[];
  /** The rules in force: the authority's, made stricter by what pages ask for. */
  readonly policy: Policy;
  /** Of this context. `lastStatus` is the HTTP status of the newest answer, or its state. */
  readonly keepAlive: {
    readonly sent: number;
    readonly acknowledged: number;
    readonly failed: number;
    readonly lastStatus: number | string | null;
  };
  /** The newest end that a dry run did not carry out; `null` while there was none. */
  readonly observed: Observed | null;
}

/** An end that would have been (`observeOnly`, or `policy.mode` `observe`). */
export interface Observed {
  /** How many since the first of these pages was opened; while nobody comes, one each idle timeout. */
  readonly ends: number;
  /** `idle`, `schedule`, or `authority-unreachable` where nobody could be asked. */
  readonly because: EndedBecause;
  /** How long nobody had been active by then: the first of an absence is below two idle timeouts. */
  readonly idleMs: number;
  /** How long ago it would have come. */
  readonly agoMs: number;
}

/** One context of the group, as the inspector shows it. */
export interface ContextStatus {
  /** A random name, 16 hexadecimal digits. */
  readonly id: string;
  /** It is the context that was asked. */
  readonly own: boolean;
  readonly visible: boolean;
  /** It reads the authority's event stream for those with its token. */
  readonly streaming: boolean;
  readonly counts: Counts;
  /** Keep-alives that it sent. */
  readonly sent: number;
  /** Time since it sent the newest, or `null`. */
  readonly sentAgoMs: number | null;
  /** Time since its own newest activity, or `null`. */
  readonly activeAgoMs: number | null;
}

/** What a keep-alive tells. */
export interface Report {
  /** How long ago the newest activity was. */
  readonly ageMs: number;
  readonly counts: Counts;
  readonly contexts: number;
  /** `ttlMs` 0 says that the hold was released. */
  readonly holds: readonly {
    readonly id: string;
    readonly reason: string;
    readonly ttlMs: number;
  }[];
  /** The page is going: the request must outlive it (`fetch` with `keepalive`). */
  readonly flush: boolean;
}

/** What an authority says. */
export type Answer =
  | {
      readonly state: 'alive';
      /** Time until it would end; leave it out while held. */
      readonly remainingMs?: number;
      /**
       * Time since the newest activity that it knows of. Where that is older than what `send` told, it is
       * told again after the keep-alive interval.
       */
      readonly idleMs?: number;
      /** It knows of an open interaction. */
      readonly held?: boolean;
      readonly policy?: Policy;
      /** HTTP status, for `status.keepAlive.lastStatus`. */
      readonly status?: number;
    }
  | { readonly state: 'gone'; readonly because: EndedBecause; readonly status?: number }
  | { readonly state: 'unreachable'; readonly retryAfterMs?: number; readonly status?: number };

/** What the server says of its own accord. */
export type Pushed = Answer & {
  /**
   * Milliseconds from the request for the stream to the earliest moment at which this was true, by the
   * server's monotonic clock. With it `idleMs` and `remainingMs` count where they are at most 2 s old: a
   * page that was stopped reads them late. Without it only the end and the rules count.
   */
  readonly atMs?: number;
};

/** The server that holds the truth, as the agent talks to it. Each call ends within 5 s. */
export interface KeepAlive {
  /** Tells of activity; extends the session from that activity on. */
  send(report: Report, signal: AbortSignal): Promise<Answer>;
  /** Asks where the session stands; extends nothing. */
  ask(signal: AbortSignal): Promise<Answer>;
  /** Ends the session. */
  end?(because: EndedBecause, signal: AbortSignal): Promise<Answer>;
  /** Calls `onState` for each change until the stream ends; then the promise settles. */
  listen?(onState: (state: Pushed) => void, signal: AbortSignal): Promise<void>;
}

/** A token, or a function that gives the one in force; `null` means that there is none. */
export type TokenSource = string | (() => string | null | Promise<string | null>);

export interface AgentOptions {
  /** The access token whose idle time is measured. It is never stored, logged or broadcast. */
  token: TokenSource;
  /** An authority's base URL, or the server that you have. */
  authority: string | KeepAlive;
  /**
   * A name for contexts that count together, such as the session's; those with the same token by
   * default. Each may have a token of its own then: activity counts for all of them, and each token is
   * kept alive by the pages that hold it.
   */
  group?: string;
  /**
   * Exact origins of pages that embed this one, such as `https://crm.example`: their heartbeats count
   * (`stillhere/host`), and they are told the phase. None by default.
   */
  hosts?: string[];
  /** Input in frames of this page's own origin counts too. */
  frames?: 'same-origin';
  /** What counts as activity; the policy may allow less. */
  count?: {
    /** Trusted key presses; true by default. */
    keystrokes?: boolean;
    /** Trusted pointer presses; true by default. */
    clicks?: boolean;
    /** Trusted scrolling, counted under `notes`; false by default. */
    scroll?: boolean;
    /** Trusted pointer moves, counted under `notes`; false by default. */
    pointerMove?: boolean;
    /** Heartbeats of the `hosts`; true by default. */
    heartbeats?: boolean;
    /** A click into a frame of another origin, counted as one click; false by default. */
    frameFocus?: boolean;
  };
  /** Idle timeout that the page wishes; the policy's stricter wins. */
  idleTimeoutMs?: number;
  /** Warning time that the page wishes; the longer wins, up to half of the idle timeout. */
  warnBeforeMs?: number;
  /** Keep-alive interval that the page wishes; the shorter wins. */
  keepAliveMs?: number;
  /**
   * A dry run: everything as in earnest, phases and warnings too, but at the deadline nothing ends, and
   * `observed` says what would have; false by default. The stricter wins: pages that count together
   * observe only if all of them ask for it, or the policy's `mode` says so, and one page without it makes
   * them enforce for good. `status.policy.mode` is what is in force. Signing out, a revocation and a token
   * that the authority calls gone are ends all the same.
   */
  observeOnly?: boolean;
}

/** What a fault means. */
export type FaultCode =
  /** No Web Locks or no BroadcastChannel: this context works alone. */
  | 'alone'
  /** A message on the channel was not of our shape. */
  | 'bad-message'
  /** A message on the channel is of another version of this library. */
  | 'unknown-version'
  /** The authority does not answer. */
  | 'authority-unreachable'
  /** The authority's answer makes no sense. */
  | 'bad-answer';

/** The events of an agent and their `detail`. */
export interface AgentEvents {
  phase: CustomEvent<Status>;
  activity: CustomEvent<Status>;
  keepalive: CustomEvent<Status>;
  policy: CustomEvent<Status>;
  refused: CustomEvent<{ reason: keyof Status['refused'] }>;
  fault: CustomEvent<{ code: FaultCode; message: string }>;
  ended: CustomEvent<{ because: EndedBecause }>;
  /** The session would be over: in every page that lived through it, once; see `status.observed`. */
  observed: CustomEvent<Observed>;
}

/** A hold that this context took. */
export interface Hold {
  /** Closes the interaction; the idle time starts anew. */
  release(): void;
  /**
   * Gives it its time to live again, up to the policy's `maxHoldMs` from when it was taken. Needed
   * only for a hold with a `ttlMs`: any other is renewed for as long as this page lives.
   */
  renew(): void;
}

/** An event target whose events are known by name. */
export interface Emitter<Events> extends EventTarget {
  addEventListener<K extends keyof Events>(
    type: K,
    listener: (event: Events[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** One context's agent. */
export interface Agent extends Emitter<AgentEvents> {
  readonly status: Status;
  /** The contexts of the group, this one among them. */
  contexts(): readonly ContextStatus[];
  /** Activity that the app itself vouches for. */
  note(source?: string): void;
  /**
   * Says that an interaction is open: while it lives, nobody is logged out. It lives until it is
   * released, and three minutes longer than this page at most; with `ttlMs` (1000 or more), for so
   * many milliseconds unless renewed. The policy's `maxHoldMs` bounds either.
   */
  hold(reason: string, options?: { ttlMs?: number }): Hold;
  /** The user's answer to the warning. */
  stay(): void;
  /** Signs out everywhere, at once: of every token of the group. */
  end(because?: EndedBecause): void;
  /** The token was rotated: facts move along, nobody is logged out by it. After the end it throws. */
  setToken(token: TokenSource): Promise<void>;
  /**
   * For a frame in another site's page: asks the browser for the channel and the locks of the app's
   * own tabs, with `document.requestStorageAccess`, and joins them there. Call it in a click, or the
   * browser refuses. Whether it joined: `false` where the browser or the user refuses, or where the
   * browser gives access to cookies alone, and then nothing has changed.
   */
  joinTopLevel(): Promise<boolean>;
  /** Leaves; everything is unhooked. */
  close(): void;
}

/** What went wrong with a call. */
export type ErrorCode =
  /** An option or argument is not of the documented type or out of its range. */
  | 'bad-option'
  /** There is no such option. */
  | 'unknown-option'
  /** There is no token. */
  | 'token-missing'
  /** The WebAssembly module did not load. */
  | 'wasm-unavailable'
  /** The group has 64 open holds, and a report can name no more. */
  | 'too-many-holds'
  /** The session is over: this agent takes no other token. */
  | 'ended'
  /** The agent was closed. */
  | 'closed';

/** The one error that calls throw. Nothing was changed or hooked. */
export class StillhereError extends Error {
  readonly code: ErrorCode;
  /** The option that is wrong. */
  readonly option?: string;
  constructor(code: ErrorCode, message: string, option?: string);
}

/**
 * Starts an agent in this page. Resolves once it listens; `status.phase` is `checking` until it
 * knows where the session stands.
 *
 * @throws {StillhereError} for a bad option, before anything is hooked.
 */
export function createAgent(options: AgentOptions): Promise<Agent>;
