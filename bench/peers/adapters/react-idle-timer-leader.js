/**
 * The leader election of react-idle-timer. It tells nobody that it leads: whoever does, when the next
 * keep-alive is due, sends it.
 */
import { createElement, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { useIdleTimer } from 'react-idle-timer';

function Timer({ idleMs, keepAliveMs, keepAliveUrl, onLead }) {
  const { isLeader } = useIdleTimer({
    crossTab: true,
    leaderElection: true,
    syncTimers: 200,
    timeout: idleMs,
  });
  useEffect(() => {
    let led = false;
    const send = () => {
      const leads = isLeader();
      if (leads) void fetch(keepAliveUrl, { method: 'POST' });
      if (leads && !led) onLead();
      led = leads;
    };
    const timer = setInterval(send, keepAliveMs);
    return () => clearInterval(timer);
  }, [isLeader, keepAliveMs, keepAliveUrl, onLead]);
  return null;
}

export function start(options) {
  const app = createRoot(document.getElementById('app'));
  app.render(createElement(Timer, options));
  return { stop: () => app.unmount() };
}
