/**
 * `stillhere/early`: counts keys and clicks from when it runs until the first agent is up, so that no
 * input is lost while modules load and a token is fetched. Import it first, or put the one line of
 * docs/quick-start.md into the head of the page. The first agent takes over what it counted and stops it;
 * to have both, or to run it later, does nothing more.
 *
 * @module stillhere/early
 */

/** How often, and when the newest was by `performance.now()`, in milliseconds. */
export type Counted = [count: number, at: number];

/** What was counted, as `window.stillhereEarly` until an agent takes it over. */
export interface Early {
  /** Ends the counting. */
  stop: AbortController;
  /** Trusted key presses, repeats left out. */
  keydown: Counted;
  /** Trusted pointer presses. */
  pointerdown: Counted;
}

declare global {
  interface Window {
    /** There from when `stillhere/early` runs; `null` once an agent is up. */
    stillhereEarly?: Early | null;
  }
}
