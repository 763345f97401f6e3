/**
 * Counts what a page does, from before any script of it runs: the same for every peer, since only the
 * platform's own functions are watched.
 */

/** Runs in the page. */
function watch() {
  const counts = {
    posts: 0,
    deliveries: 0,
    writes: 0,
    storageEvents: 0,
    timers: 0,
    locks: 0,
    requests: 0,
  };
  /**
   * @param {any} owner
   * @param {string} name
   * @param {keyof typeof counts} count
   */
  const onCall = (owner, name, count) => {
    const call = owner?.[name];
    if (!call) return;
    owner[name] = function (/** @type {unknown[]} */ ...args) {
      counts[count] += 1;
      return Reflect.apply(call, this, args);
    };
  };
  /** @param {string} name of what takes a callback first */
  const onFire = (name) => {
    const scope = /** @type {any} */ (globalThis);
    const call = scope[name];
    scope[name] = (/** @type {unknown} */ callback, /** @type {unknown[]} */ ...rest) => {
      if (typeof callback !== 'function') return call(callback, ...rest);
      const fired = (/** @type {unknown[]} */ ...args) => {
        counts.timers += 1;
        return Reflect.apply(callback, scope, args);
      };
      return call(fired, ...rest);
    };
  };
  for (const name of [
    'setTimeout',
    'setInterval',
    'requestAnimationFrame',
    'requestIdleCallback',
  ]) {
    onFire(name);
  }
  onCall(BroadcastChannel.prototype, 'postMessage', 'posts');
  for (const name of ['setItem', 'removeItem', 'clear']) onCall(Storage.prototype, name, 'writes');
  for (const name of ['put', 'add', 'delete', 'clear']) {
    onCall(IDBObjectStore.prototype, name, 'writes');
  }
  onCall(globalThis.LockManager?.prototype, 'request', 'locks');
  onCall(globalThis, 'fetch', 'requests');
  onCall(XMLHttpRequest.prototype, 'send', 'requests');
  onCall(Navigator.prototype, 'sendBeacon', 'requests');
  addEventListener('storage', () => {
    counts.storageEvents += 1;
  });
  const Channel = BroadcastChannel;
  globalThis.BroadcastChannel = new Proxy(Channel, {
    construct(target, args, type) {
      const channel = Reflect.construct(target, args, type);
      channel.addEventListener('message', () => {
        counts.deliveries += 1;
      });
      return channel;
    },
  });
  /** @type {any} */ (globalThis).counts = counts;
}

/** The script that a document runs before all others. */
export const COUNTING = `(${watch})();`;

/** @typedef {'posts' | 'deliveries' | 'writes' | 'storageEvents' | 'timers' | 'locks' | 'requests'} What */
/** @typedef {Record<What, number>} Counts */

/** @type {Record<What, string>} as tables say it */
export const WHAT = {
  posts: 'messages posted',
  deliveries: 'messages delivered',
  writes: 'storage writes',
  storageEvents: 'storage events',
  timers: 'timers fired',
  locks: 'lock requests',
  requests: 'requests',
};
export const KINDS = /** @type {What[]} */ (Object.keys(WHAT));
/** What a page that does nothing is woken for. */
export const WAKING = /** @type {What[]} */ (['deliveries', 'storageEvents', 'timers']);

/**
 * What all contexts did so far, frames included.
 * @param {import('./chromium.mjs').Tab[]} tabs
 * @returns {Promise<Counts>}
 */
export async function countsOf(tabs) {
  const each = await Promise.all(tabs.map((tab) => tab.evaluate('counts')));
  return ofEach((kind) => each.reduce((sum, one) => sum + one[kind], 0));
}

/** @param {(kind: What) => number} take */
const ofEach = (take) =>
  /** @type {Counts} */ (Object.fromEntries(KINDS.map((kind) => [kind, take(kind)])));

/** @param {Counts} later @param {Counts} earlier @param {number} per what the difference is divided by */
export const between = (later, earlier, per) =>
  ofEach((kind) => (later[kind] - earlier[kind]) / per);

/**
 * What each key cost, less what happens in as long a time without keys. Whole numbers until the last
 * division: what happens as often without keys is nothing then, not almost nothing.
 * @param {Counts} begin @param {Counts} calm after a time without keys
 * @param {Counts} typed after as long a time with keys @param {number} keys
 */
export const ofAKey = (begin, calm, typed, keys) =>
  between(between(typed, calm, 1), between(calm, begin, 1), keys);
