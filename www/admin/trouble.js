/** What went wrong and what to do, where the answer would have been. */
import { h } from '../app/dom.js';

/**
 * Title and sentence.
 * @param {import('./api.js').Refused} error
 */
export function advice(error) {
  if (error.scope) {
    return [
      `This token lacks the scope ${error.scope}`,
      'Pages that need other scopes work. What a token may do stands in the configuration file of ' +
        "the authority, at the administrator's name.",
    ];
  }
  if (error.status === 0) return ['The authority does not answer', error.message];
  if (error.status === 503) return ['The authority cannot answer now', error.message];
  return [`That did not work${error.status ? ` (${error.status})` : ''}`, error.message];
}

/** A box that says so. With `again` it has a button to try once more. */
export function trouble(error, again) {
  const [title, text] = advice(error);
  const box = h('div', { class: 'trouble', role: 'alert' }, h('h3', {}, title), h('p', {}, text));
  if (again && !error.scope) {
    const button = h('button', { type: 'button', class: 'small' }, 'Try again');
    button.addEventListener('click', again);
    box.append(button);
  }
  return box;
}
