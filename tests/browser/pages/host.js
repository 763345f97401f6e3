// @ts-nocheck: a page of its own, served beside the package that it tests.
// A page around another, as the address says: ?frame=URL, with ?attach it helps the app in it.

import { attachHost } from '/dist/host.js';

const query = new URLSearchParams(location.search);
window.attachHost = attachHost;
window.record = [];
/** Everything that any window said to this page. */
window.heard = [];
addEventListener('message', ({ data, origin }) => window.heard.push({ data, origin }));

window.embed = (src, sandbox) => {
  const frame = document.createElement('iframe');
  if (sandbox) frame.sandbox = sandbox;
  frame.src = src;
  document.body.append(frame);
  return frame;
};

/** @param {HTMLIFrameElement} frame @param {string[]} relay */
window.attach = (frame, relay) => {
  window.host = attachHost(frame, { origin: new URL(frame.src).origin, source: 'test', relay });
  for (const name of ['phase', 'ended']) {
    host.addEventListener(name, ({ detail }) => window.record.push({ name, what: detail.phase }));
  }
};

if (query.has('frame')) {
  window.frame = window.embed(query.get('frame'));
  if (query.has('attach')) window.attach(window.frame, query.getAll('relay'));
}
window.ready = true;
