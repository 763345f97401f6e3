/** A screen for the browser's windows, which nobody has to look at. */
import { install, onPath } from '../../scripts/lib/packages.mjs';
import { Stop } from '../../scripts/lib/run.mjs';
import { startDisplay } from '../../tests/browser/lib/webkit.mjs';

export async function startScreen() {
  if (!onPath(['Xvfb'])) await install('A display for the windows', ['xvfb']);
  const program = onPath(['Xvfb']);
  if (!program) {
    throw new Stop('This part of the bench needs windows on a screen: install xvfb (Linux alone).');
  }
  return startDisplay(program);
}
