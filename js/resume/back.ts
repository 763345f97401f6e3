/** Opens a record and puts back what was kept. Loaded only by a page that finds one. */
import type { FieldValue } from 'stillhere/resume';
import type { kindOf, marked, read } from './fields.ts';
import type { Kept } from './keeper.ts';
import type { Keys, KeysOf, Sealed } from './record.ts';
import type { MARKED, Offset } from './scroll.ts';

/** How long what the app shows later is waited for. */
const LATE_MS = 30_000;

/** What the page has loaded anyway. */
export interface Tools {
  readonly here: () => string;
  readonly marked: typeof marked;
  readonly kindOf: typeof kindOf;
  readonly read: typeof read;
  readonly scrollers: typeof MARKED;
  /** Where somebody typed, or where it was typed for them. */
  readonly touched: WeakSet<Element>;
  /** The page is at the kept address. */
  readonly arrived: () => void;
  readonly moved: () => void;
}

/** A record of this user's, as it stands in storage, and what is in it. */
export interface Found {
  readonly record: string;
  readonly keys: Keys;
  readonly kept: Kept;
  readonly Back: typeof Back;
}

const decode = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** What is in a record, if it is this user's; or why there is nothing to put back. */
export async function find(
  record: string,
  sealed: Sealed | undefined,
  leftMs: number,
  give: KeysOf,
): Promise<Found | 'expired' | 'another-user' | 'damaged'> {
  if (!sealed) {
    return 'damaged';
  }
  if (!leftMs) {
    return 'expired';
  }
  try {
    const keys = await give(sealed.salt);
    if (keys.check !== sealed.check) {
      return 'another-user';
    }
    const bytes = decode(sealed.text);
    const additionalData = new TextEncoder().encode(sealed.until);
    const gcm = { name: 'AES-GCM', iv: bytes.slice(0, 12), additionalData };
    // Rejects when anything was changed, the time included.
    const plain = await crypto.subtle.decrypt(gcm, keys.key, bytes.slice(12));
    return { record, keys, kept: JSON.parse(new TextDecoder().decode(plain)), Back };
  } catch {
    return 'damaged';
  }
}

/** Sets what a framework put a property of its own over (React), so that it sees the change. */
function set(field: HTMLElement, value: unknown): void {
  let prototype = Object.getPrototypeOf(field);
  while (!Object.hasOwn(prototype, 'value')) {
    prototype = Object.getPrototypeOf(prototype);
  }
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, value);
}

function findScroller(key: string, scrollers: string): Element | null | undefined {
  if (key === '') {
    return document.scrollingElement;
  }
  return key.startsWith('#')
    ? document.getElementById(key.slice(1))
    : document.querySelectorAll(scrollers)[Number(key)];
}

export class Back {
  /** Settles when all is back, or nothing more is waited for. */
  readonly done: Promise<void>;
  /** How many fields are as they were. */
  fields = 0;
  /** What could not be put back so far. */
  readonly missing: Map<string, FieldValue>;
  readonly at: string;
  readonly #tools: Tools;
  readonly #stopped = new AbortController();
  readonly #fields: Map<string, FieldValue>;
  readonly #scroll: Map<string, Offset>;
  readonly #scrolls: number;

  constructor({ at, fields, scroll }: Kept, tools: Tools) {
    this.at = at;
    this.#tools = tools;
    this.#fields = new Map(Object.entries(fields));
    this.missing = new Map(this.#fields);
    this.#scroll = new Map(Object.entries(scroll));
    this.#scrolls = this.#scroll.size;
    const { signal } = this.#stopped;
    this.done = new Promise((done) => {
      signal.addEventListener('abort', () => done());
    });
  }

  get scroll(): boolean {
    return this.#scrolls > 0 && this.#scroll.size === 0;
  }

  /** What did not come back is kept on. */
  get rest(): Kept {
    return {
      at: this.at,
      fields: Object.fromEntries(this.missing),
      scroll: Object.fromEntries(this.#scroll),
    };
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Puts back what is there, and for a while what comes. */
  watch(): void {
    const { signal } = this.#stopped;
    const look = () => this.#look();
    const changes = new MutationObserver(look);
    changes.observe(document, { childList: true, subtree: true });
    for (const type of ['load', 'hashchange', 'popstate']) {
      addEventListener(type, look, { capture: true, signal });
    }
    // Whoever scrolls wants to be elsewhere.
    const scrolls = ({ isTrusted }: Event) => isTrusted && this.#scroll.clear();
    for (const type of ['wheel', 'touchmove', 'pointerdown', 'keydown']) {
      addEventListener(type, scrolls, { capture: true, passive: true, signal });
    }
    const late = setTimeout(() => this.stop(), LATE_MS);
    signal.addEventListener('abort', () => {
      changes.disconnect();
      clearTimeout(late);
    });
    look();
  }

  /** At the kept address only: another screen may have fields of the same name. */
  #look(): void {
    if (this.#tools.here() !== this.at || this.#stopped.signal.aborted) {
      return;
    }
    this.#tools.arrived();
    const before = this.#fields.size + this.#scroll.size;
    for (const [key, field] of this.#fields.size ? this.#tools.marked() : []) {
      this.#put(key, field);
    }
    // After the fields, which may have made the page longer.
    for (const [key, offset] of this.#scroll) {
      this.#scrollTo(key, offset);
    }
    const left = this.#fields.size + this.#scroll.size;
    if (left < before) {
      this.#tools.moved();
    }
    if (left === 0) {
      this.stop();
    }
  }

  #put(key: string, field: HTMLElement): void {
    const value = this.#fields.get(key);
    if (value === undefined) {
      return;
    }
    const { touched } = this.#tools;
    // What somebody typed meanwhile stays.
    const is = touched.has(field) ? false : this.#write(field, value);
    if (is === undefined) {
      return;
    }
    this.#fields.delete(key);
    touched.add(field);
    if (is) {
      this.fields += 1;
      this.missing.delete(key);
    }
  }

  /** As if its user had. Whether it is in; nothing where a choice is not there yet. */
  #write(field: HTMLElement, value: FieldValue): boolean | undefined {
    const is = () => `${JSON.stringify(this.#tools.read(field))}` === JSON.stringify(value);
    const kind = this.#tools.kindOf(field);
    if (is()) {
      return true;
    }
    if (kind === 'check') {
      // The one event that React hears of these.
      field.click();
      return is();
    }
    if (kind === 'select') {
      const options = [...(field as HTMLSelectElement).options];
      const wanted = value as readonly string[];
      if (!wanted.every((each) => options.some((option) => option.value === each))) {
        return undefined;
      }
      for (const option of options) {
        option.selected = wanted.includes(option.value);
      }
    } else if (kind === 'edit') {
      // biome-ignore lint/performance/useDomNodeTextContent: it makes lines of the lines
      field.innerText = value as string;
    } else {
      set(field, value);
    }
    for (const type of ['input', 'change']) {
      field.dispatchEvent(new Event(type, { bubbles: true }));
    }
    return true;
  }

  /** At once. What is to be seen there may not be there yet: then it is tried again. */
  #scrollTo(key: string, [left, top]: Offset): void {
    const element = findScroller(key, this.#tools.scrollers);
    element?.scrollTo({ left, top, behavior: 'instant' });
    if (
      element &&
      Math.abs(element.scrollLeft - left) < 2 &&
      Math.abs(element.scrollTop - top) < 2
    ) {
      this.#scroll.delete(key);
    }
  }
}
