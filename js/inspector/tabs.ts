/** The contexts of the group, each with what it says of itself. */
import type { ContextStatus } from 'stillhere';
import { arrange, badge, h, say } from './dom.ts';
import { inOrder, type Snapshot } from './snapshot.ts';
import { ago } from './words.ts';

const COLUMNS = ['Tab', 'Keys', 'Clicks', 'Notes', 'Beats', 'Other', 'Active', 'Keep-alives'];

class Row {
  readonly #mark = h('span', { class: 'tab-mark' });
  readonly #name = h('span', { class: 'tab-name' });
  readonly #state = h('span', { class: 'tab-state' });
  readonly #texts = COLUMNS.slice(1).map(() => h('span'));
  readonly #sentAgo = h('span', { class: 'tab-state' });
  #sent: number | undefined;
  #label: string | undefined;
  readonly node: HTMLTableRowElement;

  constructor() {
    const who = h('span', { class: 'tab-who' }, this.#name, this.#state);
    const head = h('th', { scope: 'row' }, h('span', { class: 'tab-head' }, this.#mark, who));
    const cells = this.#texts.map((text) => h('td', {}, text));
    cells.at(-1)?.append(this.#sentAgo);
    this.node = h('tr', {}, head, ...cells);
    this.node.addEventListener('animationend', () => this.node.classList.remove('sent'));
  }

  show(context: ContextStatus, label: string): void {
    if (this.#label !== label) {
      this.#mark.replaceChildren(badge(label));
      this.#label = label;
    }
    say(this.#name, context.own ? 'This tab' : `Tab ${label}`);
    const sight = context.visible ? 'in view' : 'hidden';
    say(this.#state, context.streaming ? `${sight}, hears server` : sight);
    this.#state.title = context.streaming ? 'Hears from the authority for all tabs' : '';
    const { keystrokes, clicks, notes, heartbeats, system } = context.counts;
    const inputs = [keystrokes, clicks, notes, heartbeats, system];
    const values = [...inputs, ago(context.activeAgoMs), context.sent];
    this.#texts.forEach((text, at) => {
      say(text, `${values[at]}`);
      text.classList.toggle('nothing', values[at] === 0);
    });
    say(this.#sentAgo, context.sent > 0 ? ago(context.sentAgoMs) : '');
    if (this.#sent !== undefined && context.sent > this.#sent) {
      this.#glow();
    }
    this.#sent = context.sent;
  }

  /** Shows that its keep-alive went out. */
  #glow(): void {
    const { classList } = this.node;
    classList.remove('sent');
    // Without a layout in between the animation would not start again.
    this.node.getBoundingClientRect();
    classList.add('sent');
  }
}

export class Tabs {
  readonly #rows = new Map<string, Row>();
  readonly #body = h('tbody');
  readonly #table: HTMLTableElement;
  readonly node: HTMLElement;

  constructor() {
    const heads = COLUMNS.map((name) => h('th', { scope: 'col' }, name));
    this.#table = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.#body);
    const about = { class: 'box tabs', tabindex: 0, role: 'group', 'aria-label': 'Tabs' };
    this.node = h('div', about, this.#table);
  }

  show({ contexts, label }: Snapshot): void {
    // Only an embedding host sends heartbeats, and only a desktop app tells of other programs; without one
    // the column says nothing.
    const some = (kind: 'heartbeats' | 'system') => contexts.some(({ counts }) => counts[kind] > 0);
    this.#table.classList.toggle('no-beats', !some('heartbeats'));
    this.#table.classList.toggle('no-other', !some('system'));
    const living = new Set(contexts.map(({ id }) => id));
    for (const id of this.#rows.keys()) {
      if (!living.has(id)) {
        this.#rows.delete(id);
      }
    }
    const nodes = [...contexts]
      .sort((a, b) => inOrder(label(a.id), label(b.id)))
      .map((context) => {
        const row = this.#rows.get(context.id) ?? new Row();
        this.#rows.set(context.id, row);
        row.show(context, label(context.id));
        return row.node;
      });
    arrange(this.#body, nodes);
  }
}
