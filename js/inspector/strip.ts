/** The last minute as a picture: inputs of each tab above, the keep-alives for all of them below. */
import { arrange, badge, h, s } from './dom.ts';
import { type History, SECONDS } from './history.ts';
import { colorOf, inOrder, type Snapshot } from './snapshot.ts';

/** Lanes that are drawn; of more tabs the busiest are shown. */
const LANES = 6;
/** Inputs in one second that fill the height of a lane. */
const FULL = 10;

type Seconds = Map<number, number>;

/** A bar for each second that had inputs; the root makes one key visible beside ten. */
function bars(lane: Seconds, now: number): string {
  return [...lane]
    .map(([second, count]) => {
      const x = SECONDS - 1 - (now - second);
      const height = Math.min(1, Math.sqrt(count / FULL)) * 20;
      return `M${x + 0.15} 20h.7v${-height}h-.7z`;
    })
    .join('');
}

class Lane {
  readonly #bars = s('path');
  readonly #mark = h('span', { class: 'strip-mark' });
  #label: string | undefined;
  readonly node: HTMLElement;

  constructor() {
    const drawing = s('svg', { viewBox: '0 0 60 20', preserveAspectRatio: 'none' }, this.#bars);
    this.node = h('div', { class: 'strip-lane' }, this.#mark, drawing);
  }

  show(lane: Seconds, label: string, now: number): void {
    if (this.#label !== label) {
      this.#mark.replaceChildren(badge(label));
      this.node.dataset.tab = `${colorOf(label)}`;
      this.#label = label;
    }
    this.#bars.setAttribute('d', bars(lane, now));
  }
}

export class Strip {
  readonly #history: History;
  readonly #lanes = new Map<string, Lane>();
  readonly #dots = new Map<string, HTMLElement>();
  readonly #lanesNode = h('div', { class: 'strip-lanes' });
  readonly #sends = h('div', { class: 'strip-sends' });
  readonly node: HTMLElement;

  constructor(history: History) {
    this.#history = history;
    const scale = ['1 min ago', '30 s', 'now'].map((text) => h('span', {}, text));
    // The heading says the same in numbers.
    this.node = h(
      'div',
      { class: 'box strip', 'aria-hidden': 'true' },
      h('p', { class: 'caption' }, 'Keys and clicks, each second'),
      this.#lanesNode,
      h('p', { class: 'caption' }, 'Keep-alives to the server, for all tabs together'),
      h('div', { class: 'strip-row' }, h('span'), this.#sends),
      h('p', { class: 'scale' }, ...scale),
    );
  }

  show({ at, label }: Snapshot): void {
    this.#showLanes(Math.floor(at / 1000), label);
    this.#showSends(at, label);
  }

  #showLanes(now: number, label: Snapshot['label']): void {
    const size = (lane: Seconds) => [...lane.values()].reduce((sum, count) => sum + count, 0);
    const { lanes } = this.#history;
    for (const id of this.#lanes.keys()) {
      if (!lanes.has(id)) {
        this.#lanes.delete(id);
      }
    }
    const nodes = [...lanes]
      .sort(([, a], [, b]) => size(b) - size(a))
      .slice(0, LANES)
      .sort(([a], [b]) => inOrder(label(a), label(b)))
      .map(([id, lane]) => {
        const view = this.#lanes.get(id) ?? new Lane();
        this.#lanes.set(id, view);
        view.show(lane, label(id), now);
        return view.node;
      });
    arrange(this.#lanesNode, nodes);
    this.node.classList.toggle(
      'wide',
      [...lanes.keys()].some((id) => label(id).length > 1),
    );
  }

  #showSends(at: number, label: Snapshot['label']): void {
    const wanted = new Set<string>();
    for (const { at: sentAt, id, number } of this.#history.sends) {
      const key = `${id} ${number}`;
      wanted.add(key);
      const dot = this.#dots.get(key) ?? badge(label(id));
      if (!this.#dots.has(key)) {
        dot.classList.add('strip-dot');
        this.#dots.set(key, dot);
        this.#sends.append(dot);
      }
      const place = 100 - ((at - sentAt) / (SECONDS * 1000)) * 100;
      dot.style.setProperty('left', `${place.toFixed(2)}%`);
    }
    for (const [key, dot] of this.#dots) {
      if (!wanted.has(key)) {
        dot.remove();
        this.#dots.delete(key);
      }
    }
  }
}
