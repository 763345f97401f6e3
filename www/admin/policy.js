/** Policies: whose there are, and one of them to change. */
import { byId, h, say } from '../app/dom.js';
import { plural } from '../app/words.js';
import { query, segments } from './api.js';
import { PolicyForm } from './policy-form.js';
import { consequences, reach } from './policy-reach.js';
import { changes, effective, keysOf } from './policy-words.js';
import { advice, trouble } from './trouble.js';

const TITLES = {
  organization: () => 'The organization',
  groups: (name) => `Group ${name}`,
  users: (name) => name,
};
const HINTS = {
  organization: "For everybody. What is empty is taken from the server's settings.",
  groups:
    'For whoever is registered with this group. What is empty is taken from the groups of a higher number, then from the organization.',
  users: 'For this user alone. What is empty is taken from the groups, then from the organization.',
};

export class PolicyView {
  #desk;
  #scope = { kind: 'organization', name: '' };
  /** What was read last: the layer, and the version that a change is based on. */
  #layer = {};
  #etag = '';
  #form;
  #list = h('ul', { class: 'layers' });
  #count = h('p', { class: 'count' });
  #title = h('h2', { id: 'policy-title', tabindex: -1 });
  #hint = h('p', { class: 'fine' });
  #failed = h('div');
  #place = h('div');
  #inForce = h('div', { class: 'part' });
  node;

  constructor(desk) {
    this.#desk = desk;
    const list = h(
      'section',
      { class: 'list', 'aria-labelledby': 'list-title' },
      h(
        'div',
        { class: 'head' },
        h('div', {}, h('h1', { id: 'list-title' }, 'Policy'), this.#count),
      ),
      h(
        'p',
        { class: 'fine hint' },
        'A user’s own value counts first, then the groups’, then the organization’s.',
      ),
      this.#list,
      this.#openForm(),
    );
    const one = h(
      'section',
      { class: 'detail', 'aria-labelledby': 'policy-title' },
      this.#title,
      this.#hint,
      this.#failed,
      this.#place,
      this.#inForce,
    );
    this.node = h('div', { class: 'panes policy-panes' }, list, one);
  }

  #openForm() {
    const kind = h(
      'select',
      { id: 'open-kind' },
      h('option', { value: 'users' }, 'User'),
      h('option', { value: 'groups' }, 'Group'),
    );
    const name = h('input', {
      id: 'open-name',
      required: true,
      maxlength: 256,
      autocomplete: 'off',
    });
    const form = h(
      'form',
      { class: 'open-form' },
      h('h2', { class: 'minor' }, 'Another user or group'),
      h('div', { class: 'field' }, h('label', { for: kind.id }, 'Kind'), kind),
      h(
        'div',
        { class: 'field' },
        h('label', { for: name.id }, 'Name, exactly as registered'),
        name,
      ),
      h('button', { type: 'submit' }, 'Open'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const wished = name.value.trim();
      if (wished) location.hash = `policy/${kind.value}/${segments(wished)}`;
      form.reset();
    });
    return form;
  }

  go([kind, name = '']) {
    const known = (kind === 'groups' || kind === 'users') && name !== '';
    this.#scope = known ? { kind, name } : { kind: 'organization', name: '' };
    say(this.#title, TITLES[this.#scope.kind](name));
    say(this.#hint, HINTS[this.#scope.kind]);
    this.#form = new PolicyForm(this.#scope.kind, {
      save: (layer) => this.#save(layer),
      remove: () => this.#removeAll(),
    });
    this.#place.replaceChildren();
    this.#inForce.replaceChildren();
    this.#read();
    if (kind) this.#title.focus();
  }

