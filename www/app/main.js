/** Sign in and desk: the two pages of the demo, and which of them is shown. The warning and the end are the element's. */
import { createAgent } from '/dist/index.js';
import '/dist/inspector.js';
import { keepWork } from '/dist/resume.js';
import { attachWarning } from '/dist/warning.js';
import { Desk } from './desk.js';
import * as session from './desktop.js';
import { byId, say } from './dom.js';
import { signIn as signInByName } from './session.js';
import { Tries } from './tries.js';
import { Watch } from './watch.js';
import { allTabs, countdown, span, timeOfDay, whyEnded } from './words.js';

const PAGES = ['sign-in', 'app'];

/** What is running: the sign-in, the agent and what shows it. */
let current;
/** Whether an agent is being made: the same sign-in may be found and heard of at once. */
let starting = false;

function show(page) {
  for (const id of PAGES) byId(id).hidden = id !== page;
}

function showSignIn(name = '') {
  current = undefined;
  document.title = 'Sign in · Stillhere';
  byId('sign-in-name').value = name;
  say(byId('sign-in-error'), '');
  say(byId('browser-opened'), '');
  for (const id of ['sign-in-form', 'sign-in-more']) byId(id).hidden = session.inDesktopApp;
  for (const id of ['open-browser', 'browser-opened']) byId(id).hidden = !session.inDesktopApp;
  show('sign-in');
  byId(session.inDesktopApp ? 'open-browser' : 'sign-in-name').focus();
}

async function start(signIn) {
  starting = true;
  try {
    await startAgent(signIn);
  } finally {
    starting = false;
  }
}

async function startAgent(signIn) {
  const agentOptions = {
    token: signIn.token,
    authority: location.origin,
    // The one site that may say that somebody works around this desk.
    hosts: [`${location.protocol}//crm.localhost${location.port && `:${location.port}`}`],
  };
  const agent = await createAgent(agentOptions);
  window.agent = agent;
  session.attach(agent);
  const watch = new Watch(agent);
  const desk = new Desk(byId('desk'), agent);
  const inspector = document.createElement('stillhere-inspector');
  const nameOf = ({ id }) => watch.snapshot?.nameOf(id).letter ?? '';
  Object.assign(inspector, { agent, agentOptions, nameOf });
  inspector.append(new Tries(watch, signIn).node);
  byId('inspector').replaceChildren(inspector);
  const warning = attachWarning(agent, { signIn: again });
  current = { signIn, agent, watch, desk, warning, wasAlive: false, mine: false };
  say(byId('who'), signIn.user);
  byId('app').dataset.phase = 'checking';
  show('app');
  watch.addEventListener('snapshot', (event) => showState(event.detail));
  agent.addEventListener('ended', (event) => showEnded(event.detail.because));
  watch.start();
  if (agent.status.phase === 'ended') showEnded(agent.status.endedBecause);
  // A server that has a secret of its own for each user would give it here too.
  current.work = await keepWork(agent, {
    user: signIn.user,
    onReturn: (who) => (who === 'same-user' ? again() : location.reload()),
  });
}

/** Starts, or says on the sign-in page why it cannot. */
async function tryStart(signIn) {
  try {
    await start(signIn);
  } catch (error) {
    showSignIn(signIn.user);
    say(byId('sign-in-error'), error.message);
  }
}

/** What the bar and the title of the tab say; hidden tabs are read by their title. */
function showState({ status, own, contexts }) {
  if (!current || status.phase === 'ended') return;
  current.wasAlive ||= status.phase !== 'checking';
  current.idleTimeoutMs = status.policy.idleTimeoutMs;
  byId('app').dataset.phase = status.phase;
  const left = status.remainingMs === null ? 'held' : countdown(status.remainingMs);
  say(byId('chip-time'), status.phase === 'checking' ? '···' : left);
  say(byId('who-badge'), own.letter);
  byId('who-badge').className = own.letter ? 'badge' : '';
  byId('who-badge').dataset.tab = own.color;
  byId('who-badge').title = `This is tab ${own.letter}`;
  if (status.phase === 'warning') {
    // The title is the warning's until it is over.
    sayWhatHappens(status, contexts.length);
    return;
  }
  const title = status.phase === 'held' ? 'On a call' : 'Front desk';
  document.title = own.letter ? `${own.letter} · ${title}` : title;
}

