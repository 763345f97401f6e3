/** When a library's own listener gets its first key, watched from before any script of the page. */

/** Runs in the page. */
function watch() {
  const TYPES = ['keydown', 'keypress', 'keyup'];
  /** What a library listens on; a framework listens on its own root too. */
  const places = () => [window, document, document.documentElement, document.body];
  const seen = { keys: 0, lost: 0, reached: 0, first: 0, counted: false };
  let taken = false;
  /** @param {Event} event */
  const take = (event) => {
    if (!event.isTrusted || event.type !== 'keydown' || taken) return;
    taken = true;
    seen.reached += 1;
    if (seen.counted) return;
    seen.counted = true;
    seen.first = performance.now();
    seen.lost = seen.keys - 1;
  };
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  // Before all others, so that it knows of keys that nobody listens to yet.
  add.call(
    window,
    'keydown',
    ({ isTrusted }) => {
      taken = false;
      if (isTrusted) seen.keys += 1;
    },
    { capture: true, passive: true },
  );
  const wrapped = new WeakMap();
  /** @param {any} listener */
  const wrap = (listener) => {
    if (!wrapped.has(listener)) {
      wrapped.set(
        listener,
        /** @this {unknown} @param {Event} event */ function (event) {
          take(event);
          return typeof listener === 'function'
            ? Reflect.apply(listener, this, [event])
            : listener.handleEvent(event);
        },
      );
    }
    return wrapped.get(listener);
  };
  const isOurs = (
    /** @type {any} */ target,
    /** @type {string} */ type,
    /** @type {unknown} */ listener,
  ) => listener && TYPES.includes(type) && places().includes(target ?? window);
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const used = isOurs(this, type, listener) ? wrap(listener) : listener;
    return add.call(this ?? window, type, used, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const used = listener && isOurs(this, type, listener) ? wrap(listener) : listener;
    return remove.call(this ?? window, type, used, options);
  };
  Object.assign(globalThis, {
    firstKey: {
      result: seen,
      get counted() {
        return seen.counted;
      },
      /** Whether the library says that it counted all that its listener got, where it says so. */
      get all() {
        const { counted } = Object(globalThis).bench.peer;
        return counted === undefined || counted() === seen.reached;
      },
    },
  });
}

/** The script that a document runs before all others. */
export const FIRST_KEY = `(${watch})();`;
