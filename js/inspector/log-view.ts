/** The log of facts, newest first. */
import { badge, h, say } from './dom.ts';
import type { Entry, Log } from './log.ts';
import { clock } from './words.ts';

class Row {
  readonly #time = h('time');
  readonly #text = h('span');
  readonly node: HTMLLIElement;

  constructor({ kind, tab }: Entry) {
    const mark = tab ? badge(tab) : h('span', { class: 'log-mark', 'aria-hidden': 'true' });
    this.node = h('li', { 'data-kind': kind }, this.#time, mark, this.#text);
  }

  show({ at, text }: Entry, now: number): void {
    say(this.#time, clock(at, now));
    say(this.#text, text);
  }
}

export class LogView {
  readonly #log: Log;
  readonly #rows = new Map<number, Row>();
  readonly node = h('ol', {
    class: 'box log',
    tabindex: 0,
    'aria-label': 'What happened, newest first',
  });

  constructor(log: Log) {
    this.#log = log;
  }

  show(now: number): void {
    const { entries } = this.#log;
    const nodes = entries.map((entry) => {
      const row = this.#rows.get(entry.number) ?? new Row(entry);
      this.#rows.set(entry.number, row);
      row.show(entry, now);
      return row.node;
    });
    const oldest = entries.at(-1)?.number ?? 0;
    for (const number of this.#rows.keys()) {
      if (number < oldest) {
        this.#rows.delete(number);
      }
    }
    // Only what is new moves, so that a reader of an old line keeps its place.
    this.node.prepend(...nodes.filter((node) => node.parentNode !== this.node));
    while (this.node.children.length > nodes.length) {
      this.node.lastChild?.remove();
    }
  }
}
