// @ts-nocheck: a page of its own, served beside the package that it tests.
// Starts an agent with what the address says and keeps a record of what it told.

import { createAgent, StillhereError } from '/dist/index.js';

const query = new URLSearchParams(location.search);
window.record = [];
window.createAgent = createAgent;
window.StillhereError = StillhereError;

window.start = async (options) => {
  const agent = await createAgent(options);
  for (const name of [
    'phase',
    'activity',
    'keepalive',
    'policy',
    'refused',
    'fault',
    'ended',
    'observed',
  ]) {
    agent.addEventListener(name, ({ detail }) => {
      const what = detail.code ?? detail.because ?? detail.reason ?? detail.phase;
      window.record.push({ at: performance.timeOrigin + performance.now(), name, what });
    });
  }
  window.agent = agent;
  return agent.status;
};

window.inspect = async (options) => {
  const { openInspector } = await import('/dist/inspector.js');
  window.inspector = openInspector(window.agent, options);
};

if (query.has('token')) {
  await window.start({
    token: query.get('token'),
    authority: query.get('authority') ?? location.origin,
    // Where the page is embedded, and by whom it may be.
    hosts: query.getAll('host'),
    ...JSON.parse(query.get('options') ?? '{}'),
  });
}
window.ready = true;
