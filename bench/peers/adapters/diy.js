/**
 * What teams write by hand: the time of the last input in localStorage, written at most once a
 * second and read once a second by every tab, and a keep-alive of each tab while it is fresh.
 */
const KEY = 'lastActivity';
const EVENTS = ['keydown', 'mousedown', 'touchstart'];

export function start({ idleMs, warnMs, keepAliveMs, keepAliveUrl, onState, onEnd }) {
  let written = 0;
  let state = 'active';
  const idle = () => Date.now() - Number(localStorage.getItem(KEY));
  const note = () => {
    const now = Date.now();
    if (now - written < 1000) return;
    written = now;
    localStorage.setItem(KEY, String(now));
  };
  const show = (next) => {
    if (state === next) return;
    state = next;
    onState(next);
    if (next === 'ended') onEnd('idle');
  };
  const look = () => {
    if (state === 'ended') return;
    const past = idle();
    if (past >= idleMs) show('ended');
    else show(past >= idleMs - warnMs ? 'warning' : 'active');
  };
  const send = () => {
    if (state !== 'ended' && idle() < keepAliveMs) void fetch(keepAliveUrl, { method: 'POST' });
  };
  note();
  for (const name of EVENTS) addEventListener(name, note, { capture: true, passive: true });
  const timers = [setInterval(look, 1000), setInterval(send, keepAliveMs)];
  return {
    stop() {
      for (const name of EVENTS) removeEventListener(name, note, { capture: true });
      timers.forEach(clearInterval);
    },
  };
}
