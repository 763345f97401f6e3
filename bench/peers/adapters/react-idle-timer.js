/** react-idle-timer in a component of its own, as its documentation shows for several tabs. */
import { createElement, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { useIdleTimer } from 'react-idle-timer';

function Timer({ idleMs, warnMs, keepAliveMs, keepAliveUrl, onState, onEnd, onLead, more }) {
  const timer = useIdleTimer({
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
  useEffect(() => {
    if (!more.leaderElection) return undefined;
    // It has no keep-alive: whoever leads sends, each interval in which it is not idle.
    const id = setInterval(() => {
      if (!timer.isLeader() || timer.isIdle()) return;
      onLead();
      void fetch(keepAliveUrl, { method: 'POST' });
    }, keepAliveMs);
    return () => clearInterval(id);
  }, [timer, more, keepAliveMs, keepAliveUrl, onLead]);
  return null;
}

/** @param {object} more what one configuration adds to `crossTab` */
export const withOptions = (more) =>
  function start(settings) {
    const app = createRoot(document.getElementById('app'));
    app.render(createElement(Timer, { ...settings, more }));
    return { stop: () => app.unmount() };
  };
