// @ts-nocheck: a page of its own, bundled with the package that it tests.
import './common.js';
import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { StillhereProvider, useStillhere } from 'stillhere/react';

let root;

function Probe() {
  window.see(useStillhere());
}

window.mount = (source) => {
  root = createRoot(document.body.appendChild(document.createElement('div')));
  window.update(source);
};
window.update = (source) => {
  const props = source instanceof EventTarget ? { agent: source } : { options: source };
  const provider = createElement(StillhereProvider, props, createElement(Probe));
  root.render(createElement(StrictMode, null, provider));
};
window.unmount = () => root.unmount();
