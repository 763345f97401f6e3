/** tab-election: whoever leads sends, each interval, input or not. */
import { Tab } from 'tab-election';

export function start({ keepAliveMs, keepAliveUrl, onLead }) {
  const tab = new Tab('bench');
  let timer;
  void tab.waitForLeadership(() => {
    onLead();
    const send = () => fetch(keepAliveUrl, { method: 'POST' });
    void send();
    timer = setInterval(send, keepAliveMs);
  });
  return {
    stop() {
      clearInterval(timer);
      tab.close();
    },
  };
}
