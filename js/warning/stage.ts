import type { Agent } from 'stillhere';
import type { StillhereWarning } from 'stillhere/warning';
import { makeCover } from './cover.ts';
import { TEXTS } from './options.ts';

/** What is shown. */
export type State = 'warning' | 'checking' | 'ended';

/** A dialog that was loaded. */
export interface Dialog {
  /** Shows a state; `undefined` takes the dialog away once nobody is busy with it. */
  draw(state: State | undefined, isOffline: boolean): void;
  /** Leaves nothing behind. */
  stop(): void;
}

/** What a dialog knows and may do. */
export interface Means {
  readonly agent: Agent;
  readonly element: StillhereWarning;
  /** What the title of the covered page says. */
  title(words: string): void;
  /** Somebody is here; for a trusted event alone. */
  stay(event: Event): void;
  signIn(): void;
  close(): void;
}

/** A dialog that is still loading after so long is stood in for; one that did not load is tried again. */
const LATE_MS = 1000;
const RETRY_MS = 2000;
/** As long as the press takes that answers the dialog which stands in. */
const PRESS_MS = 500;

/** What people get while the dialog cannot be loaded: the question, in English, and the button. */
function standIn(isOver: boolean, { stay, signIn }: Means): HTMLDialogElement {
  const dialog = document.createElement('dialog');
  const button = document.createElement('button');
  dialog.role = 'alertdialog';
  dialog.lang = 'en';
  dialog.ariaLabel = isOver ? 'You are signed out.' : 'Are you still here?';
  button.textContent = isOver ? 'Sign in' : 'Yes';
  // Escape is an answer, and it is the phase that closes the dialog.
  dialog.onclick = dialog.oncancel = (event) => {
    event.preventDefault();
    isOver ? signIn() : stay(event);
  };
  dialog.append(dialog.ariaLabel, ' ', button);
  return dialog;
}

/** What a dialog may do for its user. */
function makeMeans(agent: Agent, element: StillhereWarning) {
  return {
    agent,
    element,
    stay(event: Event) {
      try {
        event.isTrusted && agent.stay();
      } catch {
        // It was closed: there is nobody to ask for any more.
        element.agent = undefined;
      }
    },
    signIn() {
      const { signIn } = element;
      if (typeof signIn === 'function') {
        signIn();
      } else if (signIn) {
        location.assign(signIn);
      } else {
        location.reload();
      }
    },
  };
}

/**
 * Where the dialog stands: at the end of `<html>`, whatever the app does with the rest of the page. It is
 * loaded when there is something to show.
 */
export function makeStage(agent: Agent, element: StillhereWarning) {
  const cover = makeCover();
  let state: State | undefined;
  let isOffline = false;
  let isCovered = false;
  let host: HTMLElement | undefined;
  let dialog: Dialog | undefined;
  let plain: HTMLDialogElement | undefined;
  let isLoading = false;
  /** The dialog is slow to load, or has failed to. */
  let isLate = false;
  let focused: Element | null | undefined;

  /** Takes everything away, and puts the focus back. */
  const close = () => {
    cover.set('');
    dialog?.stop();
    host?.remove();
    (focused as HTMLElement | undefined)?.focus({ preventScroll: true });
    isLate = false;
    state = dialog = host = plain = focused = undefined;
  };
  const means = { ...makeMeans(agent, element), title: cover.title, close };
  const showPlain = () => {
    isLate = true;
    // While the session is looked for there is nothing to ask.
    if (state && state !== 'checking' && host && !dialog) {
      plain?.remove();
      plain = host.appendChild(standIn(state === 'ended', means));
      plain.showModal();
    }
  };
  const load = async (into: HTMLElement) => {
    isLoading = true;
    const late = setTimeout(showPlain, LATE_MS);
    try {
      const { open } = await import('./dialog.ts');
      const opened = await open(into, means, TEXTS);
      if (host === into) {
        plain?.remove();
        dialog = opened;
      }
    } catch {
      // For want of a network, most likely. The plain dialog is there for as long as that lasts.
      showPlain();
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
    clearTimeout(late);
    isLoading = false;
    draw(false);
  };
  const draw = (isNew: boolean) => {
    if (dialog) {
      dialog.draw(state, isOffline);
    } else if (state) {
      host ??= document.documentElement.appendChild(document.createElement('stillhere-warning'));
      host.className = element.className;
      isLoading || load(host);
      isNew && isLate && showPlain();
    } else if (plain && !document.hidden) {
      setTimeout(() => state || close(), PRESS_MS);
    } else if (!isCovered) {
      close();
    }
  };
  return {
    close,
    /** Covers the page by those rules, and shows that in the dialog, or what has changed about it. */
    show(next: State | undefined, rules: string, offline: boolean) {
      const isNew = next !== state;
      state = next;
      isOffline = offline;
      isCovered = rules !== '' && !element.hasAttribute('no-cover');
      if (next || isCovered) {
        // What goes out of sight loses the focus.
        focused ??= document.activeElement;
      }
      cover.set(isCovered ? rules : '');
      draw(isNew);
      host?.toggleAttribute('covered', isCovered);
    },
  };
}
