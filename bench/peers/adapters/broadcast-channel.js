/** The leader election of broadcast-channel: whoever leads sends, each interval, input or not. */
import { BroadcastChannel, createLeaderElection } from 'broadcast-channel';

export function start({ keepAliveMs, keepAliveUrl, onLead }) {
  const channel = new BroadcastChannel('bench');
  const elector = createLeaderElection(channel);
  let timer;
  void elector.awaitLeadership().then(() => {
    onLead();
    const send = () => fetch(keepAliveUrl, { method: 'POST' });
    void send();
    timer = setInterval(send, keepAliveMs);
  });
  return {
    stop() {
      clearInterval(timer);
      return elector.die().then(() => channel.close());
    },
  };
}
