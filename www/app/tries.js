/** Small experiments, each of which shows one promise by doing. They stand in the inspector. */
import { h, say } from './dom.js';
import { countdown } from './words.js';

const TIMES = 10;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Tries {
  #watch;
  #signIn;
  #result = h('p', { class: 'fine', role: 'status' });
  node;

  constructor(watch, signIn) {
    this.#watch = watch;
    this.#signIn = signIn;
    const open = h(
      'a',
      { class: 'button small', href: location.pathname, target: '_blank', rel: 'noopener' },
      'Open another tab',
    );
    const buttons = h(
      'div',
      { class: 'tries' },
      open,
      this.#button(`Fake ${TIMES} key presses`, () => this.#fakeKey(), 200),
      this.#button(`Poll ${TIMES} times`, () => this.#poll(), 1000),
      this.#result,
    );
    this.node = h('section', { class: 'panel' }, h('h3', {}, 'Try it'), buttons);
    say(this.#result, 'Your click counts. What the script then does by itself does not.');
  }

  /** Does `once` some times, and says how the deadline took it. */
  #button(label, once, pauseMs) {
    const button = h('button', { class: 'small', type: 'button' }, label);
    button.addEventListener('click', async () => {
      button.disabled = true;
      for (let time = 1; time <= TIMES && this.#alive; time += 1) {
        await wait(pauseMs);
        const said = await once();
        const left = countdown(this.#watch.agent.status.remainingMs ?? 0);
        say(this.#result, `${said} ${time} of ${TIMES}. The clock runs on: ${left} left.`);
      }
      this.#watch.look();
      button.disabled = false;
    });
    return button;
  }

  get #alive() {
    return this.#watch.agent.status.phase !== 'ended';
  }

  #fakeKey() {
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
    return 'Key press by script';
  }

  async #poll() {
    const headers = { Authorization: `Bearer ${this.#signIn.token}` };
    // Read to its end: the browser lists no call before.
    await fetch('/v1/session', { headers, cache: 'no-store' })
      .then((answer) => answer.text())
      .catch(() => undefined);
    return 'Server polled';
  }
}