/** In the warning: what was measured, and how many tabs it is about. */
function sayWhatHappens({ policy }, tabs) {
  const quiet = span(policy.idleTimeoutMs - policy.warnBeforeMs);
  const [where, any] = session.inDesktopApp
    ? ['everywhere', 'window']
    : [`of ${allTabs(tabs)}`, 'tab'];
  const text = `Nobody was active for ${quiet}. At zero you are signed out ${where}. Any key or click will do, in any ${any}.`;
  if (current.warning.texts?.text !== text) current.warning.texts = { text };
}

/** The page is covered already: takes everything off it, and explains. */
function showEnded(because) {
  if (!current || current.over) return;
  const { signIn, agent, watch, desk, warning, work, mine, wasAlive } = current;
  current.over = true;
  show('');
  const kept = desk.clear() && work?.keeps && because !== 'signed-out';
  session.forget(signIn);
  const idleTimeoutMs = agent.status.policy.idleTimeoutMs;
  const [title, why] = whyEnded({ because, idleTimeoutMs, mine, wasAlive });
  const where = session.inDesktopApp
    ? 'every window'
    : allTabs(watch.snapshot?.contexts.length ?? 1);
  const ended = `${where[0].toUpperCase()}${where.slice(1)} ended at ${timeOfDay(Date.now())}.`;
  const waits = `The note that you had not saved waits in this tab for ${signIn.user}.`;
  const text = [why, wasAlive && ended, kept && waits].filter(Boolean).join(' ');
  warning.texts = { ended: title, [because]: text };
  watch.stop();
}

/** Goes on with the sign-in that there is, or shows how to get one. */
async function begin(name = '') {
  current = undefined;
  let signIn;
  let trouble = '';
  try {
    signIn = await session.present();
  } catch (error) {
    trouble = error.message;
  }
  // One that was heard of meanwhile has started already.
  if (current || starting) return;
  if (signIn) return tryStart(signIn);
  showSignIn(name);
  say(byId('sign-in-error'), trouble);
}

function again() {
  const name = current?.signIn.user;
  current?.work?.close();
  current?.warning.remove();
  current?.agent.close();
  return begin(name);
}

async function onSignIn(event) {
  event.preventDefault();
  const name = byId('sign-in-name').value.trim();
  say(byId('sign-in-error'), '');
  try {
    if (!name) throw new Error('Type your name.');
    await start(await signInByName(name));
    byId('desk').focus();
  } catch (error) {
    say(byId('sign-in-error'), error.message);
  }
}

async function openBrowser() {
  say(byId('sign-in-error'), '');
  try {
    await session.openBrowser();
    say(byId('browser-opened'), 'Your browser was opened. Sign in there, and come back here.');
  } catch (error) {
    say(byId('browser-opened'), '');
    say(byId('sign-in-error'), error.message);
  }
}

function toggleInspector() {
  const open = byId('inspector').hidden;
  byId('inspector').hidden = !open;
  byId('toggle').setAttribute('aria-expanded', String(open));
  say(byId('chip-label'), open ? 'Hide inspector' : 'Show inspector');
  if (open) current?.watch.look();
}

byId('sign-in-form').addEventListener('submit', onSignIn);
byId('open-browser').addEventListener('click', openBrowser);
byId('toggle').addEventListener('click', toggleInspector);
byId('sign-out').addEventListener('click', () => {
  current.mine = true;
  current.agent.end();
});
session.onSignIn((signIn) => {
  if (starting) return;
  if (!current) tryStart(signIn);
  else if (current.over) {
    const { warning } = current;
    warning.texts = { ...warning.texts, signIn: `Continue as ${signIn.user}` };
  }
});

// Beside the page that embeds it there is little room.
if (window.parent !== window) toggleInspector();

begin();
