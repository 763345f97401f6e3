/**
 * Looks at the agent for everything that shows it. A look is taken when the agent says something,
 * when the user does something, and once a second while the page can be seen; a hidden page runs
 * no timer, and nothing here ever uses the network.
 *
 * `snapshot` events carry what was seen: `{ at, status, contexts, own, nameOf }`.
 */
import { Letters } from './letters.js';

const SAYINGS = ['phase', 'activity', 'keepalive', 'policy', 'refused', 'ended'];
const INPUTS = ['keydown', 'pointerdown'];
/** Least time between two looks that only input asked for. */
const PAUSE_MS = 150;

export class Watch extends EventTarget {
  snapshot;
  #agent;
  #letters = new Letters();
  #tick;
  #soon;
  #stopped = new AbortController();

  constructor(agent) {
    super();
    this.#agent = agent;
  }

  get agent() {
    return this.#agent;
  }

  start() {
    const { signal } = this.#stopped;
    for (const name of SAYINGS) {
      // Once the agent is done with what it was doing.
      this.#agent.addEventListener(name, () => queueMicrotask(() => this.look()), { signal });
    }
    for (const name of INPUTS) {
      addEventListener(name, () => this.#lookSoon(), { signal, capture: true, passive: true });
    }
    document.addEventListener('visibilitychange', () => this.#onVisible(), { signal });
    addEventListener('storage', () => this.look(), { signal });
    this.#onVisible();
  }

  stop() {
    this.look();
    this.#stopped.abort();
    clearInterval(this.#tick);
    clearTimeout(this.#soon);
  }

  look() {
    if (this.#stopped.signal.aborted) return;
    const status = this.#agent.status;
    const contexts = this.#agent.contexts();
    const nameOf = this.#letters.name(contexts, status.phase !== 'checking');
    const own = nameOf(contexts.find((context) => context.own)?.id);
    this.snapshot = { at: Date.now(), status, contexts, own, nameOf };
    this.dispatchEvent(new CustomEvent('snapshot', { detail: this.snapshot }));
  }

  #lookSoon() {
    if (document.hidden) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.look();
    }, PAUSE_MS);
  }

  #onVisible() {
    clearInterval(this.#tick);
    if (!document.hidden) this.#tick = setInterval(() => this.look(), 1000);
    this.look();
  }
}
