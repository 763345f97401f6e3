/** Signing in, which page is shown, and when it looks again. */
import { byId, say } from '../app/dom.js';
import { Authority } from './api.js';
import { AuditView } from './audit.js';
import { ask, withdraw } from './dialog.js';
import { EndsView } from './ends.js';
import { PolicyView } from './policy.js';
import { SessionsView } from './sessions.js';
import { advice } from './trouble.js';

const VIEWS = {
  sessions: ['Live sessions', SessionsView],
  ends: ['Ends', EndsView],
  policy: ['Policy', PolicyView],
  audit: ['Audit', AuditView],
};
const KEY = 'stillhere-admin.sign-in';
const LOOK_MS = 5000;

/** Who is signed in and what is shown; undefined on the sign-in page. */
let current;

/** `{ base, token }` where somebody wished to keep them. */
function kept() {
  try {
    const { base, token } = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    return typeof base === 'string' && typeof token === 'string' ? { base, token } : undefined;
  } catch {
    return undefined;
  }
}

function showSignIn(why = '') {
  withdraw();
  current?.view?.stop?.();
  current = undefined;
  sessionStorage.removeItem(KEY);
  byId('view').replaceChildren();
  byId('console').hidden = true;
  byId('sign-in').hidden = false;
  document.title = 'Sign in · Stillhere administration';
  say(byId('token-error'), why);
  byId('token').focus();
}

/** Makes sure that somebody knows the token. A scope that it lacks is no reason to refuse it. */
async function signIn(base, token) {
  const authority = new Authority(base, token);
  await authority.get('sessions?limit=1').catch((error) => {
    if (error.status !== 403) throw error;
  });
  authority.onUnknown = () => {
    if (current?.desk.authority !== authority) return;
    showSignIn('The authority does not know this token any more: sign in again.');
  };
  const said = (text) => say(byId('said'), text);
  current = { desk: { authority, said, ask } };
  byId('sign-in').hidden = true;
  byId('console').hidden = false;
  say(byId('where'), authority.host);
  route();
}

async function onSignIn(event) {
  event.preventDefault();
  const token = byId('token').value.trim();
  const keep = byId('keep').checked;
  say(byId('token-error'), '');
  byId('sign-in-button').disabled = true;
  try {
    const { origin } = new URL(byId('base').value || location.origin);
    await signIn(origin, token);
    byId('token').value = '';
    if (keep) sessionStorage.setItem(KEY, JSON.stringify({ base: origin, token }));
    byId('view').focus();
  } catch (error) {
    say(byId('token-error'), refusedBecause(error));
    byId('token').focus();
  }
  byId('sign-in-button').disabled = false;
}

function refusedBecause(error) {
  if (error.status === 401) return `${error.message} Copy it again, as a whole.`;
  if (error instanceof TypeError) return 'The address of the authority must begin with http.';
  return advice(error).join(': ');
}

/** The page and what it shows, from `#sessions/ID`. */
function place() {
  const names = location.hash.slice(1).split('/');
  try {
    return names.map(decodeURIComponent);
  } catch {
    return ['sessions'];
  }
}

function route() {
  if (!current) return;
  const [wished, ...rest] = place();
  if (wished === 'view') return;
  const name = Object.hasOwn(VIEWS, wished) ? wished : 'sessions';
  const [title, View] = VIEWS[name];
  document.title = `${title} · Stillhere administration`;
  current.desk.said('');
  if (current.name !== name) {
    current.view?.stop?.();
    current.view = new View(current.desk);
    current.name = name;
    byId('view').replaceChildren(current.view.node);
    window.scrollTo(0, 0);
  }
  for (const link of document.querySelectorAll('.places a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  current.view.go(rest);
}

/** Nobody looks at a hidden page, so it asks nobody. */
function look() {
  if (document.visibilityState === 'visible') current?.view?.look?.();
}

byId('base').placeholder = location.origin;
byId('sign-in-form').addEventListener('submit', onSignIn);
byId('sign-out').addEventListener('click', () => showSignIn());
addEventListener('hashchange', route);
document.addEventListener('visibilitychange', look);
setInterval(look, LOOK_MS);
setInterval(() => current?.view?.tick?.(), 1000);

const before = kept();
if (before) {
  signIn(before.base, before.token).catch((error) => showSignIn(refusedBecause(error)));
} else {
  showSignIn();
}
