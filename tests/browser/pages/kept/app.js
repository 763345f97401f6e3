// @ts-nocheck: a page of its own, served beside the package that it tests.
// An app with a sign-in of its own: what a test wants of it stands in localStorage.

import { createAgent } from '/dist/index.js';
import { keepWork } from '/dist/resume.js';

const stored = (key) => JSON.parse(localStorage.getItem(key) ?? 'null');
const wish = stored('wish') ?? {};
const signedIn = stored('signed-in');

window.keepWork = keepWork;
window.record = [];
if (wish.aheadMs) {
  const { now } = Date;
  Date.now = () => now() + wish.aheadMs;
}

if (wish.blocked) {
  Object.defineProperty(window, 'sessionStorage', {
    get() {
      throw new DOMException('Blocked.', 'SecurityError');
    },
  });
}

/** As React does it: a property of its own tells it what was set by itself, and by whom was not. */
function control(model) {
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  const field = document.querySelector('[name=caller]');
  let known = '';
  Object.defineProperty(field, 'value', {
    get: () => get.call(field),
    set(value) {
      known = value;
      set.call(field, value);
    },
  });
  field.addEventListener('input', () => {
    if (get.call(field) !== known) model.caller = get.call(field);
    field.value = model.caller ?? '';
  });
  document.querySelector('[name=urgent]').addEventListener('click', ({ target }) => {
    model.urgent = target.checked;
  });
}
if (wish.controlled) {
  window.model = {};
  control(window.model);
}
if (wish.late) {
  const form = document.querySelector('form');
  form.remove();
  window.show = () => document.body.prepend(form);
}

/** As a rude app would: everything is gone before anybody else is asked. */
function end() {
  if (stored('signed-in')?.token === signedIn.token) localStorage.removeItem('signed-in');
  document.querySelector('form')?.reset();
  document.querySelector('form')?.remove();
  document.body.className = 'covered';
  if (!wish.covers) location.replace('sign-in.html');
}

async function run() {
  const agent = await createAgent({ token: signedIn.token, authority: location.origin });
  agent.addEventListener('phase', ({ detail }) => detail.phase === 'ended' && end());
  const go = (address) => {
    window.went = [...(window.went ?? []), address];
    history.replaceState(null, '', wish.router === 'elsewhere' ? '?elsewhere' : address);
  };
  const onReturn = (who) => Object.assign(window, { returned: who });
  const more = { ...(wish.router && { go }), ...(wish.stays && { onReturn }) };
  const work = await keepWork(agent, { user: signedIn.user, ...wish.options, ...more });
  work.addEventListener('fault', ({ detail }) => window.record.push(detail.code));
  work.restored.then((restored) => Object.assign(window, { restored }));
  Object.assign(window, { agent, work, ready: true });
}

if (signedIn) run();
else location.replace('sign-in.html');
