// @ts-nocheck: a page of its own, bundled with the package that it tests.
import '@angular/compiler';
import './common.js';
import { effect, provideZonelessChangeDetection, signal } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { provideStillhere, STILLHERE } from 'stillhere/angular';

let app;
const source = signal();

window.mount = async (first) => {
  source.set(first);
  app = await createApplication({
    providers: [provideZonelessChangeDetection(), provideStillhere(() => source)],
  });
  const { agent, status, error } = app.injector.get(STILLHERE);
  effect(() => window.see({ agent: agent(), status: status(), error: error() }), {
    injector: app.injector,
  });
};
window.update = (next) => source.set(next);
window.unmount = () => app.destroy();
