import type { Agent, Status } from 'stillhere';
import type * as Public from 'stillhere/resume';
import type { Back, Found } from './back.ts';
import { kindOf, marked, noteSecret, read, type Value } from './fields.ts';
import { Keeper, type Kept } from './keeper.ts';
import type { Checked } from './options.ts';
import { type Kind, listen, me, type Post, Waiting } from './peers.ts';
import { isWord, type Keys, type KeysOf, keysOf, leftMs, parse, word } from './record.ts';
import { MARKED, offsets } from './scroll.ts';
import { drop, load, store } from './store.ts';

/** A hidden tab hears a message after 95 ms at most (measured). */
const ANSWER_MS = 250;
/** A page that stood still hears of a sign-in no longer than this before it knows of its own end. */
const MISSED_MS = 10_000;
/** All that end together have ended by then (docs/architecture.md: within 50 ms). */
const TOGETHER_MS = 1000;

const FAULTS: Record<Public.KeepFaultCode, string> = {
  insecure: 'Nothing is kept: this page has no Web Crypto; serve it over https.',
  'storage-blocked': 'Nothing is kept: the browser allows no session storage here.',
  'storage-full': 'Newer work is not kept: the session storage is full.',
  damaged: 'What was kept here was changed or broken; it is deleted.',
  'not-loaded': 'Work is not put back before the page is loaded again:',
  'go-failed': 'The tab is not where it was, for go() failed:',
};

/** Where this page is. */
const here = () => location.pathname + location.search + location.hash;

export class Work extends EventTarget implements Public.Work {
  readonly restored: Promise<Public.Restored>;
  keeps = false;
  fault: Public.KeepFault | null = null;
  readonly #options: Checked;
  readonly #keeper: Keeper;
  readonly #closed = new AbortController();
  readonly #post: Post;
  readonly #waiting: Waiting;
  readonly #phaseKnown: Promise<void>;
  #settle: (restored: Public.Restored) => void = () => {};
  #know: () => void = () => {};
  #answered: (taken: boolean) => void = () => {};
  #keysOf: KeysOf | undefined;
  /** Those of the record that this tab stands for. */
  #keys: Keys | undefined;
  /** No other tab stands for it. */
  #stands = false;
  #over = false;
  #heardAt = -MISSED_MS;
  /** Where somebody typed, ever and since that was read. */
  #touched = new WeakSet<Element>();
  #dirty = new WeakSet<Element>();
  readonly #scrolled = new Set<EventTarget>([document]);
  #back: Back | undefined;
  #outcome: Public.Restored['outcome'] = 'nothing';

