// @ts-nocheck: a page of its own, served beside the package that it measures.
// An app that paints nothing by itself: with an agent in the desktop app, and without one elsewhere.

import { createAgent } from '/dist/index.js';

const desktop = window.stillhereDesktop;

async function start({ token }) {
  const agent = await createAgent({ token, authority: location.origin });
  desktop.attach(agent);
  window.agent = agent;
}

desktop?.addEventListener('sign-in', ({ detail }) => start(detail));
const signIn = await desktop?.token();
if (signIn) await start(signIn);
