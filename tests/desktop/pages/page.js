// @ts-nocheck: a page of its own, served beside the package that it tests.
// What an app does in the desktop app: takes the token from the shell, and warns. Everything of it has a
// colour that nothing else has.

import { createAgent } from '/dist/index.js';
import { attachWarning } from '/dist/warning.js';

window.phases = [];
/** Each frame that was painted: when, and whether anything of the page was in it. */
window.frames = [];
const main = document.querySelector('main');

async function start({ token }) {
  const agent = await createAgent({ token, authority: location.origin });
  agent.addEventListener('phase', () => window.phases.push(agent.status.phase));
  attachWarning(agent);
  window.stillhereDesktop.attach(agent);
  window.agent = agent;
}

function frame() {
  const shown = main.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });
  window.frames.push([Date.now(), shown]);
  requestAnimationFrame(frame);
}
frame();

window.stillhereDesktop.addEventListener('sign-in', ({ detail }) => start(detail));
const signIn = await window.stillhereDesktop.token();
if (signIn) await start(signIn);
window.ready = true;
