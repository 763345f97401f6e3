/** What the pages of an app must agree on to use each refresh token once. */

/** How long a request is waited for, and so the lock. */
const BOUND_MS = 5000;
/**
 * How long the lock is kept after its work: what one page stored is seen by the next a moment later, and no
 * browser promises that it comes before the lock.
 */
const SEEN_MS = 100;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/**
 * Runs one at a time in all pages. A page that was stopped in the middle keeps its lock for as long as it
 * is stopped, so after the time of one request it is taken by force.
 */
export function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator;
  if (!locks) {
    return work();
  }
  return new Promise((resolve, reject) => {
    let begun = false;
    const run = async () => {
      begun = true;
      await work().then(resolve, reject);
      await pause(SEEN_MS);
    };
    const signal = AbortSignal.timeout(BOUND_MS);
    locks
      .request(name, { signal }, run)
      .catch((fault) => {
        if (begun || !signal.aborted) {
          throw fault;
        }
        return locks.request(name, { steal: true }, run);
      })
      .catch(reject);
  });
}

/** The token by a name from which nobody can tell it. */
async function nameOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return btoa(String.fromCharCode(...new Uint8Array(digest))).slice(0, 22);
}

/** What other pages can see, if there is such a place: insecure pages have no hash, some no storage. */
async function shared<T>(look: (storage: Storage) => Promise<T>): Promise<T | undefined> {
  try {
    return await look(localStorage);
  } catch {
    return undefined;
  }
}

/**
 * Remembers which refresh token was sent last: until its answer has come it may have been used up.
 */
export function spentTokens(key: string) {
  let here: string | undefined;
  return {
    /** Whether it was sent, as far as can be seen; a newer one may be on its way to this page. */
    has: async (token: string): Promise<boolean> =>
      token === here ||
      !!(await shared(async (storage) => storage.getItem(key) === (await nameOf(token)))),
    /** It is sent now; without one, the last was not taken. */
    async mark(token?: string): Promise<void> {
      here = token;
      await shared(async (storage) =>
        token ? storage.setItem(key, await nameOf(token)) : storage.removeItem(key),
      );
    },
  };
}

/** Waits for another value than that one, for as long as one page needs to tell the next. */
export async function changed<T>(read: () => Promise<T> | T, from: T): Promise<boolean> {
  for (let tries = 0; tries < 10; tries += 1) {
    if ((await read()) !== from) {
      return true;
    }
    await pause(SEEN_MS);
  }
  return false;
}
