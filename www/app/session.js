/**
 * Who is signed in here. The agent never stores a token; sharing it between the tabs of a browser
 * is the app's business, and this app does it with localStorage, so that the same address opened
 * in another tab is the same sign-in. It is removed the moment the session ends.
 */
const KEY = 'stillhere-demo.sign-in';

/** `{ token, user }` or null. */
export function stored() {
  try {
    const { token, user } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return typeof token === 'string' && typeof user === 'string' ? { token, user } : null;
  } catch {
    return null;
  }
}

/** Forgets this sign-in, but not a newer one of another tab. */
export function forget(signIn) {
  if (stored()?.token === signIn.token) localStorage.removeItem(KEY);
}

/** Asks the server for a token. Throws an Error whose message can be shown. */
export async function signIn(name) {
  const response = await fetch('/demo/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  }).catch(() => {
    throw new Error('The server does not answer. Is it running?');
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? `The server refused (${response.status}).`);
  const made = { token: body.token, user: body.user };
  localStorage.setItem(KEY, JSON.stringify(made));
  return made;
}

/** Calls back when another tab signed in. */
export function onSignInElsewhere(callback) {
  addEventListener('storage', (event) => {
    if (event.key === KEY && stored()) callback(stored());
  });
}
