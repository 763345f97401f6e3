/** The contexts of the group, each with what it says of itself. */
import { badge, h, say } from '../app/dom.js';
import { ago } from '../app/words.js';

const COLUMNS = ['Tab', 'Keys', 'Clicks', 'Notes', 'Beats', 'Active', 'Keep-alives'];
/** How long a row shows that its keep-alive went out. */
const GLOW_MS = 1600;

class Row {
  #mark = h('span', { class: 'tab-mark' });
  #name = h('span', { class: 'tab-name' });
  #state = h('span', { class: 'tab-state' });
  #cells = COLUMNS.slice(1).map(() => h('td', {}, h('span')));
  #sentAgo = h('span', { class: 'tab-state' });
  #sent;
  #letter;
  node;

  constructor() {
    const who = h('span', { class: 'tab-who' }, this.#name, this.#state);
    const head = h('th', { scope: 'row' }, h('span', { class: 'tab-head' }, this.#mark, who));
    this.#cells.at(-1).append(this.#sentAgo);
    this.node = h('tr', {}, head, ...this.#cells);
  }

  show(context, name) {
    if (this.#letter !== name.letter) this.#mark.replaceChildren(badge(name));
    this.#letter = name.letter;
    say(this.#name, context.own ? 'This tab' : `Tab ${name.letter}`);
    const sight = context.visible ? 'in view' : 'hidden';
    say(this.#state, context.streaming ? `${sight}, hears server` : sight);
    this.#state.title = context.streaming ? 'Hears from the server for all tabs' : '';
    const { keystrokes, clicks, notes, heartbeats } = context.counts;
    const values = [keystrokes, clicks, notes, heartbeats, ago(context.activeAgoMs), context.sent];
    this.#cells.forEach((cell, at) => {
      say(cell.firstChild, String(values[at]));
      cell.classList.toggle('nothing', values[at] === 0);
    });
    say(this.#sentAgo, context.sent > 0 ? ago(context.sentAgoMs) : '');
    if (this.#sent !== undefined && context.sent > this.#sent) this.#glow();
    this.#sent = context.sent;
  }

  #glow() {
    this.node.classList.remove('sent');
    // Without a layout in between the animation would not start again.
    this.node.getBoundingClientRect();
    this.node.classList.add('sent');
    setTimeout(() => this.node.classList.remove('sent'), GLOW_MS);
  }
}

export class Tabs {
  #rows = new Map();
  #body = h('tbody');
  #table;
  node;

  constructor() {
    const heads = COLUMNS.map((name) => h('th', { scope: 'col' }, name));
    this.#table = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.#body);
    this.node = h('div', { class: 'tabs' }, this.#table);
  }

  show({ contexts, nameOf }) {
    // Only an embedding host sends heartbeats; without one the column says nothing.
    const beats = contexts.some(({ counts }) => counts.heartbeats > 0);
    this.#table.classList.toggle('no-beats', !beats);
    for (const context of contexts) {
      if (!this.#rows.has(context.id)) this.#rows.set(context.id, new Row());
      this.#rows.get(context.id).show(context, nameOf(context.id));
    }
    const order = contexts.toSorted((a, b) => nameOf(a.id).place - nameOf(b.id).place);
    const wanted = order.map(({ id }) => this.#rows.get(id).node);
    if (wanted.some((node, at) => this.#body.children[at] !== node)) {
      this.#body.replaceChildren(...wanted);
    }
    while (this.#body.children.length > wanted.length) this.#body.lastChild.remove();
    const living = new Set(contexts.map(({ id }) => id));
    for (const id of this.#rows.keys()) {
      if (!living.has(id)) this.#rows.delete(id);
    }
  }
}
