import type * as Public from 'stillhere/vue';
import {
  type App,
  effectScope,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  onScopeDispose,
  provide,
  shallowRef,
  toRaw,
  toValue,
  watchEffect,
} from 'vue';
import { Life } from './adapters/life.ts';

const KEY: InjectionKey<Public.StillhereRefs> = Symbol('stillhere');

/** An agent for the current scope. */
function start(source: MaybeRefOrGetter<Public.SessionSource>): Public.StillhereRefs {
  const life = new Life();
  const agent = shallowRef<Public.Session['agent']>();
  const status = shallowRef<Public.Session['status']>();
  const error = shallowRef<Public.Session['error']>();
  life.subscribe(() => {
    agent.value = life.session.agent;
    status.value = life.session.status;
    error.value = life.session.error;
  });
  watchEffect(() => {
    const wanted = toValue(source);
    // Each option is followed; what is taken are the objects themselves, since a KeepAlive with private
    // fields does not work through Vue's proxies.
    Object.values(wanted ?? {});
    life.take(toRaw(wanted));
  });
  onScopeDispose(() => life.stop());
  return { agent, status, error };
}

export const stillhere = {
  install(app: App, source: MaybeRefOrGetter<Public.SessionSource>) {
    const scope = effectScope(true);
    app.provide(KEY, scope.run(() => start(source)) as Public.StillhereRefs);
    app.onUnmount(() => scope.stop());
  },
};

export function useStillhere(source?: MaybeRefOrGetter<Public.SessionSource>) {
  if (source !== undefined) {
    const refs = start(source);
    provide(KEY, refs);
    return refs;
  }
  const refs = inject(KEY, undefined);
  if (!refs) {
    throw new Error('useStillhere() needs app.use(stillhere, options), or options of its own.');
  }
  return refs;
}
