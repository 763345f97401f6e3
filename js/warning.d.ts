/**
 * `stillhere/warning`: the question "Are you still here?" in every tab, and what stands in the place of
 * the page when the session is over. Nothing is drawn or loaded before it is needed.
 *
 * ```js
 * import { attachWarning } from 'stillhere/warning';
 * attachWarning(agent, { signIn: '/login' });
 * ```
 */
import type { Agent, EndedBecause } from 'stillhere';

/** Every text that people read. `{time}` stands for a phrase such as "in 20 seconds". */
export interface WarningTexts extends Record<EndedBecause, string> {
  /** The question: "Are you still here?" */
  warning: string;
  /** What happens at zero, and what keeps the session. */
  text: string;
  /** What a screen reader says of the time left; with `{time}`. */
  left: string;
  /** The button that keeps the session. */
  stay: string;
  /** The button that ends it. */
  signOut: string;
  /** Shown in the warning while the authority cannot be reached. */
  offline: string;
  /** Shown while it is not known where the session stands. */
  checking: string;
  /** That it is over; why is the text named like the reason. */
  ended: string;
  /** The button of the way back in. */
  signIn: string;
}

export interface WarningOptions {
  /**
   * The way back in, behind the button at the end: an http(s) address, which may be relative, or a
   * function. Without it the button reloads the page.
   */
  signIn?: string | (() => void) | undefined;
  /** Own texts in place of those of the language. */
  texts?: Partial<WarningTexts> | undefined;
  /**
   * Language, a BCP 47 tag such as `de-CH`. Without it that of the document, then of the browser, as
   * far as there are texts: en, de, fr, es, it, pt, nl, pl, ja, zh, ko, ar; then English.
   */
  lang?: string;
  /**
   * While no tab of the group can be seen, warns with a notification too, if the user has allowed this
   * site to show some; it never asks for that. False by default.
   */
  notify?: boolean;
  /** Hides everything else in the document when the session is over. True by default. */
  cover?: boolean;
}

/**
 * `<stillhere-warning sign-in="/login" lang="de" notify no-cover>`. It can stand anywhere in the
 * document: the dialog is drawn at the end of `<html>`, in an element of the same name.
 *
 * Bad values throw a `StillhereError` with `code: 'bad-option'` (or `'unknown-option'`) and the name of
 * the `option`, and change nothing.
 */
export interface StillhereWarning extends HTMLElement {
  /**
   * The agent that it shows. `undefined`, or taking the element out of the document, unhooks it and takes
   * the dialog and the cover away. Several elements with the same agent are as good as one.
   */
  agent: Agent | undefined;
  /** Own texts; the attribute-free form of `WarningOptions.texts`. */
  texts: Partial<WarningTexts> | undefined;
  /** As in `WarningOptions`; the attribute `sign-in` sets it to an address. */
  signIn: string | (() => void) | undefined;
}

/**
 * Shows the warning and the end of that agent in this document. Called again for the same agent it gives
 * the element that is there these options in place of those before.
 *
 * @returns the element; `remove()` unhooks everything.
 * @throws {StillhereError} for a bad option, before anything is hooked.
 */
export function attachWarning(agent: Agent, options?: WarningOptions): StillhereWarning;

declare global {
  interface HTMLElementTagNameMap {
    'stillhere-warning': StillhereWarning;
  }
}
