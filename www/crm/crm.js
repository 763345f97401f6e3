/**
 * A page on another site, around the app: `stillhere/host` tells the agent in the frame that somebody
 * works here. The app lists crm.localhost; any other site gets nothing.
 */
import { attachHost } from '/dist/host.js';
import { byId, h, say } from '../app/dom.js';
import { countdown, plural } from '../app/words.js';

const port = location.port && `:${location.port}`;
const app = `${location.protocol}//localhost${port}`;
const isListed = location.hostname === 'crm.localhost';

const WORDS = {
  active: 'The desk is signed in',
  held: 'The desk is on a call',
  warning: 'The desk signs you out',
  checking: 'The desk is checking',
  ended: 'The desk is signed out',
};

const frame = byId('desk');
frame.src = `${app}/`;
const host = attachHost(frame, { origin: app, source: 'Northgate CRM' });
window.host = host;

let keys = 0;
addEventListener('keydown', ({ isTrusted, repeat }) => {
  if (isTrusted && !repeat) keys += 1;
});

function show() {
  const { status } = host;
  const phase = status?.phase ?? 'checking';
  byId('state').dataset.phase = phase;
  const silent = isListed ? 'Sign in at the desk' : 'The desk does not answer this site';
  say(byId('state-text'), status ? WORDS[phase] : silent);
  const left = status?.remainingMs;
  const counts = left != null && phase !== 'ended' && phase !== 'checking';
  say(byId('state-time'), counts ? countdown(left) : '');
  say(byId('sent'), keys > 0 ? `${plural(keys, 'key')} pressed on this page.` : '');
}

say(byId('site'), location.host);
say(
  byId('effect'),
  isListed
    ? 'What you type here keeps the desk signed in. The desk hears that you work, not what you write.'
    : 'This site is not on the desk’s list: what you type here does not keep it signed in.',
);
const other = isListed ? 'unlisted.localhost' : 'crm.localhost';
byId('other').append(
  isListed ? 'See what a site gets that is not on the list: ' : 'See a site that is on the list: ',
  h('a', { href: `${location.protocol}//${other}${port}/` }, `${other}${port}`),
);
byId('notes').focus();
host.addEventListener('phase', show);
show();
// The time left is shown, never sent: heartbeats come of input alone.
setInterval(show, 500);
