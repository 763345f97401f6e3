/**
 * `stillhere/svelte`: an agent for a Svelte app, as a store that works in Svelte 4 and 5 alike. Nothing
 * is started on servers.
 */
import type { Session, SessionOptions, SessionSource } from './adapters/types.js';

export type { Session, SessionOptions, SessionSource };

/** A store by Svelte's contract: `$session.agent`, `$session.status`, `$session.error`. */
export interface StillhereStore {
  /** Calls back at once and with each of the agent's events. @returns how to leave */
  subscribe(run: (session: Session) => void): () => void;
  /**
   * Takes other options, an agent of the app's own, or `null` when nobody is signed in any more. Options
   * are compared by value: another `token` is a rotation; any other option with another value, and a new
   * token after the end, closes the agent and starts a new one.
   */
  use(source: SessionSource): void;
}

/**
 * Makes a store. Its agent starts with the first subscriber and is closed when the last one leaves, so
 * subscribe where the app lives: in `App.svelte`, or the layout of all pages.
 */
export function stillhere(source?: SessionSource): StillhereStore;
