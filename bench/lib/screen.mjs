/**
 * A screen for the browser's windows, which nobody has to look at. Chromium takes a window that others
 * cover for hidden, so each stands beside the others.
 */
import { install, onPath } from '../../scripts/lib/packages.mjs';
import { Stop } from '../../scripts/lib/run.mjs';
import { startDisplay } from '../../tests/browser/lib/webkit.mjs';

/** Chromium makes no smaller ones. */
const [WIDTH, HEIGHT] = [520, 420];
/** How many are beside each other, and below. */
const SIDE = 8;

/** @typedef {Awaited<ReturnType<typeof startScreen>>} Screen */

export async function startScreen() {
  if (!onPath(['Xvfb'])) await install('A display for the windows', ['xvfb']);
  const program = onPath(['Xvfb']);
  if (!program) {
    throw new Stop('This part of the bench needs windows on a screen: install xvfb (Linux alone).');
  }
  const size = `${WIDTH * SIDE}x${HEIGHT * SIDE}x24`;
  const { name, stop } = await startDisplay(program, '-screen', '0', size);
  let places = 0;
  return {
    name,
    stop,
    /** Where the next window stands. Those of so long ago are closed. */
    place() {
      const [column, row] = [places % SIDE, Math.floor(places / SIDE) % SIDE];
      places += 1;
      return { left: column * WIDTH, top: row * HEIGHT, width: WIDTH, height: HEIGHT };
    },
  };
}
