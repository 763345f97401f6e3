// One line for the head of a page, or the first import of an app: it counts what people do until the
// agent is up, which then takes over. Which key, where, and what was typed is never read.
import type { Early } from 'stillhere/early';

// A page may have the line and the import; and once an agent is up nobody takes anything over.
if (window.stillhereEarly === undefined) {
  const stop = new AbortController();
  const early: Early = { stop, keydown: [0, 0], pointerdown: [0, 0] };
  for (const event of ['keydown', 'pointerdown'] as const) {
    addEventListener(
      event,
      ({ isTrusted, repeat, timeStamp }: Event & { repeat?: boolean }) => {
        if (isTrusted && !repeat) {
          early[event] = [early[event][0] + 1, timeStamp];
        }
      },
      { capture: true, signal: stop.signal },
    );
  }
  window.stillhereEarly = early;
}
