import type { Status } from 'stillhere';
import type { HostState } from 'stillhere/host';
import { HELLO, read } from './heartbeat.ts';

/** Heartbeats that count, at most one in so many milliseconds; the state is told that often. */
const HEARTBEAT_MS = 200;
const STATE_MS = 1000;

/** What is done with what a host says, and what it is told. */
export interface Ears {
  /** Somebody is active in the page around this one. */
  heard(): void;
  refused(why: keyof Status['refused']): void;
  state(): HostState;
}

/**
 * The page around this one: heartbeats of the parent window count if its origin is on the list, and it
 * is told of the session. Loaded only by apps that name hosts.
 */
export class Hosts {
  readonly #origins: Set<string>;
  readonly #ears: Ears;
  readonly #unhooked = new AbortController();
  /** How the parent is answered, once it has said hello or sent a heartbeat. */
  #answer: ((message: object) => void) | undefined;
  /** Handed over by the parent. */
  #port: MessagePort | undefined;
  #nextAt = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(origins: readonly string[], ears: Ears) {
    this.#origins = new Set(origins);
    this.#ears = ears;
    const { signal } = this.#unhooked;
    window.addEventListener('message', (event) => this.#hear(event), { signal });
  }

  #hear(event: MessageEvent): void {
    const { source, origin, ports } = event;
    if (source === window) {
      // What the page says to itself.
      return;
    }
    if (!event.isTrusted) {
      this.#ears.refused('untrusted');
    } else if (source !== window.parent || !this.#origins.has(origin)) {
      // Nothing of it is looked at: to read a large message takes long.
      this.#ears.refused('origin');
    } else if (this.#take(event.data)) {
      this.#answer = (message) => window.parent.postMessage(message, origin);
      if (ports[0]) {
        this.#open(ports[0]);
      }
      this.tell();
    }
  }

  /** The parent handed a port over: what comes through it is its own. */
  #open(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    this.#answer = (message) => port.postMessage(message);
    port.onmessage = ({ data }) => {
      if (this.#take(data)) {
        this.tell();
      }
    };
  }

  /** Whether it was for us, and nothing was wrong with it. */
  #take(data: unknown): boolean {
    const message = read(data);
    const now = performance.now();
    if (message === null) {
      this.#ears.refused('malformed');
    } else if (message !== undefined && message !== HELLO) {
      if (now < this.#nextAt) {
        this.#ears.refused('rate');
        return false;
      }
      this.#nextAt = now + HEARTBEAT_MS;
      this.#ears.heard();
    }
    return Boolean(message);
  }

  /** Tells the parent where the session stands, at most once a second. */
  tell(): void {
    if (this.#timer !== undefined || !this.#answer) {
      return;
    }
    const wait = this.#toldAt + STATE_MS - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.tell();
      }, wait);
      return;
    }
    this.#toldAt = performance.now();
    this.#answer({ type: 'stillhere', data: this.#ears.state() });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unhooked.abort();
    this.#port?.close();
  }
}
