/** The rows of the list of live sessions. A row stays the same element while its session lives. */
import { h, say } from '../app/dom.js';
import { countdown } from '../app/words.js';
import { row, table } from './table.js';

const COLUMNS = [
  { name: 'User', class: 'col-user' },
  { name: 'State', class: 'col-state' },
  { name: 'What keeps it', class: 'col-why' },
  { name: 'Idle', class: 'col-time' },
  { name: 'Ends in', class: 'col-time' },
  { name: 'Holds', class: 'col-more' },
  { name: 'Groups', class: 'col-more' },
];
/** The last part counts as "ends soon": what the authority takes for the warning unless told otherwise. */
const SOON_MS = 60_000;

/**
 * Where a session stands a while after the authority said so.
 * @param {{ state: string, remaining_ms: number | null, idle_ms: number, idle_timeout_ms: number }} session
 * @param {number} since milliseconds
 */
export function standing(session, since) {
  if (session.state === 'held')
    return { phase: 'held', word: 'Held', idle: '', left: 'when released' };
  const leftMs = Math.max(0, session.remaining_ms - since);
  const idle = countdown(session.idle_ms + since);
  const left = countdown(leftMs);
  const soon = leftMs <= Math.min(SOON_MS, session.idle_timeout_ms / 3);
  // The next look says whether it ended: under a policy that observes it goes on.
  if (leftMs === 0) return { phase: 'checking', word: 'Due', idle, left };
  return soon
    ? { phase: 'warning', word: 'Ends soon', idle, left }
    : { phase: 'active', word: 'Active', idle, left };
}

/** The mark and the word for where a session stands. */
export class StateMark {
  #word = h('span');
  node = h(
    'span',
    { class: 'state' },
    h('span', { class: 'state-mark', 'aria-hidden': 'true' }),
    this.#word,
  );

  show({ phase, word }) {
    this.node.dataset.phase = phase;
    say(this.#word, word);
  }
}

class SessionRow {
  #link;
  #state = new StateMark();
  #why = h('span');
  #idle = h('span', { class: 'number' });
  #left = h('span', { class: 'number' });
  #holds = h('span');
  #groups = h('span');
  session;
  node;

  constructor({ id, user }) {
    this.#link = h('a', { href: `#sessions/${id}` }, user);
    const cells = [this.#link, this.#state.node, this.#why, this.#idle, this.#left];
    this.node = row(COLUMNS, [...cells, this.#holds, this.#groups], { 'data-id': id });
    this.node.addEventListener('click', (event) => {
      const marking = String(getSelection()) !== '';
      if (!marking && !event.target.closest('a')) this.#link.click();
    });
  }

  get link() {
    return this.#link;
  }

  update(session, at) {
    this.session = session;
    this.at = at;
    say(this.#why, session.why);
    const holds = session.holds.map(({ id, reason }) => reason || id);
    say(this.#holds, holds.join(', '));
    say(this.#groups, session.groups.join(', '));
    this.#holds.closest('td').classList.toggle('nothing', holds.length === 0);
    this.#groups.closest('td').classList.toggle('nothing', session.groups.length === 0);
    this.tick();
  }

  tick() {
    const now = standing(this.session, performance.now() - this.at);
    this.#state.show(now);
    this.node.dataset.phase = now.phase;
    say(this.#idle, now.idle);
    say(this.#left, now.left);
    this.#idle.closest('td').classList.toggle('nothing', now.idle === '');
  }

  mark(open) {
    if (open) this.#link.setAttribute('aria-current', 'true');
    else this.#link.removeAttribute('aria-current');
    this.node.classList.toggle('open', open);
  }
}

const byUser = (a, b) =>
  a.session.user.localeCompare(b.session.user) || a.session.id.localeCompare(b.session.id);
const byEnd = (a, b) =>
  (a.session.remaining_ms ?? Number.POSITIVE_INFINITY) -
    (b.session.remaining_ms ?? Number.POSITIVE_INFINITY) || byUser(a, b);

export class SessionRows {
  #rows = new Map();
  #table = table('Live sessions, one row each. The name opens the session.', COLUMNS);
  node = this.#table.node;

  constructor() {
    this.node.hidden = true;
  }

  show(sessions, order) {
    const at = performance.now();
    const living = new Set(sessions.map(({ id }) => id));
    for (const [id, { node }] of this.#rows) {
      if (living.has(id)) continue;
      node.remove();
      this.#rows.delete(id);
    }
    for (const session of sessions) {
      if (!this.#rows.has(session.id)) this.#rows.set(session.id, new SessionRow(session));
      this.#rows.get(session.id).update(session, at);
    }
    this.sort(order);
  }

  /** Only what is out of place is moved: moving an element takes the focus from it. */
  sort(order) {
    const wanted = [...this.#rows.values()].sort(order === 'end' ? byEnd : byUser);
    let place = this.#table.body.firstChild;
    for (const { node } of wanted) {
      if (node === place) place = node.nextSibling;
      else this.#table.body.insertBefore(node, place);
    }
  }

  get(id) {
    return this.#rows.get(id)?.session;
  }

  link(id) {
    return this.#rows.get(id)?.link;
  }

  mark(id) {
    for (const each of this.#rows.values()) each.mark(each.session.id === id);
  }

  tick() {
    for (const each of this.#rows.values()) each.tick();
  }
}
