/** idle-js; it knows its own tab alone and keeps nothing alive. */
import IdleJs from 'idle-js';

export function start({ idleMs, onState, onEnd }) {
  const idle = new IdleJs({
    idle: idleMs,
    onActive: () => onState('active'),
    onIdle: () => {
      onState('ended');
      onEnd('idle');
    },
  });
  idle.start();
  return { stop: () => idle.stop() };
}
