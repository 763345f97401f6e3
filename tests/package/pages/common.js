// @ts-nocheck: a page of its own, bundled with the package that it tests.
// What a page of each adapter offers the test: `mount`, `update`, `unmount`, what was seen last and how often.

import { createAgent } from 'stillhere';

window.createAgent = createAgent;
window.seen = undefined;
window.times = 0;
window.see = (session) => {
  window.seen = session;
  window.times += 1;
};

/** Agents that were made, by what each of them opens: also those that nobody was shown. */
window.made = 0;
window.BroadcastChannel = class extends BroadcastChannel {
  constructor(name) {
    super(name);
    window.made += 1;
  }
};
