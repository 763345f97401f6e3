/** The barest listener, and one request for each interval in which there was input. Nothing less tells a server. */
import { start as listen } from './barest.js';

export function start({ keepAliveMs, keepAliveUrl }) {
  const listener = listen();
  let sent = 0;
  const send = () => {
    if (listener.counted() === sent) return;
    sent = listener.counted();
    void fetch(keepAliveUrl, { method: 'POST' });
  };
  const timer = setInterval(send, keepAliveMs);
  return {
    ...listener,
    stop() {
      clearInterval(timer);
      listener.stop();
    },
  };
}
