/** What administrators did. */
import { h } from '../app/dom.js';
import { plural } from '../app/words.js';
import { LogView } from './log.js';
import { changes } from './policy-words.js';
import { act, moment, whose } from './words.js';

const COLUMNS = [
  { name: 'When', class: 'col-when' },
  { name: 'Who', class: 'col-user' },
  { name: 'What' },
  { name: 'Change', class: 'col-why' },
  { name: 'Version' },
];

function target({ act: name, target: to }) {
  if (name.startsWith('policy.')) return whose(to);
  return name === 'session.revoke' ? h('code', { title: to }, to.slice(0, 8)) : to;
}

function changeList({ before, after }) {
  const made = changes(before ?? {}, after ?? {}).map(({ label, from, to }) =>
    h('li', {}, `${label}: ${from} → ${to}`),
  );
  return made.length > 0 ? h('ul', {}, ...made) : h('span', { class: 'nothing' }, 'none');
}

function cells(line) {
  const change = line.act.startsWith('policy.') ? changeList(line) : '';
  const what = h('span', {}, `${act(line.act)} `, target(line));
  const when = h('time', { datetime: line.at }, moment(line.at));
  return [when, line.by, what, change, line.version === undefined ? '' : String(line.version)];
}

export class AuditView extends LogView {
  constructor(desk) {
    super(desk, {
      path: 'audit',
      list: 'acts',
      title: 'Audit',
      hint: 'What administrators did, under the names of their tokens. Reading is not written down.',
      caption: 'What administrators did, the newest first',
      columns: COLUMNS,
      cells,
      counted: (shown) => (shown.length > 0 ? plural(shown.length, 'act') : ''),
      empty: ['Nothing was done yet', 'Ending a session or writing a policy leaves a line here.'],
    });
  }
}
