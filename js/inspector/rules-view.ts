/** The rules in force, beside what the page wished for. */
import { h, say } from './dom.ts';
import { rules, type Wishes } from './rules.ts';
import type { Snapshot } from './snapshot.ts';

export class Rules {
  readonly #cells: { inForce: HTMLElement; wish: HTMLElement }[] = [];
  readonly #body = h('tbody');
  readonly #table: HTMLTableElement;
  readonly #fine = h('p', { class: 'fine' });
  readonly node: HTMLElement;

  constructor() {
    const heads = ['Rule', 'In force', 'This page wished'];
    const row = h('tr', {}, ...heads.map((name) => h('th', { scope: 'col' }, name)));
    this.#table = h('table', { class: 'rules' }, h('thead', {}, row), this.#body);
    this.node = h('div', { class: 'part' }, h('div', { class: 'box' }, this.#table), this.#fine);
  }

  show(now: Snapshot, wishes: Wishes): void {
    const rows = rules(now, wishes);
    rows.forEach(({ name, inForce, wish }, at) => {
      let cells = this.#cells[at];
      if (!cells) {
        cells = { inForce: h('td'), wish: h('td') };
        this.#cells.push(cells);
        this.#body.append(h('tr', {}, h('th', { scope: 'row' }, name), cells.inForce, cells.wish));
      }
      say(cells.inForce, inForce);
      say(cells.wish, wish);
    });
    const wished = rows.some(({ wish }) => wish);
    this.#table.classList.toggle('no-wish', !wished);
    say(
      this.#fine,
      wished ? 'The stricter wins: a page can ask for less time, never for more.' : '',
    );
    this.#fine.hidden = !wished;
  }
}
