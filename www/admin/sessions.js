/** Who is signed in now: a list that looks again by itself, and one session beside it. */
import { byId, h, say } from '../app/dom.js';
import { plural, timeOfDay } from '../app/words.js';
import { query } from './api.js';
import { downloads } from './download.js';
import { SessionDetail } from './session.js';
import { SessionRows } from './session-rows.js';
import { trouble } from './trouble.js';

const PAGE = 50;

export class SessionsView {
  #desk;
  #rows = new SessionRows();
  #detail;
  /** What was sent as `after` for each page up to the one that is shown. */
  #pages = [undefined];
  #next;
  #user = '';
  #asked = 0;
  #stopped = false;
  #count = h('p', { class: 'count', role: 'status' });
  #asOf = h('p', { class: 'fine' });
  #names = h('datalist', { id: 'users' });
  #input = h('input', { id: 'user', type: 'search', list: 'users', autocomplete: 'off' });
  #order = h(
    'select',
    { id: 'order' },
    h('option', { value: 'user' }, 'By user'),
    h('option', { value: 'end' }, 'What ends first'),
  );
  #none = h('div', { class: 'empty', hidden: true });
  #failed = h('div');
  #pager = h('div', { class: 'pager' });
  node;

  constructor(desk) {
    this.#desk = desk;
    this.#detail = new SessionDetail(desk, () => this.look());
    this.#order.addEventListener('change', () => this.#rows.sort(this.#order.value));
    const list = h(
      'section',
      { class: 'list', 'aria-labelledby': 'list-title' },
      h(
        'div',
        { class: 'head' },
        h('div', {}, h('h1', { id: 'list-title' }, 'Live sessions'), this.#count),
        h('div', { class: 'head-end' }, this.#asOf, downloads(desk, 'sessions')),
      ),
      this.#search(),
      this.#failed,
      this.#none,
      this.#rows.node,
      this.#pager,
    );
    this.node = h('div', { class: 'panes' }, list, this.#detail.node);
  }

  #search() {
    const field = (label, input) =>
      h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
    const form = h(
      'form',
      { class: 'tools', role: 'search' },
      field('User, by the exact name', this.#input),
      h('button', { type: 'submit' }, 'Find'),
      field('Order', this.#order),
      this.#names,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#find(this.#input.value.trim());
    });
    // The cross of a search field empties it without a submit.
    this.#input.addEventListener('input', () => this.#input.value === '' && this.#find(''));
    return form;
  }

  #find(user) {
    if (user === this.#user) return;
    this.#user = user;
    this.#input.value = user;
    this.#turn([undefined]);
  }

  #turn(pages) {
    this.#pages = pages;
    this.look();
  }

  /** Shows the session of that id, or the list alone. */
  go([id]) {
    const before = this.#detail.id;
    this.#detail.open(id, this.#rows.get(id));
    this.node.classList.toggle('beside', Boolean(id));
    this.#rows.mark(id);
    if (!id && before) (this.#rows.link(before) ?? byId('view')).focus();
    this.look();
  }

  async look() {
    this.#asked += 1;
    const asked = this.#asked;
    const wanted = { user: this.#user, after: this.#pages.at(-1), limit: PAGE };
    this.#detail.look();
    try {
      const body = await this.#desk.authority.get(`sessions${query(wanted)}`);
      // An answer that a newer question has overtaken says nothing.
      if (asked !== this.#asked || this.#stopped) return;
      this.#show(body);
      this.#failed.replaceChildren();
    } catch (error) {
      if (asked !== this.#asked || this.#stopped) return;
      const says = this.#failed.textContent;
      const box = trouble(error, () => this.look());
      if (box.textContent !== says) this.#failed.replaceChildren(box);
      this.#rows.node.classList.add('stale');
    }
  }

  #show({ sessions, next }) {
    this.#next = next;
    this.#rows.show(sessions, this.#order.value);
    this.#rows.node.hidden = sessions.length === 0;
    this.#rows.node.classList.remove('stale');
    this.#rows.mark(this.#detail.id);
    this.#names.replaceChildren(
      ...[...new Set(sessions.map(({ user }) => user))].map((user) => h('option', { value: user })),
    );
    const held = sessions.filter(({ state }) => state === 'held').length;
    const first = this.#pages.length === 1;
    const here = first && !next ? '' : ' on this page';
    const whom = this.#user ? ` of ${this.#user}` : '';
    say(
      this.#count,
      `${plural(sessions.length, 'live session')}${whom}${here}${held ? `, ${held} held` : ''}`,
    );
    say(this.#asOf, `As of ${timeOfDay(Date.now())}`);
    this.#showNone(sessions.length === 0);
    this.#showPager(first);
  }

  #showNone(none) {
    this.#none.hidden = !none;
    if (!none) return;
    const [title, text] = this.#user
      ? [
          `${this.#user} has no live session`,
          'Names are compared exactly, capitals too. Ends says when and why the last one was over.',
        ]
      : [
          'Nobody is signed in',
          'A session appears here as soon as your backend registers a token. In the demo, sign in at its start page.',
        ];
    const all = h('button', { type: 'button', class: 'small' }, 'Show everybody');
    all.addEventListener('click', () => this.#find(''));
    this.#none.replaceChildren(h('h2', {}, title), h('p', {}, text), ...(this.#user ? [all] : []));
  }

  #showPager(first) {
    const wanted = `${this.#pages.length} ${this.#next ?? ''}`;
    if (this.#pager.dataset.shows === wanted) return;
    this.#pager.dataset.shows = wanted;
    this.#pager.hidden = first && !this.#next;
    const back = h('button', { type: 'button', class: 'small', disabled: first }, 'Previous page');
    const on = h('button', { type: 'button', class: 'small', disabled: !this.#next }, 'Next page');
    back.addEventListener('click', () => this.#turn(this.#pages.slice(0, -1)));
    on.addEventListener('click', () => this.#turn([...this.#pages, this.#next]));
    const text = h('span', { class: 'fine' }, `Page ${this.#pages.length}`);
    this.#pager.replaceChildren(back, text, on);
  }

  tick() {
    this.#rows.tick();
    this.#detail.tick();
  }

  stop() {
    this.#stopped = true;
    this.#detail.open(undefined);
  }
}
