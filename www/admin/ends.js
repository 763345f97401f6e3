/** Who was logged out and why; under a policy that observes, who would have been. */
import { h } from '../app/dom.js';
import { plural } from '../app/words.js';
import { LogView } from './log.js';
import { because, exact, moment } from './words.js';

const COLUMNS = [
  { name: 'When', class: 'col-when' },
  { name: 'User', class: 'col-user' },
  { name: 'Why', class: 'col-reason' },
  { name: 'Last active', class: 'col-when' },
  { name: 'Idle timeout' },
  { name: 'Began', class: 'col-when' },
  { name: 'Session' },
];
const CHOICES = [
  ['all', 'All'],
  ['ended', 'Logged out'],
  ['observed', 'Would have been (observe)'],
];

const stamp = (at) => h('time', { datetime: at }, moment(at));

function reasonOf({ because: name, observed }) {
  const mark = h('span', { class: 'tag' }, observed ? 'observed' : 'ended');
  return h('span', { class: 'reason' }, mark, because(name));
}

function cells(line) {
  const { at, user, active_at, idle_timeout_ms, began_at, id } = line;
  const session = h('code', { title: id }, id.slice(0, 8));
  const times = [stamp(active_at), exact(idle_timeout_ms), stamp(began_at)];
  return [stamp(at), user, reasonOf(line), ...times, session];
}

function counted(shown, all) {
  if (shown.length === 0) return '';
  const people = new Set(shown.map(({ user }) => user)).size;
  const observed = shown.filter((line) => line.observed).length;
  const parts = [
    [shown.length - observed, 'logged out'],
    [observed, 'would have been'],
  ].filter(([count]) => count > 0);
  const words = parts.map(([count, what]) => `${count} ${what}`).join(', ');
  const among = shown.length < all.length ? ` Among the newest ${all.length}.` : '';
  return `${plural(people, 'person', 'people')}: ${words}.${among}`;
}

export class EndsView extends LogView {
  constructor(desk) {
    const which = { kind: 'all', user: '' };
    const name = h('input', { id: 'ends-user', type: 'search', autocomplete: 'off' });
    const choices = CHOICES.map(([value, label]) => {
      const input = h('input', { type: 'radio', name: 'kind', value, checked: value === 'all' });
      return h('label', { class: 'choice' }, input, label);
    });
    const tools = h(
      'div',
      { class: 'tools' },
      h('fieldset', { class: 'choices' }, h('legend', { class: 'unseen' }, 'Which'), ...choices),
      h('div', { class: 'field' }, h('label', { for: name.id }, 'User, or part of the name'), name),
    );
    super(desk, {
      path: 'ends',
      list: 'ends',
      title: 'Ends',
      hint: 'Where a policy only observes, nobody is logged out, and each line says who would have been and when. The files hold all lines; in them the column observed tells the two apart.',
      caption: 'Ends of sessions, the newest first',
      columns: COLUMNS,
      cells,
      phase: ({ observed }) => (observed ? 'observed' : 'ended'),
      tools,
      wants: ({ observed, user }) =>
        (which.kind === 'all' || observed === (which.kind === 'observed')) &&
        user.toLowerCase().includes(which.user),
      counted,
      empty: ['Nothing of that kind', 'A line appears here when a session ends, or would have.'],
    });
    tools.addEventListener('input', () => {
      which.kind = tools.querySelector('input[name="kind"]:checked').value;
      which.user = name.value.trim().toLowerCase();
      this.show();
    });
  }
}
