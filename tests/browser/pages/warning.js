// @ts-nocheck: a page of its own, served beside the package that it tests.
// What page.js does, and the warning: `warning` in the address has its options, as JSON. With `fake` in the
// address the agent is one whose status the test sets, for states that are hard to come by.

import '/page.js';
import { attachWarning } from '/dist/warning.js';

class FakeAgent extends EventTarget {
  said = [];
  status = {
    phase: 'active',
    remainingMs: 60_000,
    policy: { mode: 'enforce' },
    keepAlive: { acknowledged: 0 },
  };
  contexts() {
    return [{ visible: !document.hidden }];
  }
  stay() {
    this.said.push('stay');
  }
  end() {
    this.said.push('end');
  }
  become(phase, more = {}) {
    this.status = { ...this.status, phase, ...more };
    this.dispatchEvent(new CustomEvent('phase', { detail: this.status }));
  }
}

const query = new URLSearchParams(location.search);
window.attachWarning = attachWarning;
window.FakeAgent = FakeAgent;
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
window.saved = 0;
document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  window.saved += 1;
});
/** Where the dialog is, and its parts. */
window.stage = () => [...document.querySelectorAll('stillhere-warning')].find((e) => e.shadowRoot);
window.part = (name) => window.stage()?.shadowRoot.querySelector(`[part="${name}"]`);
window.isOpen = () => Boolean(window.part('dialog')?.open);
/** Nothing in the body can be seen. */
window.isBare = () => {
  const isShown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  return ![...document.body.querySelectorAll('*')].some(isShown);
};
/** What is shown and said, with the moment, as mutations of the page tell. */
window.shown = [];
window.spoken = [];
window.times = [];
const now = () => performance.timeOrigin + performance.now();
const watchStage = (stage) => {
  const root = stage.shadowRoot;
  const status = root.querySelector('[part="status"]');
  const time = root.querySelector('[part="time"]');
  const note = (list, what) => what && list.push({ at: now(), what });
  note(window.times, time.textContent);
  new MutationObserver((changes) => {
    if (changes.some(({ target }) => target === status)) note(window.spoken, status.textContent);
    if (changes.some(({ target }) => target === time)) note(window.times, time.textContent);
  }).observe(root, { childList: true, subtree: true });
  const state = () => window.shown.push({ at: now(), what: stage.getAttribute('state') });
  new MutationObserver(state).observe(stage, { attributeFilter: ['state'] });
};
const { attachShadow } = Element.prototype;
Element.prototype.attachShadow = function (options) {
  const root = attachShadow.call(this, options);
  // Its parts are there once the call that builds them is done.
  if (this.localName === 'stillhere-warning') queueMicrotask(() => watchStage(this));
  return root;
};
new MutationObserver((changes) => {
  for (const { removedNodes } of changes) {
    for (const node of removedNodes) {
      if (node.localName === 'stillhere-warning') window.shown.push({ at: now(), what: '' });
    }
  }
}).observe(document.documentElement, { childList: true });

if (query.has('fake')) window.agent = new FakeAgent();
if (query.has('warning')) {
  window.warning = attachWarning(window.agent, JSON.parse(query.get('warning')));
}
window.ready = true;
