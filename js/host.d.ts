/**
 * `stillhere/host`: for the page that embeds an app. It tells the agent in the frame that somebody
 * works around it, and learns how long the session lives. No WebAssembly, no build step.
 *
 * @module stillhere/host
 */
import type { Emitter, EndedBecause, Phase } from 'stillhere';

/** What a frame tells its host. */
export interface HostState {
  readonly phase: Phase;
  /** Time until the deadline in milliseconds; `null` while held. */
  readonly remainingMs: number | null;
  readonly endedBecause?: EndedBecause;
}

export interface HostOptions {
  /** The exact origin of the page in the frame, such as `https://app.example`. */
  origin: string;
  /** What the frame's administrator sees as the source of the activity, at most 64 characters. */
  source?: string;
  /**
   * Origins of the pages around this one whose heartbeats are passed on to the frame, and that are told
   * its state; none by default. They call `attachHost` on this page's frame.
   */
  relay?: string[];
}

/** The events of an attachment and their `detail`. */
export interface HostEvents {
  phase: CustomEvent<HostState>;
  ended: CustomEvent<HostState>;
}

/** A host that is attached to a frame. */
export interface Attachment extends Emitter<HostEvents> {
  /** The newest state that the frame told, its `remainingMs` counted down; `null` before the first. */
  readonly status: HostState | null;
  /**
   * Activity that the host itself vouches for. At most one a second reaches the frame; only while
   * this page is there, never by a timer of its own.
   */
  heartbeat(): void;
  /** Leaves; everything is unhooked. */
  detach(): void;
}

/**
 * Sends heartbeats to the frame while somebody presses keys or the pointer in this page: trusted input
 * only, at most one message a second, and none without input.
 *
 * Throws a `TypeError` with `code: 'bad-option'` and the name of the `option` before anything is hooked.
 */
export function attachHost(frame: HTMLIFrameElement, options: HostOptions): Attachment;
