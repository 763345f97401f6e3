/** Writes this page's record: at most once a second, and never at the last moment alone. */
import type { Value } from './fields.ts';
import { type Keys, type State, seal } from './record.ts';
import type { Offset } from './scroll.ts';
import { drop, forgetExpired, store } from './store.ts';

const PAUSE_MS = 1000;

/** What is kept of a tab. */
export interface Kept {
  /** Path, query and fragment: never another origin. */
  readonly at: string;
  readonly fields: Readonly<Record<string, Value>>;
  readonly scroll: Readonly<Record<string, Offset>>;
}

export class Keeper {
  readonly #forMs: number;
  readonly #gather: (last?: Kept) => Kept;
  /** Called with what `store` threw, or with nothing when it did not. */
  readonly #told: (error?: unknown) => void;
  #keys: Keys | undefined;
  #state: State = 'r';
  #last: Kept | undefined;
  /** What was sealed last. */
  #body = '';
  #savedAt = 0;
  /** Of records that are being sealed, only the newest is written. */
  #turn = 0;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  constructor(forMs: number, gather: (last?: Kept) => Kept, told: (error?: unknown) => void) {
    this.#forMs = forMs;
    this.#gather = gather;
    this.#told = told;
  }

  /** It writes this page's record, in the place of whatever stood there. */
  get writes(): boolean {
    return !!this.#keys && this.#state === 'r';
  }

  start(keys: Keys): void {
    if (!this.#keys) {
      this.#keys = keys;
      this.save();
    }
  }

  /** Something changed. */
  later(): void {
    if (this.writes) {
      this.#soon ??= setTimeout(() => this.save(), this.#savedAt + PAUSE_MS - Date.now());
    }
  }

  /** Something may have changed that was not written yet, and the page may be gone soon. */
  flush(): void {
    if (this.#soon) {
      this.save();
    }
  }

  save(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.writes) {
      this.#write();
    }
  }

  /** The session ended. What stands in storage says so at once; the newest text follows. */
  end(): void {
    if (this.writes) {
      this.#stamp('e');
      this.#write();
    }
    this.stop();
  }

  /** The user signed out: nothing is kept, nor what is being sealed. */
  endForGood(): void {
    this.#state = 'e';
    this.forget();
    this.stop();
  }

  /** What is being sealed is still written. */
  stop(): void {
    clearTimeout(this.#soon);
    clearTimeout(this.#refresh);
  }

  forget(): void {
    this.#turn += 1;
    this.#last = undefined;
    this.#body = '';
    drop();
  }

  /** Somebody goes elsewhere, or works on without this: it is nothing to come back to. */
  leave(): void {
    if (this.#state === 'r') {
      this.#stamp('l');
      // The next page of the tab may have written its own by then.
      this.#turn += 1;
    }
  }

  /** The page is shown again as it was. */
  enter(): void {
    if (this.#state === 'l') {
      this.#stamp('r');
      this.save();
    }
  }

  /** Says in storage how this page stands, at once, for nothing has to be sealed. */
  #stamp(state: State): void {
    this.#state = state;
    if (this.#body) {
      try {
        store(state + this.#body);
        this.#told();
      } catch (error) {
        this.#told(error);
      }
    }
  }

  async #write(): Promise<void> {
    // An app may have emptied its page when it heard of the end.
    const work = this.#gather(this.#state === 'e' ? this.#last : undefined);
    const plain = JSON.stringify(work);
    const now = Date.now();
    // A record lives on from the last change: one of an open page is renewed in time.
    const half = this.#forMs / 2;
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => this.save(), half);
    const fresh = plain === JSON.stringify(this.#last) && now - this.#savedAt < half;
    if (fresh && this.writes) {
      return;
    }
    this.#last = work;
    this.#savedAt = now;
    this.#turn += 1;
    const turn = this.#turn;
    const body = await seal(this.#keys as Keys, plain, now + this.#forMs);
    if (turn === this.#turn) {
      this.#body = body;
      this.#stamp(this.#state);
      if (!this.writes) {
        forgetExpired();
      }
    }
  }
}
