/** One session: what was seen of its user, what holds it, which rules apply, and how to end it. */
import { h, say } from '../app/dom.js';
import { ago, countdown, plural } from '../app/words.js';
import { query, segments } from './api.js';
import { effective } from './policy-words.js';
import { StateMark, standing } from './session-rows.js';
import { facts, row, table } from './table.js';
import { advice, trouble } from './trouble.js';
import { because, exact, KINDS, moment } from './words.js';

const section = (title, ...content) =>
  h('section', { class: 'part' }, h('h2', { class: 'minor' }, title), ...content);

export class SessionDetail {
  #desk;
  #changed;
  #session;
  #at = 0;
  #left = h('p', { class: 'detail-time number', 'aria-hidden': 'true' });
  #state = new StateMark();
  #why = h('p', { class: 'detail-why' });
  #title = h('h1', { id: 'detail-title', tabindex: -1 });
  #body = h('div', { class: 'parts' });
  #policy = h('div', { class: 'part' });
  #said = h('div', { role: 'status' });
  #actions;
  #live;
  /** Of which session and groups the rules are shown. */
  #policyOf = '';
  id;
  node;

  /** @param {object} desk @param {() => void} changed called when something was ended */
  constructor(desk, changed) {
    this.#desk = desk;
    this.#changed = changed;
    this.#actions = this.#buttons();
    this.#live = h(
      'div',
      { class: 'parts' },
      h('div', { class: 'detail-now' }, this.#left, this.#state.node),
      this.#why,
      this.#actions,
      this.#body,
      this.#policy,
    );
    const close = h('a', { class: 'button small', href: '#sessions' }, 'Close');
    this.node = h(
      'section',
      { class: 'detail', 'aria-labelledby': 'detail-title', hidden: true },
      h('div', { class: 'head' }, this.#title, close),
      this.#said,
      this.#live,
    );
  }

  #buttons() {
    const end = h('button', { type: 'button', class: 'grave' }, 'End this session');
    const off = h('button', { type: 'button', class: 'grave' }, 'Log the user off');
    end.addEventListener('click', () => this.#end());
    off.addEventListener('click', () => this.#logOff());
    return h('div', { class: 'actions' }, end, off);
  }

  /** @param {string} [id] @param {object} [known] what the list has of it already */
  open(id, known) {
    if (id === this.id) return;
    this.id = id;
    this.#session = undefined;
    this.#policyOf = '';
    this.#policy.replaceChildren();
    this.#said.replaceChildren();
    this.node.hidden = !id;
    this.#live.hidden = !known;
    say(this.#title, known?.user ?? 'Session');
    if (known) this.#show(known, performance.now());
    if (id) this.#title.focus();
  }

  async look() {
    const { id } = this;
    if (!id) return;
    try {
      const session = await this.#desk.authority.get(`sessions/${segments(id)}`);
      if (id === this.id) this.#show(session, performance.now());
    } catch (error) {
      if (id !== this.id) return;
      if (error.status === 404) await this.#showOver(id);
      else this.#said.replaceChildren(trouble(error));
    }
  }

  #show(session, at) {
    this.#session = session;
    this.#at = at;
    this.#live.hidden = false;
    this.#said.replaceChildren();
    say(this.#title, session.user);
    say(this.#why, session.why);
    this.#body.replaceChildren(
      this.#activity(session),
      this.#calls(session),
      this.#holds(session),
      section('Session', this.#facts(session)),
    );
    this.tick();
    this.#showPolicy(session);
  }

  tick() {
    if (!this.#session) return;
    const since = performance.now() - this.#at;
    const now = standing(this.#session, since);
    this.node.dataset.phase = now.phase;
    this.#state.show(now);
    say(this.#left, now.phase === 'held' ? 'until released' : `${now.left} left`);
    for (const left of this.#body.querySelectorAll('[data-ms]')) {
      say(left, countdown(Number(left.dataset.ms) - since));
    }
  }

  #activity({ newest, counts }) {
    const columns = [
      { name: 'Kind', class: 'col-user' },
      { name: 'Newest' },
      { name: 'How often', class: 'col-time' },
    ];
    const { node, body } = table('Activity by kind', columns);
    for (const [kind, label] of Object.entries(KINDS)) {
      const seen = newest.find((each) => each.kind === kind);
      const count = counts[kind];
      if (!seen && !count) continue;
      const when = seen
        ? `${ago(Date.now() - Date.parse(seen.at))}, ${moment(seen.at)}`
        : 'unknown';
      body.append(
        row(columns, [label, when, count === undefined ? '' : count.toLocaleString('en')]),
      );
    }
    const none = h('p', { class: 'fine' }, 'Nothing was seen since the sign-in.');
    return section('Newest activity', body.children.length > 0 ? node : none);
  }

  #calls({ calls }) {
    const columns = [{ name: 'Call', class: 'col-user' }, { name: 'Seen' }, { name: 'Activity' }];
    const { node, body } = table('API calls and whether they count', columns);
    for (const { what, age_ms, counted } of calls.toSorted((a, b) => a.age_ms - b.age_ms)) {
      const verdict = h(
        'span',
        { class: counted ? 'counted' : 'nothing' },
        counted ? 'counted' : 'not counted',
      );
      body.append(row(columns, [h('code', {}, what), ago(age_ms), verdict]));
    }
    const none =
      'None was seen. They come from proxies that ask /v1/check before they pass a call on.';
    return section('API calls', calls.length > 0 ? node : h('p', { class: 'fine' }, none));
  }

  #holds({ holds }) {
    const columns = [
      { name: 'What for', class: 'col-user' },
      { name: 'Name' },
      { name: 'Lapses in', class: 'col-time' },
    ];
    const { node, body } = table('Holds', columns);
    for (const { id, reason, expires_in_ms } of holds) {
      const left = h('span', { class: 'number', 'data-ms': expires_in_ms });
      body.append(row(columns, [reason || 'not said', h('code', {}, id), left]));
    }
    const none = h('p', { class: 'fine' }, 'Nothing holds it open.');
    return section('Holds', holds.length > 0 ? node : none);
  }

  #facts(session) {
    return facts([
      ['Began', moment(session.began_at)],
      ['Idle timeout', exact(session.idle_timeout_ms)],
      ['Groups', session.groups.join(', ')],
      ['Tabs and windows', String(session.contexts)],
      ['Keep-alives', session.keepalives.toLocaleString('en')],
      ['Agent', session.agent],
      ['Sign-in', session.sign_in ?? ''],
      ['Id', h('code', {}, session.id)],
    ]);
  }

  async #showPolicy({ id, user, groups }) {
    const of = JSON.stringify([id, groups]);
    if (of === this.#policyOf) return;
    this.#policyOf = of;
    const title = h('h2', { class: 'minor' }, 'Rules in force, and why');
    try {
      const path = `users/${segments(user)}/policy${query({ groups: groups.join(',') })}`;
      const body = await this.#desk.authority.get(path);
      if (this.#policyOf !== of) return;
      const link = h('a', { href: `#policy/users/${segments(user)}` }, `Rules of ${user} alone`);
      this.#policy.replaceChildren(title, effective(body.values), h('p', { class: 'fine' }, link));
    } catch (error) {
      if (this.#policyOf === of) this.#policy.replaceChildren(title, trouble(error));
    }
  }

  /** It is gone: what the log says of that, where the token may read it. */
  async #showOver(id) {
    const known = this.#session;
    this.#session = undefined;
    this.#live.hidden = true;
    this.node.dataset.phase = 'ended';
    if (this.#said.dataset.over === id && this.#said.childNodes.length > 0) return;
    this.#said.dataset.over = id;
    const lines = await this.#desk.authority.get('ends?limit=200').catch(() => ({ ends: [] }));
    if (this.id !== id) return;
    const line = lines.ends.find((end) => end.id === id && !end.observed);
    say(this.#title, line?.user ?? known?.user ?? 'Session');
    const text = line
      ? `It ended at ${moment(line.at)}: ${because(line.because).toLowerCase()}.`
      : 'There is no live session of this id. Ends lists those that are over.';
    this.#said.replaceChildren(
      h('h2', { class: 'minor' }, 'This session is over'),
      h('p', {}, text),
      h('p', {}, h('a', { href: '#ends' }, 'Open the log of ends')),
    );
  }

  async #end() {
    const { id, user } = this.#session;
    const yes = await this.#desk.ask({
      title: `End this session of ${user}?`,
      text: [
        'Its token is over at once, for good. All tabs that use it show that an administrator signed them out, and what was not saved there may be lost.',
        `Other sessions of ${user} go on, and an app that gets a new token for the same sign-in goes on with that. To end everything, log the user off.`,
      ],
      yes: 'End this session',
      grave: true,
    });
    if (yes) await this.#do(`sessions/${segments(id)}`, () => `The session of ${user} was ended.`);
  }

  async #logOff() {
    const { user } = this.#session;
    const found = await this.#desk.authority
      .get(`sessions${query({ user, limit: 1000 })}`)
      .catch(() => undefined);
    if (this.#session?.user !== user) return;
    const many = found ? plural(found.sessions.length, 'live session') : 'every live session';
    const yes = await this.#desk.ask({
      title: `Log ${user} off?`,
      text: [
        `This ends ${many} of ${user} at once, in every browser. What was not saved there may be lost.`,
        `No new token is taken for these sign-ins: ${user} has to sign in anew.`,
      ],
      yes: `Log ${user} off`,
      grave: true,
    });
    if (!yes) return;
    await this.#do(
      `users/${segments(user)}/sessions`,
      (body) => `${user} was logged off: ${plural(body.ended, 'session')} ended.`,
    );
  }

  async #do(path, says) {
    try {
      const response = await this.#desk.authority.send('DELETE', path);
      const body = response.status === 204 ? undefined : await response.json();
      this.#desk.said(says(body));
      this.#changed();
      this.#title.focus();
    } catch (error) {
      this.#desk.said(advice(error).join('. '));
    }
  }
}
