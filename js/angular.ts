import {
  computed,
  DestroyRef,
  effect,
  InjectionToken,
  inject,
  makeEnvironmentProviders,
  NgZone,
  signal,
  untracked,
} from '@angular/core';
import type * as Public from 'stillhere/angular';
import { Life } from './adapters/life.ts';

/** An agent for the injector that asks. */
function start(
  wanted: Public.SessionSource | (() => Public.SessionSource),
): Public.StillhereSignals {
  const life = new Life();
  const zone = inject(NgZone);
  const session = signal(life.session);
  life.subscribe(() => session.set(life.session));
  // Outside of the zone: each key and click that the agent hears would have the whole app checked.
  const take = (source: Public.SessionSource) =>
    untracked(() => zone.runOutsideAngular(() => life.take(source)));
  if (typeof wanted === 'function') {
    effect(() => take(wanted()));
  } else {
    take(wanted);
  }
  inject(DestroyRef).onDestroy(() => life.stop());
  return {
    agent: computed(() => session().agent),
    status: computed(() => session().status),
    error: computed(() => session().error),
  };
}

export const STILLHERE = new InjectionToken<Public.StillhereSignals>('stillhere');

export function provideStillhere(
  factory: () => Public.SessionSource | (() => Public.SessionSource),
) {
  return makeEnvironmentProviders([{ provide: STILLHERE, useFactory: () => start(factory()) }]);
}
