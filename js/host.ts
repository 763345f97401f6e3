import type { Attachment, HostOptions, HostState } from 'stillhere/host';
import { HELLO, type Heartbeat, LONGEST_SOURCE, read } from './heartbeat.ts';
import { isOrigin } from './origin.ts';

/** Heartbeats go out at most once in so many milliseconds. */
const PAUSE_MS = 1000;
/** A frame that does not answer is greeted again, each time twice as late, so often. */
const HELLOS = 4;

const PHASES = ['active', 'warning', 'held', 'checking', 'ended'];

function bad(option: string, expected: string): Error {
  const error = new TypeError(`${option} must be ${expected}`);
  return Object.assign(error, { code: 'bad-option', option });
}

function check(frame: HTMLIFrameElement, options: HostOptions): HostOptions {
  const { origin, source, relay = [] } = options ?? {};
  if (!(frame instanceof HTMLIFrameElement)) {
    throw bad('frame', 'an iframe element');
  }
  if (!isOrigin(origin)) {
    throw bad('origin', 'an exact origin such as https://app.example, without a path');
  }
  if (source !== undefined && (typeof source !== 'string' || source.length > LONGEST_SOURCE)) {
    throw bad('source', `a string of at most ${LONGEST_SOURCE} characters`);
  }
  if (!Array.isArray(relay) || !relay.every(isOrigin)) {
    throw bad('relay', 'an array of exact origins');
  }
  return { origin, relay, ...(source && { source }) };
}

function isState(data: unknown): data is HostState {
  const { phase, remainingMs } = (data ?? {}) as HostState;
  return PHASES.includes(phase) && (remainingMs === null || Number.isFinite(remainingMs));
}

class Host extends EventTarget implements Attachment {
  readonly #frame: HTMLIFrameElement;
  readonly #options: HostOptions;
  readonly #unhooked = new AbortController();
  /** The page around this one, once it has asked: its origin. */
  #outer: string | undefined;
  #state: HostState | undefined;
  #stateAt = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #greeting: ReturnType<typeof setTimeout> | undefined;
  /** What was done since the last heartbeat. */
  #done = { keystrokes: 0, clicks: 0 };

  constructor(frame: HTMLIFrameElement, options: HostOptions) {
    super();
    this.#frame = frame;
    this.#options = options;
    const { signal } = this.#unhooked;
    const listen = { capture: true, signal };
    window.addEventListener(
      'keydown',
      (event) => {
        // A key that is held down is one activity.
        if (event.isTrusted && !event.repeat) {
          this.#did(1, 0);
        }
      },
      listen,
    );
    window.addEventListener('pointerdown', (event) => event.isTrusted && this.#did(0, 1), listen);
    window.addEventListener('message', (event) => this.#hear(event), { signal });
    frame.addEventListener('load', () => this.#greet(0), { signal });
    this.#greet(0);
  }

  get status(): HostState | null {
    const state = this.#state;
    if (!state) {
      return null;
    }
    const { remainingMs } = state;
    const passed = performance.now() - this.#stateAt;
    const left = remainingMs && Math.max(0, Math.round(remainingMs - passed));
    return Object.freeze({ ...state, remainingMs: left });
  }

  heartbeat(): void {
    this.#did(0, 0);
  }

  detach(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#greeting);
    this.#unhooked.abort();
  }

  #post(message: object): void {
    // To a frame that shows another origin the browser delivers nothing; to one that is empty still, or
    // shows a page of this origin, it is not even tried, since that is said on the console.
    const { contentDocument, contentWindow } = this.#frame;
    const { origin } = this.#options;
    if (!contentDocument || contentDocument.location.origin === origin) {
      contentWindow?.postMessage(message, origin);
    }
  }

  /** Says hello until the frame answers: it may be loading still. */
  #greet(times: number): void {
    clearTimeout(this.#greeting);
    if (this.#unhooked.signal.aborted) {
      return;
    }
    this.#post({ type: HELLO });
    if (times < HELLOS) {
      this.#greeting = setTimeout(() => this.#greet(times + 1), PAUSE_MS << times);
    }
  }

  /** Somebody is active here: told at once, or with everything of this second. */
  #did(keystrokes: number, clicks: number): void {
    if (this.#unhooked.signal.aborted) {
      return;
    }
    this.#done.keystrokes += keystrokes;
    this.#done.clicks += clicks;
    if (this.#timer === undefined) {
      const wait = Math.max(0, this.#sentAt + PAUSE_MS - performance.now());
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#send(), wait);
      } else {
        this.#send();
      }
    }
  }

  #send(): void {
    this.#timer = undefined;
    this.#sentAt = performance.now();
    const { source } = this.#options;
    const data: Heartbeat = { ...(source && { source }), ...this.#done };
    this.#done = { keystrokes: 0, clicks: 0 };
    this.#post({ type: 'heartbeat', data });
  }

  #hear({ source, origin, data, isTrusted }: MessageEvent): void {
    if (!isTrusted || source === window) {
      return;
    }
    if (source === this.#frame.contentWindow && origin === this.#options.origin) {
      if (data?.type === 'stillhere' && isState(data.data)) {
        this.#take(data.data);
      }
    } else if (source === window.parent && this.#options.relay?.includes(origin)) {
      const message = read(data);
      if (message) {
        this.#outer = origin;
      }
      if (message === HELLO) {
        this.#pass();
      } else if (message) {
        this.#did(message.keystrokes ?? 0, message.clicks ?? 0);
      }
    }
  }

  #take({ phase, remainingMs, endedBecause }: HostState): void {
    clearTimeout(this.#greeting);
    const before = this.#state?.phase;
    this.#state = { phase, remainingMs, ...(endedBecause && { endedBecause }) };
    this.#stateAt = performance.now();
    this.#pass();
    if (phase !== before) {
      this.dispatchEvent(new CustomEvent('phase', { detail: this.status }));
      if (phase === 'ended') {
        this.dispatchEvent(new CustomEvent('ended', { detail: this.status }));
      }
    }
  }

  /** Tells the page around this one. */
  #pass(): void {
    const data = this.status;
    if (data && this.#outer) {
      window.parent.postMessage({ type: 'stillhere', data }, this.#outer);
    }
  }
}

export function attachHost(frame: HTMLIFrameElement, options: HostOptions): Attachment {
  return new Host(frame, check(frame, options));
}
