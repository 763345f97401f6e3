/** useIdle of VueUse in an effect scope; it knows its own tab alone and keeps nothing alive. */
import { useIdle } from '@vueuse/core';
import { effectScope, watch } from 'vue';

export function start({ idleMs, onState, onEnd }) {
  const scope = effectScope();
  scope.run(() => {
    const { idle } = useIdle(idleMs);
    watch(idle, (is) => {
      onState(is ? 'ended' : 'active');
      if (is) onEnd('idle');
    });
  });
  return { stop: () => scope.stop() };
}
