/** What the tabs of an origin say to each other about coming back. No name and no text is in it. */
import type { Who } from 'stillhere/resume';
import { type Sealed, word } from './record.ts';
import { drop } from './store.ts';

/**
 * `back`: somebody signed in here. `who`: are they those of the record with this salt? `is`: what their
 * keys make of that salt. `have`: does another tab stand for that record? `taken`: it does. `out`:
 * somebody signed out.
 */
export type Kind = 'back' | 'who' | 'is' | 'have' | 'taken' | 'out';

export type Hear = (kind: Kind, salt: string, check: string, from: string) => void;

/** Sends a message from this page. */
export type Post = (kind: Kind, salt?: string, check?: string) => void;

let page = '';

/** A name for this page; of two that ask at the same moment the lower has it. */
export function me(): string {
  page ||= word();
  return page;
}

/** Listens until the signal; not while the page is in the back/forward cache, which would drop it. */
export function listen(hear: Hear, signal: AbortSignal): Post {
  let channel: BroadcastChannel | undefined;
  const shut = () => {
    channel?.close();
    channel = undefined;
  };
  const open = () => {
    try {
      channel ??= new BroadcastChannel('stillhere/resume');
    } catch {
      // The agent says with a fault that this page is alone.
      return;
    }
    channel.onmessage = ({ data }) => {
      const [from, kind, salt, check] = Array.isArray(data) ? data : [];
      // Two who keep work in one page are no two tabs.
      if (kind && from !== me()) {
        hear(kind, salt, check, from);
      }
    };
  };
  open();
  addEventListener('pagehide', shut, { signal });
  addEventListener('pageshow', open, { signal });
  signal.addEventListener('abort', shut);
  return (...message) => channel?.postMessage([me(), ...message]);
}

/** Waits for a sign-in in another tab, for the user of a record. */
export class Waiting {
  readonly #whose: () => Pick<Sealed, 'salt' | 'check'> | undefined;
  readonly #back: (who: Who) => void;
  #asked = false;
  post: Post = () => {};

  constructor(whose: () => Pick<Sealed, 'salt' | 'check'> | undefined, back: (who: Who) => void) {
    this.#whose = whose;
    this.#back = back;
  }

  ask(): void {
    const own = this.#whose();
    if (own) {
      this.#asked = true;
      this.post('who', own.salt);
    }
  }

  /** A page that stood still asks what it missed. */
  hook(signal: AbortSignal): void {
    const missed = (event: Event) =>
      (event as PageTransitionEvent).persisted !== false && this.ask();
    addEventListener('pageshow', missed, { signal });
    document.addEventListener('resume', missed, { signal });
  }

  hear(kind: Kind, salt: string, check: string): void {
    const own = this.#whose();
    if (kind === 'back') {
      this.ask();
    } else if (kind === 'out') {
      drop();
    } else if (kind === 'is' && this.#asked && own?.salt === salt) {
      this.#asked = false;
      if (check !== own.check) {
        drop();
      }
      this.#back(check === own.check ? 'same-user' : 'another-user');
    }
  }
}
