/** A log, newest first: what the two logs of the authority have in common. */
import { h, say } from '../app/dom.js';
import { plural } from '../app/words.js';
import { query } from './api.js';
import { downloads } from './download.js';
import { row, table } from './table.js';
import { trouble } from './trouble.js';

const PAGE = 200;

export class LogView {
  #desk;
  #about;
  #lines = [];
  #next;
  #asking = false;
  #stopped = false;
  #count = h('p', { class: 'count', role: 'status' });
  #failed = h('div');
  #none = h('div', { class: 'empty', hidden: true });
  #older = h('button', { type: 'button' }, 'Load older ones');
  #table;
  node;

  /**
   * @param {object} desk
   * @param {{ path: string, list: string, title: string, hint: string, caption: string,
   *   columns: import('./table.js').Column[], cells(line: object): (Node | string)[],
   *   phase?(line: object): string, tools?: Node, wants?(line: object): boolean,
   *   counted(shown: object[], all: object[]): string, empty: [string, string] }} about
   */
  constructor(desk, about) {
    this.#desk = desk;
    this.#about = about;
    this.#table = table(about.caption, about.columns);
    this.#older.addEventListener('click', () => this.#load());
    const again = h('button', { type: 'button', class: 'small' }, 'Load again');
    again.addEventListener('click', () => this.#again());
    this.node = h(
      'section',
      { class: 'list', 'aria-labelledby': 'log-title' },
      h(
        'div',
        { class: 'head' },
        h('div', {}, h('h1', { id: 'log-title' }, about.title), this.#count),
        h('div', { class: 'head-end' }, again, downloads(desk, about.path)),
      ),
      h('p', { class: 'fine hint' }, about.hint),
      about.tools ?? '',
      this.#failed,
      this.#none,
      this.#table.node,
      h('div', { class: 'pager' }, this.#older),
    );
  }

  go() {
    if (this.#lines.length === 0) this.#load();
  }

  stop() {
    this.#stopped = true;
  }

  #again() {
    this.#lines = [];
    this.#next = undefined;
    this.#load();
  }

  async #load() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { path, list } = this.#about;
      const wanted = { before: this.#next, limit: PAGE };
      const body = await this.#desk.authority.get(`${path}${query(wanted)}`);
      if (this.#stopped) return;
      this.#lines.push(...body[list]);
      this.#next = body.next;
      this.#failed.replaceChildren();
      this.show();
    } catch (error) {
      this.#failed.replaceChildren(trouble(error, () => this.#load()));
      this.#older.hidden = true;
      this.#table.node.hidden = this.#lines.length === 0;
    } finally {
      this.#asking = false;
    }
  }

  /** Shows those of the loaded lines that are wanted. */
  show() {
    const { wants = () => true, columns, cells, phase, counted, empty } = this.#about;
    const shown = this.#lines.filter(wants);
    const made = shown.map((line) => row(columns, cells(line), { 'data-phase': phase?.(line) }));
    this.#table.body.replaceChildren(...made);
    this.#table.node.hidden = shown.length === 0;
    this.#older.hidden = this.#next === undefined;
    say(this.#count, counted(shown, this.#lines));
    this.#none.hidden = shown.length > 0;
    const more = `None among the newest ${plural(this.#lines.length, 'line')}. Older ones can be loaded.`;
    const text = this.#next === undefined ? empty[1] : more;
    this.#none.replaceChildren(h('h2', {}, empty[0]), h('p', {}, text));
  }
}
