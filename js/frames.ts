/** The event of a kind of input, and the kind. */
export type Heard = (kind: 'keystrokes' | 'clicks', at: number) => void;

/** What the app asked to be counted of the frames in its page. */
export interface Wanted {
  /** Input in frames of the page's own origin, by kind. */
  keystrokes: boolean;
  clicks: boolean;
  /** A click into a frame of another origin. */
  focus: boolean;
}

/**
 * The frames within this page. Those of its own origin are listened to like the page itself, and
 * theirs in turn; of one that shows another origin only that it was clicked into. Loaded only by apps
 * that ask for it. Frames in shadow roots are not found; input in shadow roots themselves needs none
 * of this, since the window hears it.
 */
export class Frames {
  readonly #heard: Heard;
  readonly #wanted: Wanted;
  readonly #unhooked = new AbortController();
  /** A frame that navigates has another document in the same window. */
  readonly #known = new WeakSet<Document>();

  constructor(wanted: Wanted, heard: Heard) {
    this.#wanted = wanted;
    this.#heard = heard;
    const { signal } = this.#unhooked;
    if (wanted.keystrokes || wanted.clicks) {
      this.#enter(document);
    }
    if (wanted.focus) {
      // The focus has moved when this is over.
      window.addEventListener('blur', () => setTimeout(() => this.#left()), { signal });
    }
  }

  /** Looks for frames in a document, now and whenever one loads: load events can be captured. */
  #enter(document: Document): void {
    this.#known.add(document);
    const { signal } = this.#unhooked;
    const look = (frame: unknown) => this.#attach(frame as HTMLIFrameElement);
    document.addEventListener('load', ({ target }) => look(target), { capture: true, signal });
    document.querySelectorAll('iframe, frame').forEach(look);
  }

  #attach(frame: HTMLIFrameElement): void {
    // Not there for other elements that load, and `null` across origins.
    const { contentDocument: inner, contentWindow: window } = frame;
    if (!inner || !window || this.#known.has(inner)) {
      return;
    }
    const options = { capture: true, signal: this.#unhooked.signal };
    const hear = (kind: 'keystrokes' | 'clicks') => (event: Event) => {
      // A key that is held down is one activity.
      if (event.isTrusted && !(event as KeyboardEvent).repeat) {
        const { performance: clock } = window as Window & typeof globalThis;
        const age = clock.now() - event.timeStamp;
        this.#heard(kind, Math.max(1, performance.now() - age));
      }
    };
    if (this.#wanted.keystrokes) {
      window.addEventListener('keydown', hear('keystrokes'), options);
    }
    if (this.#wanted.clicks) {
      window.addEventListener('pointerdown', hear('clicks'), options);
    }
    this.#enter(inner);
  }

  #left(): void {
    const into = document.activeElement as HTMLIFrameElement | null;
    // A script can move the focus as well, but then nobody has touched the page just now: input in a
    // frame activates the pages around it too (HTML, "user activation processing model").
    const touched = navigator.userActivation?.isActive ?? true;
    if (touched && into?.contentWindow && !into.contentDocument && !this.#unhooked.signal.aborted) {
      this.#heard('clicks', 0);
    }
  }

  close(): void {
    this.#unhooked.abort();
  }
}
