// The public types of the adapters, tested by the compiler: see public.test-d.ts.

import { Component, type Signal } from '@angular/core';
import { createElement, type JSX, type ReactNode } from 'react';
import type { Agent, Status } from 'stillhere';
import type * as Angular from 'stillhere/angular';
import type * as ReactEntry from 'stillhere/react';
import type * as Svelte from 'stillhere/svelte';
import type * as Vue from 'stillhere/vue';
import { type App, computed, ref, shallowRef } from 'vue';
import type * as BuiltAngular from '../../js/angular.ts';
import type * as BuiltReact from '../../js/react.ts';
import type * as BuiltSvelte from '../../js/svelte.ts';
import type * as BuiltVue from '../../js/vue.ts';

/** What is built is what is declared, in both directions. */
type Fits<A, B> = A extends B ? true : never;
export const react: Fits<typeof BuiltReact, typeof ReactEntry> = true;
export const vue: Fits<typeof BuiltVue, typeof Vue> = true;
export const svelte: Fits<typeof BuiltSvelte, typeof Svelte> = true;
export const angular: Fits<typeof BuiltAngular, typeof Angular> = true;
export const names: [
  Fits<keyof typeof ReactEntry, keyof typeof BuiltReact>,
  Fits<keyof typeof Vue, keyof typeof BuiltVue>,
  Fits<keyof typeof Svelte, keyof typeof BuiltSvelte>,
  Fits<keyof typeof Angular, keyof typeof BuiltAngular>,
] = [true, true, true, true];

declare const agent: Agent;
declare const inReact: typeof ReactEntry;
declare const inVue: typeof Vue;
declare const inSvelte: typeof Svelte;
declare const inAngular: typeof Angular;
const options = { token: 'x', authority: '/', session: 'ada' };

export function useReact(): ReactNode {
  const { agent: mine, status, error } = inReact.useStillhere();
  mine?.stay();
  status satisfies Status | undefined;
  error?.message.toUpperCase();
  // @ts-expect-error it may not be there
  mine.stay();
  // @ts-expect-error there is no such option
  createElement(inReact.StillhereProvider, { options: { ...options, timeout: 5 } });
  createElement(inReact.StillhereProvider, { options: null });
  return createElement(inReact.StillhereProvider, { options, agent }, 'child');
}
export const element: JSX.IntrinsicElements['stillhere-warning'] = {
  agent,
  'sign-in': '/login',
  notify: true,
  texts: {},
  className: 'x',
};
// @ts-expect-error it takes an agent, not its options
export const noAgent: JSX.IntrinsicElements['stillhere-warning'] = { agent: options };

export function useVue(app: App): void {
  app.use(inVue.stillhere, options);
  app.use(inVue.stillhere, ref(options));
  app.use(inVue.stillhere, () => null);
  // @ts-expect-error the token is required
  app.use(inVue.stillhere, { authority: '/' });
  const mine = inVue.useStillhere(shallowRef(agent));
  computed(() => mine.status.value?.phase).value satisfies Status['phase'] | undefined;
  // @ts-expect-error it is read-only
  mine.agent.value = agent;
  inVue.useStillhere().error.value?.message.toUpperCase();
}

export function useSvelte(): void {
  const store = inSvelte.stillhere();
  const leave: () => void = store.subscribe(({ status }) => status?.remainingMs);
  store.use(options);
  store.use(null);
  store.use(agent);
  // @ts-expect-error it is not what is signed in
  store.use('ada');
  leave();
}

export function useAngular(): void {
  inAngular.provideStillhere(() => options);
  inAngular.provideStillhere(() => () => null);
  inAngular.provideStillhere(() => agent);
  // @ts-expect-error it is made in the injector, so a function gives it
  inAngular.provideStillhere(options);
  const status = (mine: Angular.StillhereSignals): Signal<Status | undefined> => mine.status;
  Component({ template: '', providers: [{ provide: inAngular.STILLHERE, useFactory: status }] });
}
