/**
 * Who is signed in, wherever the app runs. In the desktop app its shell keeps the token and this page
 * stores it nowhere; the shell is there before any script, as `window.stillhereDesktop`. In a browser
 * session.js keeps it.
 */
import * as browser from './session.js';

const shell = window.stillhereDesktop;

export const inDesktopApp = Boolean(shell);

/** The token that ended here last: the shell may hear of it a moment later than this page. */
let over;

/** `{ token, user }`, or null. Rejects with an Error whose message can be shown. */
export async function present() {
  if (!shell) return browser.stored();
  const signIn = await shell.token();
  return signIn?.token === over ? null : signIn;
}

/** Forgets this sign-in, but not a newer one. */
export function forget(signIn) {
  if (shell) over = signIn.token;
  else browser.forget(signIn);
}

/** Calls back when somebody signed in: in another tab, or through the browser for the desktop app. */
export function onSignIn(callback) {
  if (shell) shell.addEventListener('sign-in', ({ detail }) => callback(detail));
  else browser.onSignInElsewhere(callback);
}

/** Lets the shell keep the page covered until its agent knows where the session stands. */
export function attach(agent) {
  shell?.attach(agent);
}

/** Opens the system's browser to sign in there; only in the desktop app. */
export const openBrowser = () => shell.signIn();
