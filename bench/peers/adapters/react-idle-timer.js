/** react-idle-timer in a component of its own, as its documentation shows for several tabs. */
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { useIdleTimer } from 'react-idle-timer';

function Timer({ idleMs, warnMs, onState, onEnd, more }) {
  useIdleTimer({
    crossTab: true,
    timeout: idleMs,
    promptBeforeIdle: warnMs,
    onPrompt: () => onState('warning'),
    onActive: () => onState('active'),
    onIdle: () => {
      onState('ended');
      onEnd('idle');
    },
    ...more,
  });
  return null;
}

/** @param {object} more what one configuration adds to `crossTab` */
export const withOptions = (more) =>
  function start({ idleMs, warnMs, onState, onEnd }) {
    const app = createRoot(document.getElementById('app'));
    app.render(createElement(Timer, { idleMs, warnMs, onState, onEnd, more }));
    return { stop: () => app.unmount() };
  };
