/** The deadline as a ring that runs down, with the part in which people are warned. */
import { h, s, say } from '../app/dom.js';
import { allTabs, countdown } from '../app/words.js';

const WORDS = {
  active: [
    'Signed in',
    ({ tabs, warn }) =>
      `A key or click in any tab starts the clock again. Without one, ${tabs} in ${warn}.`,
  ],
  warning: ['Still here?', ({ all }) => `A key or click in any tab keeps ${all} signed in.`],
  held: [
    'On a call',
    ({ lease }) =>
      lease
        ? `An open call stops the clock. Should its tab crash, that lapses in ${lease}.`
        : 'A call outside of these tabs is open, or one has just ended.',
  ],
  checking: ['Checking', () => 'Asking the other tabs and the server where the session stands.'],
  ended: ['Signed out', ({ all }) => `The session ended in ${all}.`],
};

/** A circle whose stroke is 100 long, from the top clockwise. */
function circle(name, r = 50) {
  return s('circle', { class: name, cx: 60, cy: 60, r, pathLength: 100 });
}

export class Ring {
  #zone = circle('ring-zone', 58);
  #left = circle('ring-left');
  #mark = s('line', { class: 'ring-mark', x1: 60, y1: 0, x2: 60, y2: 13 });
  #time = h('span', { class: 'ring-time' });
  #unit = h('span', { class: 'ring-unit' });
  #title = h('p', { class: 'ring-title', role: 'status' });
  #sentence = h('p', { class: 'fine' });
  #before = 0;
  node;

  constructor() {
    const drawing = s(
      'svg',
      { viewBox: '0 0 120 120', 'aria-hidden': 'true' },
      circle('ring-track'),
      this.#zone,
      this.#left,
      this.#mark,
    );
    this.node = h(
      'section',
      { class: 'ring', 'aria-label': 'Deadline' },
      h('div', { class: 'ring-face' }, drawing, h('p', {}, this.#time, this.#unit)),
      h('div', { class: 'ring-words' }, this.#title, this.#sentence),
    );
  }

  show({ status, contexts }) {
    const { phase, remainingMs, policy, holds } = status;
    const total = policy.idleTimeoutMs;
    const left = remainingMs ?? total;
    const zone = (policy.warnBeforeMs / total) * 100;
    this.#zone.style.setProperty('--part', String(zone));
    this.#mark.style.setProperty('--turn', `${zone * 3.6}deg`);
    this.#left.style.setProperty('--part', String(Math.min(100, (left / total) * 100)));
    // Running down takes its time; being set back is at once.
    this.#left.classList.toggle('ring-back', left > this.#before);
    this.#before = left;
    say(this.#time, phase === 'held' ? 'Held' : countdown(left));
    say(this.#unit, phase === 'held' ? 'stopped' : 'left');
    const [title, sentence] = WORDS[phase];
    say(this.#title, title);
    const lease = holds.length > 0 && countdown(Math.max(...holds.map((hold) => hold.expiresInMs)));
    const all = allTabs(contexts.length);
    const tabs = contexts.length > 1 ? `${all} warn` : 'this tab warns';
    const warn = countdown(Math.max(0, left - policy.warnBeforeMs));
    say(this.#sentence, sentence({ all, tabs, warn, lease }));
  }
}
