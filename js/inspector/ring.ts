/** The deadline as a ring that runs down, with the part in which people are warned, and why. */
import { h, s, say } from './dom.ts';
import type { Snapshot } from './snapshot.ts';
import type { Why } from './why.ts';
import { countdown } from './words.ts';

/** A circle whose stroke is 100 long, from the top clockwise. */
function circle(name: string, r = 50): SVGCircleElement {
  return s('circle', { class: name, cx: 60, cy: 60, r, pathLength: 100 });
}

export class Ring {
  readonly #zone = circle('zone', 58);
  readonly #left = circle('left');
  readonly #mark = s('line', { class: 'mark', x1: 60, y1: 0, x2: 60, y2: 13 });
  readonly #time = h('span', { class: 'time' });
  readonly #unit = h('span', { class: 'unit' });
  readonly #title = h('p', { class: 'ring-title', role: 'status' });
  readonly #because = h('p', { class: 'because' });
  readonly #next = h('p', { class: 'fine' });
  #before = 0;
  readonly node: HTMLElement;

  constructor() {
    const parts = [circle('track'), this.#zone, this.#left, this.#mark];
    const drawing = s('svg', { viewBox: '0 0 120 120', 'aria-hidden': 'true' }, ...parts);
    this.node = h(
      'div',
      { class: 'ring' },
      h('div', { class: 'face' }, drawing, h('p', {}, this.#time, ' ', this.#unit)),
      h('div', { class: 'why' }, this.#title, this.#because, this.#next),
    );
  }

  show({ status }: Snapshot, { title, because, next }: Why): void {
    const { phase, remainingMs, policy } = status;
    const total = policy.idleTimeoutMs;
    const left = remainingMs ?? total;
    const zone = (policy.warnBeforeMs / total) * 100;
    this.#zone.style.setProperty('--part', `${zone}`);
    this.#mark.style.setProperty('--turn', `${zone * 3.6}deg`);
    this.#left.style.setProperty('--part', `${Math.min(100, (left / total) * 100)}`);
    // Running down takes its time; being set back is at once.
    this.#left.classList.toggle('back', left > this.#before);
    this.#before = left;
    const held = phase === 'held';
    say(this.#time, held ? 'Held' : phase === 'checking' ? '···' : countdown(left));
    say(this.#unit, held ? 'stopped' : phase === 'checking' ? 'asking' : 'left');
    say(this.#title, title);
    say(this.#because, because);
    say(this.#next, next);
  }
}
