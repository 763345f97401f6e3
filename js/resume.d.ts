/**
 * `stillhere/resume`: after an end and a new sign-in each tab shows what it showed, with the text that
 * was not sent yet (WCAG 2.2, success criterion 2.2.5). docs/resume.md says what is kept and what is not.
 */
import type { Agent, Emitter } from 'stillhere';

/** Who signed in again in another tab, seen from one that stands ended. */
export type Who = 'same-user' | 'another-user';

export interface KeepOptions {
  /**
   * Who is signed in: an id that stays the same and that nobody else has, such as the subject of the
   * token. It is never stored; what is kept can only be opened with it.
   */
  user: string;
  /**
   * What only this user gets from your server after each sign-in, the same each time, of at least 16
   * characters: an HMAC of the user's id, for one. With it, what is kept is worth nothing to the next
   * user of this browser; without it, somebody who knows the id and the developer tools can open it.
   */
  secret?: string;
  /**
   * How long it is kept after the last change or the end, whichever is later: 60,000 (a minute) to
   * 86,400,000 ms (a day); an hour by default.
   */
  forMs?: number;
  /**
   * Shows an address of this origin (path, query and fragment) in place of the one that the sign-in
   * led to: the app's router. By default the page is loaded: `location.replace`.
   */
  go?: (address: string) => unknown;
  /**
   * Called in a tab that stands ended when somebody signed in again in another one. By then what was kept
   * here is deleted unless it is the same user. By default the page is loaded anew for either, so that
   * nothing of the former user stays in memory behind the screen that covers it.
   */
  onReturn?: (who: Who) => void;
}

/** What a field holds: text, whether it is checked, or the values of the options that are chosen. */
export type FieldValue = string | boolean | readonly string[];

/** What came back, frozen. */
export interface Restored {
  readonly outcome: /** There was something kept of this user. */
    | 'restored'
    /** There was nothing. */
    | 'nothing'
    /** Its time was over; it is deleted. */
    | 'expired'
    /** It was another user's; it is deleted. */
    | 'another-user'
    /** It was changed by somebody or broken; it is deleted, and there is a fault. */
    | 'damaged'
    /** The browser copied it from a tab that is open still, as it does for a duplicated tab. */
    | 'in-another-tab'
    /** The agent has ended; it waits for the next sign-in. */
    | 'session-over';
  /** The tab shows the address that it showed. */
  readonly address: boolean;
  /** How many fields have their text again. */
  readonly fields: number;
  /** Everything that was scrolled is scrolled to where it was; false if nothing was. */
  readonly scroll: boolean;
  /** What has no field on this screen, or one in which somebody typed meanwhile: the app's to offer. */
  readonly missing: readonly { readonly field: string; readonly value: FieldValue }[];
}

/** What a fault means. */
export type KeepFaultCode =
  /** No Web Crypto: the page is not served over https. Nothing is kept. */
  | 'insecure'
  /** The browser allows no session storage here. Nothing is kept. */
  | 'storage-blocked'
  /** There is no room: what was kept before stays, newer text is not kept. Tried again with each change. */
  | 'storage-full'
  /** What was kept could not be opened, though it is this user's. It is deleted. */
  | 'damaged'
  /** The file that puts work back did not load. What is kept stays so, and no other work is until then. */
  | 'not-loaded'
  /** `go` threw or rejected; the tab stays where it is. */
  | 'go-failed';

export interface KeepFault {
  readonly code: KeepFaultCode;
  readonly message: string;
}

/** The events of a `Work` and their `detail`. */
export interface WorkEvents {
  /** Something came back; fired again for what the app shows later. */
  restored: CustomEvent<Restored>;
  /** Told once for each code until that is well again. */
  fault: CustomEvent<KeepFault>;
}

/** The work of this tab, kept while its agent lives. */
export interface Work extends Emitter<WorkEvents> {
  /**
   * Settles when all is back, or 30 s after the first try with what is `missing`; never rejects. It does
   * not settle in a page that is left for the kept address: the page there has one of its own.
   */
  readonly restored: Promise<Restored>;
  /** Whether work is being kept. */
  readonly keeps: boolean;
  /** Why it is not, or what else is wrong. */
  readonly fault: KeepFault | null;
  /**
   * Drops what is kept here, and takes what the fields hold now for sent: they are kept again once they
   * are changed.
   */
  forget(): void;
  /** Leaves; everything is unhooked. What an end left behind stays for the next sign-in. */
  close(): void;
}

/**
 * Keeps the work of this tab for the next sign-in, and brings back what was kept of this user. Call it
 * in each page once somebody is signed in. Resolves once it listens and what was kept of another user is
 * deleted; nothing is shown before the agent knows that the session lives.
 *
 * @throws {StillhereError} `bad-option` or `unknown-option`, before anything is hooked.
 */
export function keepWork(agent: Agent, options: KeepOptions): Promise<Work>;

/**
 * For a page without an agent, such as the one to sign in on: calls back when somebody signed in in another
 * tab while work of this one is kept, and deletes that when its time is over or it is another user's. By
 * default the page is loaded anew. Gives a function that ends it.
 *
 * @throws {StillhereError} `bad-option`
 */
export function awaitReturn(onReturn?: (who: Who) => void): () => void;

/** Deletes what is kept in this tab once its time is over: now, or then if the page is still there. */
export function forgetExpired(): void;
