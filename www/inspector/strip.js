/** The last minute as a picture: inputs of each tab above, the keep-alives for all of them below. */
import { badge, h, s } from '../app/dom.js';
import { SECONDS } from './history.js';

/** Lanes that are drawn; of more tabs the busiest are shown. */
const LANES = 6;
/** Inputs in one second that fill the height of a lane. */
const FULL = 10;

/** A bar for each second that had inputs; the root makes one key visible beside ten. */
function bars(lane, now) {
  let path = '';
  for (const [second, count] of lane) {
    const x = SECONDS - 1 - (now - second);
    const height = Math.min(1, Math.sqrt(count / FULL)) * 20;
    path += `M${x + 0.15} 20h.7v${-height}h-.7z`;
  }
  return path;
}

class Lane {
  #bars = s('path');
  #mark = h('span', { class: 'strip-mark' });
  #letter;
  node;

  constructor() {
    const drawing = s('svg', { viewBox: '0 0 60 20', preserveAspectRatio: 'none' }, this.#bars);
    this.node = h('div', { class: 'strip-lane' }, this.#mark, drawing);
  }

  show(lane, name, now) {
    if (this.#letter !== name.letter) this.#mark.replaceChildren(badge(name));
    this.#letter = name.letter;
    this.node.dataset.tab = name.color;
    this.#bars.setAttribute('d', bars(lane, now));
  }
}

export class Strip {
  #history;
  #lanes = new Map();
  #dots = new Map();
  #names = new Map();
  #lanesNode = h('div', { class: 'strip-lanes' });
  #sends = h('div', { class: 'strip-sends' });
  node;

  constructor(history) {
    this.#history = history;
    const scale = ['1 min ago', '30 s', 'now'].map((text) => h('span', {}, text));
    this.node = h(
      'div',
      { class: 'strip', 'aria-hidden': 'true' },
      h('p', { class: 'strip-caption' }, 'Keys and clicks, each second'),
      this.#lanesNode,
      h('p', { class: 'strip-caption' }, 'Keep-alives to the server, for all tabs together'),
      h('div', { class: 'strip-row' }, h('span'), this.#sends),
      h('p', { class: 'strip-scale' }, ...scale),
    );
  }

  show({ at, nameOf }) {
    const now = Math.floor(at / 1000);
    for (const id of this.#history.lanes.keys()) {
      // The letter of a tab that left may go to another one; its past keeps its own.
      const name = nameOf(id);
      if (name.letter || !this.#names.has(id)) this.#names.set(id, name);
    }
    this.#showLanes(now);
    this.#showSends(at);
  }

  #showLanes(now) {
    const size = (lane) => [...lane.values()].reduce((sum, count) => sum + count, 0);
    const name = (id) => this.#names.get(id);
    const busiest = [...this.#history.lanes]
      .sort(([, a], [, b]) => size(b) - size(a))
      .slice(0, LANES)
      .sort(([a], [b]) => name(a).place - name(b).place);
    const wanted = busiest.map(([id, lane]) => {
      if (!this.#lanes.has(id)) this.#lanes.set(id, new Lane());
      const view = this.#lanes.get(id);
      view.show(lane, name(id), now);
      return view.node;
    });
    const same = wanted.length === this.#lanesNode.children.length;
    if (!same || wanted.some((node, at) => this.#lanesNode.children[at] !== node)) {
      this.#lanesNode.replaceChildren(...wanted);
    }
  }

  #showSends(at) {
    const wanted = new Set();
    for (const sent of this.#history.sends) {
      const key = `${sent.id} ${sent.number}`;
      wanted.add(key);
      if (!this.#dots.has(key)) {
        const dot = badge(this.#names.get(sent.id));
        dot.classList.add('strip-dot');
        this.#dots.set(key, dot);
        this.#sends.append(dot);
      }
      const place = 100 - ((at - sent.at) / (SECONDS * 1000)) * 100;
      this.#dots.get(key).style.setProperty('left', `${place.toFixed(2)}%`);
    }
    for (const [key, dot] of this.#dots) {
      if (!wanted.has(key)) {
        dot.remove();
        this.#dots.delete(key);
      }
    }
  }
}