  constructor(agent: Agent, options: Checked) {
    super();
    this.#options = options;
    this.restored = new Promise((settle) => {
      this.#settle = settle;
    });
    this.#phaseKnown = new Promise((know) => {
      this.#know = know;
    });
    this.#keeper = new Keeper(
      options.forMs,
      (last) => this.#gather(last),
      (error) => this.#stored(error),
    );
    this.#waiting = new Waiting(() => this.#keys, options.onReturn);
    const { signal } = this.#closed;
    this.#post = listen((...message) => this.#hear(...message), signal);
    this.#waiting.post = this.#post;
    this.#hook(agent, signal);
    this.#phase(agent.status);
  }

  #hook(agent: Agent, signal: AbortSignal): void {
    const keeper = this.#keeper;
    const on = (target: EventTarget, types: string[], heard: (event: Event) => void) => {
      for (const type of types) {
        target.addEventListener(type, heard, { capture: true, signal });
      }
    };
    on(window, ['input', 'change'], ({ target }) => {
      noteSecret(target as Element);
      this.#touched.add(target as Element);
      this.#dirty.add(target as Element);
      keeper.later();
    });
    on(document, ['scroll'], ({ target }) => {
      this.#scrolled.add(target as Element);
      keeper.later();
    });
    on(window, ['submit', 'reset'], () => {
      this.#dirty = new WeakSet();
      // What the app does with it is done when that is written.
      keeper.later();
    });
    on(document, ['visibilitychange'], () => document.hidden && keeper.flush());
    on(window, ['pagehide'], () => keeper.leave());
    on(window, ['pageshow'], (event) => (event as PageTransitionEvent).persisted && this.#missed());
    on(document, ['resume'], () => this.#missed());
    // Before any listener of the app, which may empty the page or leave it.
    on(agent, ['phase'], (event) => this.#phase((event as CustomEvent<Status>).detail));
    const types = new MutationObserver((changes) => {
      for (const { target, oldValue } of changes) {
        noteSecret(target as Element, oldValue);
      }
    });
    types.observe(document, { subtree: true, attributeFilter: ['type'], attributeOldValue: true });
    signal.addEventListener('abort', () => types.disconnect());
  }

  /** Resolves once it is known whose it is that stands in storage. */
  async begin(): Promise<void> {
    const { user, secret } = this.#options;
    if (!globalThis.crypto?.subtle) {
      this.#wrong('insecure');
      this.#finish();
      return;
    }
    this.keeps = true;
    const give = await keysOf(user, secret);
    this.#keysOf = give;
    let record: string | null = null;
    try {
      record = load();
    } catch (error) {
      this.#stored(error);
    }
    // Who went from page to page did not sign in again, and wants nothing back.
    const left = record?.[0] === 'l';
    let found: Found | undefined;
    if (record && !left) {
      try {
        found = await this.#find(record, give);
      } catch (error) {
        this.#wrong('not-loaded', error);
        this.#settle(this.#result());
        return;
      }
    } else {
      drop();
    }
    this.#keys = found?.keys ?? (await give(word()));
    this.#comeBack(give, this.#keys, found, !left);
  }

  /** What is kept of this user; what is not theirs or worth nothing any more goes at once. */
  async #find(record: string, give: KeysOf): Promise<Found | undefined> {
    const { find } = await import('./back.ts');
    const sealed = parse(record);
    const found = await find(record, sealed, sealed ? leftMs(sealed) : 0, give);
    if (typeof found === 'object') {
      return found;
    }
    drop();
    this.#outcome = found;
    if (found === 'damaged') {
      this.#wrong(found);
    }
    return undefined;
  }

  async #comeBack(
    give: KeysOf,
    keys: Keys,
    found: Found | undefined,
    again: boolean,
  ): Promise<void> {
    const [taken] = await Promise.all([found && this.#isTaken(keys.salt), this.#phaseKnown]);
    if (this.#closed.signal.aborted) {
      return;
    }
    if (taken) {
      this.#keys = await give(word());
      this.#outcome = 'in-another-tab';
    }
    this.#stands = true;
    if (!this.#over && again && !taken) {
      this.#post('back');
      if (found) {
        await this.#putBack(found);
      }
    }
    this.#finish();
  }

  /** Resolves when all is back, or nothing more is waited for. */
  async #putBack({ keys, kept, record, Back }: Found): Promise<void> {
    this.#outcome = 'restored';
    const back = new Back(kept, {
      ...{ here, marked, kindOf, read, scrollers: MARKED, touched: this.#touched },
      arrived: () => this.#over || this.#keeper.start(keys),
      moved: () => this.dispatchEvent(new CustomEvent('restored', { detail: this.#result() })),
    });
    this.#back = back;
    // Only once, for an app may lead away from there.
    if (kept.at !== here() && record[0] !== 'g') {
      try {
        store(`g${record.slice(1)}`);
        await this.#options.go(kept.at);
      } catch (error) {
        this.#wrong('go-failed', error);
      }
    }
    back.watch();
    await back.done;
  }

  #result(): Public.Restored {
    const back = this.#back;
    return Object.freeze({
      outcome: this.#outcome,
      address: back?.at === here(),
      fields: back?.fields ?? 0,
      scroll: !!back?.scroll,
      missing: [...(back?.missing ?? [])].map(([field, value]) => ({ field, value })),
    });
  }

  #finish(): void {
    if (this.#over && this.#outcome === 'nothing') {
      this.#outcome = 'session-over';
    } else if (this.#keys && !this.#over) {
      this.#keeper.start(this.#keys);
    }
    this.#settle(this.#result());
  }

  /** What the page holds; or what it held last, and since then what somebody typed. */
  #gather(last?: Kept): Kept {
    const at = here();
    if (last && last.at !== at) {
      return last;
    }
    const from = last ? this.#dirty : this.#touched;
    const rest = last ?? (this.#back?.at === at ? this.#back.rest : undefined);
    const fields: Record<string, Value> = { ...rest?.fields };
    for (const [key, field] of marked()) {
      if (from.has(field)) {
        fields[key] = read(field);
      }
    }
    this.#dirty = new WeakSet();
    return { at, fields, scroll: last?.scroll ?? { ...rest?.scroll, ...offsets(this.#scrolled) } };
  }

  #phase({ phase, endedBecause }: Status): void {
    if (phase === 'warning') {
      this.#keeper.save();
    }
    if (phase === 'ended' && !this.#over) {
      this.#over = true;
      if (endedBecause === 'signed-out') {
        this.#keeper.endForGood();
        // One that never lived says nothing about the others.
        this.#stands && this.#post('out');
      }
      this.#keeper.end();
      this.#back?.stop();
      if (performance.now() - this.#heardAt < MISSED_MS) {
        // Not of those whose end is a moment later than this one.
        setTimeout(() => this.#waiting.ask(), TOGETHER_MS);
      }
    }
    if (phase !== 'checking') {
      this.#know();
    }
  }

  /** The page was frozen or in the back/forward cache. */
  #missed(): void {
    this.#heardAt = performance.now();
    if (this.#over) {
      this.#waiting.ask();
    } else {
      this.#keeper.enter();
    }
  }

  #hear(kind: Kind, salt: string, check: string, from: string): void {
    if (kind === 'have' && salt === this.#keys?.salt && (this.#stands || me() < from)) {
      this.#post('taken', salt, from);
    } else if (kind === 'taken' && check === me()) {
      this.#answered(true);
    } else if (this.#over) {
      this.#waiting.hear(kind, salt, check);
    } else if (kind === 'back') {
      this.#heardAt = performance.now();
    } else if (kind === 'who' && this.#stands && isWord(salt)) {
      this.#keysOf?.(salt).then((keys) => this.#post('is', salt, keys.check));
    }
  }

  /** Whether another tab stands for the record: the browser copies it with the tab. */
  #isTaken(salt: string): Promise<boolean> {
    return new Promise((answered) => {
      this.#answered = answered;
      setTimeout(answered, ANSWER_MS, false);
      this.#post('have', salt);
    });
  }

  #stored(error?: unknown): void {
    const { code } = this.fault ?? {};
    if (error) {
      const full = (error as Error).name === 'QuotaExceededError';
      this.#wrong(full ? 'storage-full' : 'storage-blocked');
    } else if (code === 'storage-full') {
      this.keeps = true;
      this.fault = null;
    }
  }

  #wrong(code: Public.KeepFaultCode, cause: unknown = ''): void {
    this.keeps &&= code === 'damaged' || code === 'go-failed';
    if (this.fault?.code !== code) {
      const fault = Object.freeze({ code, message: `${FAULTS[code]} ${cause}`.trim() });
      this.fault = fault;
      // Who was just given this object can hear it.
      setTimeout(() => this.dispatchEvent(new CustomEvent('fault', { detail: fault })));
    }
  }

  forget(): void {
    this.#touched = new WeakSet();
    this.#back?.stop();
    this.#back = undefined;
    this.#keeper.forget();
  }

  close(): void {
    if (!this.#back?.missing.size) {
      this.#keeper.leave();
    }
    this.#keeper.stop();
    this.#closed.abort();
    this.#back?.stop();
    this.#settle(this.#result());
  }
}
