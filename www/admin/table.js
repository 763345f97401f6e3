/** Tables that stay tables for screen readers where narrow windows show each row as a card. */
import { h } from '../app/dom.js';

/**
 * @typedef {{ name: string, class?: string }} Column
 * @param {string} caption
 * @param {Column[]} columns
 */
export function table(caption, columns) {
  const heads = columns.map((column) =>
    h('th', { scope: 'col', role: 'columnheader', class: column.class }, column.name),
  );
  const body = h('tbody', { role: 'rowgroup' });
  const node = h(
    'table',
    { role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    body,
  );
  return { node: h('div', { class: 'table-box cards' }, node), body };
}

/**
 * @param {Column[]} columns
 * @param {(Node | string)[]} cells one for each column
 * @param {object} [attributes] of the row
 */
export function row(columns, cells, attributes = {}) {
  const made = columns.map((column, at) =>
    h('td', { role: 'cell', class: column.class, 'data-label': column.name }, cells[at]),
  );
  return h('tr', { role: 'row', ...attributes }, ...made);
}

/** Two columns of facts. */
export function facts(pairs) {
  const made = pairs.map(([name, value]) =>
    h('div', {}, h('dt', {}, name), h('dd', {}, value === '' ? 'none' : value)),
  );
  return h('dl', { class: 'facts' }, ...made);
}
