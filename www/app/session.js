/**
 * Who is signed in here. The agent never stores a token; sharing it between the tabs of a browser
 * is the app's business, and this app does it with localStorage, so that the same address opened
 * in another tab is the same sign-in. It is removed the moment the session ends. In the desktop app
 * none of this is used: desktop.js.
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

/**
 * Posts JSON to the server. Throws an Error whose message can be shown, and with the status where the
 * server refused.
 */
export async function post(path, body, token) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(path, request).catch(() => {
    throw new Error('The server does not answer. Is it running?');
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const refused = new Error(answer.detail ?? `The server refused (${response.status}).`);
  throw Object.assign(refused, { status: response.status });
}

/** Asks the server for a token. Throws as `post` does. */
export async function signIn(name) {
  const { token, user } = await post('/demo/sign-in', { name });
  localStorage.setItem(KEY, JSON.stringify({ token, user }));
  return { token, user };
}

/** Calls back when another tab signed in. */
export function onSignInElsewhere(callback) {
  addEventListener('storage', (event) => {
    if (event.key === KEY && stored()) callback(stored());
  });
}