  get #path() {
    const { kind, name } = this.#scope;
    return kind === 'organization' ? 'policy/organization' : `policy/${kind}/${segments(name)}`;
  }

  /** Reads all and shows this one. The version is read before the layer, never after it. */
  async #read() {
    const scope = this.#scope;
    try {
      const found = await this.#fetch();
      if (scope !== this.#scope) return;
      this.#take(found);
      this.#form.show(this.#layer, scope.kind !== 'organization' && keysOf(this.#layer).length > 0);
      this.#failed.replaceChildren();
      this.#place.replaceChildren(this.#form.node);
      if (scope.kind === 'users') await this.#showInForce(scope);
    } catch (error) {
      if (scope === this.#scope) this.#failed.replaceChildren(trouble(error, () => this.#read()));
    }
  }

  async #fetch() {
    const { kind, name } = this.#scope;
    const all = await this.#desk.authority.policies();
    const layer =
      { organization: all.organization, groups: all.groups[name] }[kind] ??
      (kind === 'users' ? await this.#desk.authority.layer(kind, name) : {});
    return { all, layer };
  }

  #take({ all, layer }) {
    this.#layer = layer;
    this.#etag = all.etag;
    const entry = (href, title, values, priority) => {
      const count = plural(keysOf(values).filter((key) => key !== 'priority').length, 'value');
      const about = priority === undefined ? count : `priority ${priority}, ${count}`;
      const here = href === this.#hash;
      const link = h('a', { href, 'aria-current': here ? 'true' : undefined }, title);
      return h('li', {}, link, h('span', { class: 'fine' }, about));
    };
    const groups = Object.entries(all.groups).map(([name, values]) =>
      entry(`#policy/groups/${segments(name)}`, TITLES.groups(name), values, values.priority),
    );
    const first = entry('#policy', TITLES.organization(), all.organization);
    this.#list.replaceChildren(first, ...groups);
    const own = `${plural(all.users, 'user')} with a policy of their own`;
    say(this.#count, `${plural(Object.keys(all.groups).length, 'group')}, ${own}`);
  }

  get #hash() {
    const { kind, name } = this.#scope;
    return kind === 'organization' ? '#policy' : `#policy/${kind}/${segments(name)}`;
  }

  /** For a user: what it comes to, with the groups that a live session has. */
  async #showInForce(scope) {
    const { name } = scope;
    const live = await this.#desk.authority
      .get(`sessions${query({ user: name, limit: 1 })}`)
      .catch(() => ({ sessions: [] }));
    const groups = live.sessions[0]?.groups ?? [];
    const path = `users/${segments(name)}/policy${query({ groups: groups.join(',') })}`;
    const { values } = await this.#desk.authority.get(path);
    if (scope !== this.#scope) return;
    const known = live.sessions[0]
      ? `With the groups of a live session: ${groups.join(', ') || 'none'}.`
      : 'Without groups: no live session says which there are.';
    this.#inForce.replaceChildren(
      h('h3', {}, 'Rules in force, and why'),
      h('p', { class: 'fine' }, known),
      effective(values),
    );
  }

  async #save(layer) {
    const scope = this.#scope;
    const changed = changes(this.#layer, layer);
    if (changed.length === 0) {
      this.#desk.said('Nothing was changed, so nothing was saved.');
      return;
    }
    const found = await reach(this.#desk.authority, scope);
    if (scope !== this.#scope) return;
    const list = changed.map(({ label, from, to }) => h('li', {}, `${label}: ${from} → ${to}`));
    const yes = await this.#desk.ask({
      title: `Change the rules of ${this.#whose}?`,
      text: [
        h('ul', { class: 'changes' }, ...list),
        ...consequences(found, scope, this.#layer, layer),
      ],
      yes: 'Save',
    });
    if (yes) await this.#write('PUT', layer);
  }

  async #removeAll() {
    const scope = this.#scope;
    const found = await reach(this.#desk.authority, scope);
    if (scope !== this.#scope) return;
    const yes = await this.#desk.ask({
      title: `Remove the rules of ${this.#whose}?`,
      text: [
        'What the layers below have applies instead.',
        ...consequences(found, scope, this.#layer, {}),
      ],
      yes: 'Remove',
      grave: true,
    });
    if (yes) await this.#write('DELETE');
  }

  get #whose() {
    const { kind, name } = this.#scope;
    return { organization: 'the organization', groups: `group ${name}`, users: name }[kind];
  }

  async #write(method, layer) {
    const scope = this.#scope;
    try {
      const headers = { 'If-Match': this.#etag };
      const response = await this.#desk.authority.send(method, this.#path, {
        body: layer,
        headers,
      });
      const { version } = await response.json();
      if (scope !== this.#scope) return;
      this.#desk.said(`Saved: it applies now, as version ${version}.`);
      await this.#read();
    } catch (error) {
      if (scope !== this.#scope) return;
      if (error.status === 412) await this.#overtaken();
      else this.#form.refuse(error);
    }
  }

  /** Somebody else wrote in between. Nothing that was typed is thrown away without being asked. */
  async #overtaken() {
    const before = this.#layer;
    try {
      const found = await this.#fetch();
      const theirs = changes(before, found.layer);
      const reload = h('button', { type: 'button', class: 'small' }, 'Load their values');
      const go = h('button', { type: 'button', class: 'small' }, 'Keep mine and look again');
      reload.addEventListener('click', () => this.#read().then(() => this.#title.focus()));
      go.addEventListener('click', () => {
        this.#take(found);
        this.#failed.replaceChildren();
        this.#form.node.querySelector('.primary').focus();
        this.#desk.said('Save asks again, with what changes compared to theirs.');
      });
      const list = theirs.map(({ label, from, to }) => h('li', {}, `${label}: ${from} → ${to}`));
      const what =
        theirs.length > 0
          ? h('ul', { class: 'changes' }, ...list)
          : 'Another policy was written, these values are as they were.';
      this.#failed.replaceChildren(
        h(
          'div',
          { class: 'trouble', role: 'alert' },
          h('h3', {}, 'Not saved: somebody else changed the policies meanwhile'),
          h('p', {}, theirs.length > 0 ? 'Since you opened it:' : what),
          theirs.length > 0 ? what : '',
          h('div', { class: 'actions' }, go, reload),
        ),
      );
      go.focus();
    } catch (error) {
      this.#desk.said(advice(error).join('. '));
    }
    byId('view').scrollIntoView();
  }
}
