/** A list as a file: the same call, with the form that it shall have. */
import { h } from '../app/dom.js';
import { advice } from './trouble.js';

const FORMS = [
  ['CSV', 'csv', 'text/csv'],
  ['JSON', 'json', 'application/json'],
];
/** The most lines that the authority gives at once. */
const MOST = 10_000;

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * The buttons.
 * @param {{ authority: import('./api.js').Authority, said(text: string): void }} desk
 * @param {string} path of the call
 */
export function downloads(desk, path) {
  const buttons = FORMS.map(([label, ending, accept]) => {
    const title = `Download as ${label}: the newest 10,000 at most`;
    const button = h('button', { type: 'button', class: 'small', title }, label);
    button.addEventListener('click', async () => {
      try {
        const headers = { Accept: accept };
        const response = await desk.authority.send('GET', `${path}?limit=${MOST}`, { headers });
        const day = new Date().toISOString().slice(0, 10);
        save(await response.blob(), `stillhere-${path}-${day}.${ending}`);
        desk.said(`stillhere-${path}-${day}.${ending} was handed to your browser.`);
      } catch (error) {
        desk.said(advice(error).join(': '));
      }
    });
    return button;
  });
  const label = h('span', { class: 'fine' }, 'Download');
  return h(
    'div',
    { class: 'downloads', role: 'group', 'aria-label': 'Download' },
    label,
    ...buttons,
  );
}
