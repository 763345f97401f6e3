/** What the pages of an app must agree on to use each refresh token once. */

/** How long a request is waited for, and so the lock. */
const BOUND_MS = 5000;
/** By then every page sees what another has stored. */
const SEEN_MS = 1000;

/**
 * Runs one at a time in all pages. A page that was stopped in the middle keeps its lock for as long as it
 * is stopped, so after the time of one request it is taken by force.
 */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator;
  if (!locks) {
    return work();
  }
  let begun = false;
  const run = () => {
    begun = true;
    return work();
  };
  try {
    return (await locks.request(name, { signal: AbortSignal.timeout(BOUND_MS) }, run)) as T;
  } catch (fault) {
    if (begun) {
      throw fault;
    }
    return (await locks.request(name, { steal: true }, run)) as T;
  }
}

/** The token by a name from which nobody can tell it. Insecure pages can make none. */
async function nameOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return btoa(String.fromCharCode(...new Uint8Array(digest))).slice(0, 22);
}

/** What other pages can see, where the browser has something for that. */
async function shared<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}

/** Remembers which refresh token was sent last: until its answer has come it may have been used up. */
export function spentTokens(key: string) {
  let here: string | undefined;
  const lock = async (token: string, held: (lock: Lock | null) => unknown) =>
    navigator.locks.request(`${key}:${await nameOf(token)}`, { ifAvailable: true }, held);
  return {
    /** Whether it was sent and nobody heard what became of it. */
    has: async (token: string) =>
      token === here || shared(async () => localStorage.getItem(key) === (await nameOf(token))),
    /** It is sent now; without one, the last was not taken. */
    async mark(token?: string): Promise<void> {
      here = token;
      await shared(async () =>
        token ? localStorage.setItem(key, await nameOf(token)) : localStorage.removeItem(key),
      );
    },
    /**
     * There is a newer one now. What a page has stored is seen by the next a moment later, and no browser
     * promises that it comes before a lock; so a lock says it, for that moment.
     */
    replace: (token: string) =>
      new Promise<unknown>((known) => {
        const held = () => {
          known(token);
          return new Promise((seen) => setTimeout(seen, SEEN_MS));
        };
        // Where there are no locks, nobody could be told.
        lock(token, held).catch(known);
      }),
    /** Whether another page has just got a newer one, which is on its way to this page. */
    replaced: (token: string) => shared(() => lock(token, (lock) => !lock)),
  };
}
