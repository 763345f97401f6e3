/** The network calls of this page, and that none of them counts. */
import { about, carried, NONE_COUNTS, times } from './call-words.ts';
import { arrange, h, say } from './dom.ts';
import type { Call, Network } from './network.ts';
import { plural, short } from './words.ts';

/** Addresses that are listed. */
const SHOWN = 8;

class Row {
  readonly #origin = h('span', { class: 'call-origin' });
  readonly #path = h('span', { class: 'call-path' });
  readonly #times = h('td');
  readonly #every = h('td');
  readonly #note = h('p', { class: 'call-note' });
  readonly #carried = h('p', { class: 'call-note' });
  readonly node: HTMLTableRowElement;

  constructor({ address }: Call) {
    const { origin, pathname } = new URL(address);
    say(this.#origin, origin === location.origin ? '' : origin);
    say(this.#path, pathname);
    const name = h('span', { class: 'call-name' }, this.#origin, this.#path);
    const head = h('th', { scope: 'row' }, name, this.#note, this.#carried);
    this.node = h('tr', {}, head, this.#times, this.#every);
  }

  show(call: Call, every: number | undefined, watching: boolean): void {
    say(this.#times, `${times(call)}`);
    say(this.#every, every === undefined ? '' : short(every));
    say(this.#note, about(call, every));
    say(this.#carried, carried(call, watching));
    this.node.classList.toggle('poll', every !== undefined);
  }
}

export class Calls {
  readonly #network: Network;
  readonly #rows = new Map<Call, Row>();
  readonly #body = h('tbody');
  readonly #table: HTMLElement;
  readonly #more = h('p', { class: 'fine' });
  readonly #about = h('p', { class: 'fine' });
  readonly #button = h('button', { type: 'button' });
  readonly node: HTMLElement;

  /** @param toggle switches the watcher on or off */
  constructor(network: Network, toggle: () => void) {
    this.#network = network;
    const heads = ['Address', 'Calls', 'Every'].map((name) => h('th', { scope: 'col' }, name));
    const table = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), this.#body);
    const name = 'Network calls';
    this.#table = h(
      'div',
      { class: 'box calls', tabindex: 0, role: 'group', 'aria-label': name },
      table,
    );
    this.#button.addEventListener('click', toggle);
    this.node = h(
      'div',
      { class: 'part' },
      h('p', { class: 'fine' }, NONE_COUNTS),
      this.#table,
      this.#more,
      h('div', { class: 'row' }, this.#button, this.#about),
    );
  }

  show(): void {
    const network = this.#network;
    const { watching } = network;
    const calls = network.inOrder();
    const nodes = calls.slice(0, SHOWN).map((call) => {
      const row = this.#rows.get(call) ?? new Row(call);
      this.#rows.set(call, row);
      row.show(call, network.pollOf(call), watching);
      return row.node;
    });
    arrange(this.#body, nodes);
    this.#table.hidden = calls.length === 0;
    const more = calls.length - nodes.length;
    const further = network.others > 0 ? `, and ${plural(network.others, 'call')} to others` : '';
    say(
      this.#more,
      calls.length === 0
        ? 'No call of this page was seen yet.'
        : more > 0
          ? `And ${plural(more, 'address', 'addresses')} more${further}: all in the report.`
          : '',
    );
    this.#more.hidden = this.#more.textContent === '';
    say(this.#button, watching ? 'Stop watching' : 'Watch for the token');
    say(
      this.#about,
      watching
        ? 'fetch and XMLHttpRequest of this page are wrapped: what their calls carry is compared in memory, and never shown.'
        : 'Wraps fetch and XMLHttpRequest of this page, to see which calls carry the token.',
    );
  }
}
