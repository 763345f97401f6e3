/** Signs somebody in to the desktop app: the page that the app opens in the browser (RFC 8252). */
import { byId, h, say } from '../app/dom.js';
import * as session from '../app/session.js';
import { deepLink, readRequest } from './request.js';

const PARTS = ['choice', 'name', 'done'];
const TITLE = 'Sign in to the desktop app';
const CAREFUL =
  'Go on only if you pressed “Sign in with your browser” in the desktop app just now.';
const OPENING = 'Your browser may ask whether to open Stillhere: allow it. Or use this button.';

let request;

/** A part may be none of them: then there is nothing to press. */
function show(part, title, lead) {
  for (const id of PARTS) byId(id).hidden = id !== part;
  say(byId('title'), title);
  say(byId('lead'), lead);
  document.title = `${title} · Stillhere`;
}

function askWho() {
  show('name', TITLE, CAREFUL);
  byId('sign-in-name').focus();
}

/**
 * Nobody is signed in to the app without a press on this page. Any page can send a browser here, and any
 * program of this machine can have claimed the app's scheme for itself: a code that came by itself would
 * be a session for whoever asked, and the person would not know (RFC 8252, sections 8.1 and 8.6). For the
 * same reason the button has no focus: a key that was meant for another page must not press it.
 */
function askWhether({ user }) {
  show('choice', TITLE, CAREFUL);
  say(byId('go-on'), `Continue as ${user}`);
}

/** Gets a code and hands it to the desktop app. */
async function goOn(signIn) {
  const { state, ...asked } = request;
  const { code } = await session.post('/demo/authorize', asked, signIn.token);
  const link = deepLink(code, state);
  byId('done').prepend(h('a', { class: 'button primary', href: link }, 'Open the desktop app'));
  show('done', `You are signed in as ${signIn.user}`, OPENING);
  byId('title').focus();
  location.assign(link);
}

/** Does what was pressed, once at a time, and says why it cannot. */
function onPress(node, type, work) {
  let busy = false;
  node.addEventListener(type, async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say(byId('error'), '');
    await work().catch((error) => say(byId('error'), error.message));
    busy = false;
  });
}

async function goOnAsStored() {
  const signIn = session.stored();
  try {
    if (!signIn) throw Object.assign(new Error(), { status: 401 });
    await goOn(signIn);
  } catch (error) {
    if (error.status !== 401) throw error;
    if (signIn) session.forget(signIn);
    askWho();
    throw new Error('That sign-in is over. Sign in again.');
  }
}

async function goOnByName() {
  const name = byId('sign-in-name').value.trim();
  if (!name) throw new Error('Type your name.');
  await goOn(await session.signIn(name));
}

function begin() {
  // In a frame another site could lay something over the button (RFC 6749, section 10.13).
  if (window.top !== window) throw new Error('It must not stand inside another page.');
  request = readRequest(location.search);
  const signIn = session.stored();
  if (signIn) askWhether(signIn);
  else askWho();
}

onPress(byId('go-on'), 'click', goOnAsStored);
onPress(byId('name'), 'submit', goOnByName);
byId('somebody-else').addEventListener('click', askWho);

try {
  begin();
} catch (error) {
  const advice = 'Close it and start again from the desktop app.';
  show(undefined, 'This page cannot sign you in', `${error.message} ${advice}`);
}
