/** A press of which nothing more is heard is over after so long, in milliseconds. */
const LOST_MS = 1000;

/**
 * The key or button that answers the warning is still down when the answer is known. If the dialog went at
 * once, the rest of the press would reach the page beneath it: Enter its form, the click its buttons. So it
 * stays until the press is over. Which key it was is never looked at.
 */
export function hearPresses(
  dialog: HTMLElement,
  { signal }: AbortController,
  pressed: (event: Event) => void,
  released: () => void,
) {
  /** Why the dialog is to stay. */
  const busy = { press: '', elsewhere: false };
  let over: ReturnType<typeof setTimeout>;
  const on = (events: string, heard: (event: Event) => void) => {
    for (const event of events.split(' ')) {
      addEventListener(event, (event) => event.isTrusted && heard(event), {
        capture: true,
        signal,
      });
    }
  };
  const endIn = (ms: number) => {
    clearTimeout(over);
    over = setTimeout(() => {
      busy.press = '';
      released();
    }, ms);
  };
  on('keydown pointerdown', (event) => {
    busy.press = event.type;
    busy.elsewhere = false;
    endIn(LOST_MS);
    pressed(event);
  });
  // Who goes to another button of the dialog by key is not done with it. Nobody outside hears of that.
  dialog.addEventListener('focusin', () => {
    busy.elsewhere ||= busy.press === 'keydown';
  });
  // Once the page has had the event as well.
  on('keyup', () => endIn(0));
  on('click', () => busy.press === 'pointerdown' && endIn(0));
  return busy;
}
