/** Pages and frames over plain WebDriver, as far as the tests use those of the other driver. */
import { pause } from './chromium.mjs';

/** @typedef {(route: string, body?: unknown, method?: string) => Promise<any>} Ask */

/** Keys that have no character of their own (WebDriver, 17.4.2). */
const KEYS = /** @type {Record<string, string>} */ ({
  Shift: '\uE008',
  Tab: '\uE004',
  Escape: '\uE00C',
  Enter: '\uE007',
  ArrowLeft: '\uE012',
});

/** How WebDriver names an element in its answers (WebDriver, 12.2). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Runs in the page: gives what comes of it to the driver, which waits for that. @param {string} run */
const awaited = (run) => `const done = arguments[arguments.length - 1];
  const given = [...arguments].slice(0, -1);
  (async () => { ${run} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`;

/** Whether that is an expression, and no statements. @param {string} script */
function isExpression(script) {
  try {
    return Boolean(new Function(`return async () => (${script}\n)`));
  } catch {
    return false;
  }
}

/** A document in a window: its own, or one in a frame of it. */
class Place {
  /**
   * @param {Session} session
   * @param {string} handle of the window
   * @param {number[]} path through the frames
   */
  constructor(session, handle, path) {
    this.session = session;
    this.handle = handle;
    this.path = path;
  }

  /** @template T @param {(ask: Ask) => Promise<T>} work @returns {Promise<T>} */
  within(work) {
    return this.session.within(this, work);
  }

  /**
   * @param {string | ((...args: any[]) => unknown)} script an expression, or a function and what it is given
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  async evaluate(script, ...args) {
    let run = `return (${script})(...given)`;
    if (typeof script === 'string') run = isExpression(script) ? `return (${script}\n)` : script;
    const { value, error } = await this.within((ask) =>
      ask('/execute/async', { script: awaited(run), args }),
    );
    if (error) throw new Error(error);
    return value;
  }

  /** @param {string} condition @param {{ timeout?: number }} [options] */
  async waitForFunction(condition, { timeout = 30_000 } = {}) {
    const until = performance.now() + timeout;
    // A page that is on its way answers nothing.
    while (!(await this.evaluate(`Boolean(${condition})`).catch(() => false))) {
      if (performance.now() > until) throw new Error(`Not within ${timeout} ms: ${condition}`);
      await pause(50);
    }
  }

  /** @param {string} url */
  goto(url) {
    if (this.path.length === 0) return this.within((ask) => ask('/url', { url }));
    return this.evaluate((href) => {
      location.href = href;
    }, url).then(() =>
      this.waitForFunction(`location.href === ${JSON.stringify(url)} && window.ready`),
    );
  }

  /** @returns {Promise<string>} */
  url() {
    return this.evaluate('location.href');
  }

  /** @param {string} selector */
  focus(selector) {
    // Keys go to the document that the session speaks to.
    this.session.focused.set(this.handle, this.path);
    return this.evaluate((wanted) => {
      // A frame takes no keys before it has the focus itself.
      window.focus();
      document.querySelector(wanted).focus();
    }, selector);
  }

  /** @param {string} selector */
  async $(selector) {
    return {
      click: () =>
        this.within(async (ask) => {
          const found = await ask('/element', { using: 'css selector', value: selector });
          await ask(`/element/${found[ELEMENT]}/click`, {});
        }),
    };
  }

  /** @returns {Promise<Place[]>} */
  async childFrames() {
    const count = Number(await this.evaluate('frames.length').catch(() => 0));
    return Array.from(
      { length: count },
      (_, at) => new Place(this.session, this.handle, [...this.path, at]),
    );
  }
}

/** A tab or a window. */
export class WebDriverPage extends Place {
  #closed = false;

  /** @param {Session} session @param {string} handle */
  constructor(session, handle) {
    super(session, handle, []);
    /** @param {object[]} actions */
    const keys = (actions) =>
      session.within({ handle, path: session.focused.get(handle) ?? [] }, (ask) =>
        ask('/actions', { actions: [{ type: 'key', id: 'keys', actions }] }),
      );
    /** @param {string} key */
    const stroke = (key) => ['keyDown', 'keyUp'].map((type) => ({ type, value: KEYS[key] ?? key }));
    this.keyboard = {
      /** @param {string} key */
      press: (key) => keys(stroke(key)),
      /** @param {string} text */
      type: (text) => keys([...text].flatMap(stroke)),
    };
    /** @param {number} x @param {number} y @param {object[]} then */
    const pointer = (x, y, then) => {
      const actions = [
        { type: 'pointerMove', x: Math.round(x), y: Math.round(y), duration: 0 },
        ...then,
      ];
      const mouse = { type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions };
      return this.within((ask) => ask('/actions', { actions: [mouse] }));
    };
    this.mouse = {
      /** @param {number} x @param {number} y @param {{ button?: 'left' | 'right' }} [options] */
      click: (x, y, { button = 'left' } = {}) => {
        const number = button === 'left' ? 0 : 2;
        return pointer(
          x,
          y,
          ['pointerDown', 'pointerUp'].map((type) => ({ type, button: number })),
        );
      },
      /** @param {number} x @param {number} y */
      move: (x, y) => pointer(x, y, []),
    };
  }

  /** The document, those in its frames, and those in theirs. */
  async frames() {
    /** @type {Place[]} */
    const all = [this];
    for (const each of all) all.push(...(await each.childFrames()));
    return all;
  }

  mainFrame() {
    return this;
  }

  goBack() {
    return this.within((ask) => ask('/back', {}));
  }

  async bringToFront() {
    await this.within(async () => {});
  }

  isClosed() {
    return this.#closed;
  }

  async close() {
    if (!this.#closed) {
      this.#closed = true;
      await this.within((ask) => ask('/window', undefined, 'DELETE'));
    }
  }
}

/** A session speaks to one window, and one frame of it, at a time. */
export class Session {
  /** Where in each window the focus was put. @type {Map<string, number[]>} */
  focused = new Map();
  /** @type {WebDriverPage | undefined} */
  #home;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {(method: string, route: string, body?: unknown) => Promise<any>} call
   * @param {string} route
   */
  constructor(call, route) {
    this.call = call;
    this.route = route;
  }

  /**
   * @template T
   * @param {{ handle: string, path: number[] }} place
   * @param {(ask: Ask) => Promise<T>} work
   * @returns {Promise<T>}
   */
  within({ handle, path }, work) {
    /** @type {Ask} */
    const ask = (route, body, method = 'POST') => this.call(method, this.route + route, body);
    const next = this.#last.then(async () => {
      await ask('/window', { handle });
      for (const id of path) await ask('/frame', { id });
      return work(ask);
    });
    this.#last = next.catch(() => {});
    return next;
  }

  /** The window that was there from the start, which stays. */
  async home() {
    this.#home ??= new WebDriverPage(this, await this.call('GET', `${this.route}/window`));
    return this.#home;
  }

  /** @param {'tab' | 'window'} type */
  async open(type) {
    // A session that speaks to a window that is gone opens none.
    const { handle } = await (await this.home()).within((ask) => ask('/window/new', { type }));
    return new WebDriverPage(this, handle);
  }
}
