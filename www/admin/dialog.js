/** The one question that is asked before anything is done that cannot be undone. */
import { byId, say } from '../app/dom.js';

/**
 * Asks and waits. The browser gives the focus back to where it was.
 * @param {{ title: string, text: (string | Node)[], yes: string, grave?: boolean }} question
 *   `grave`: the safe answer has the focus
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, yes, grave = false }) {
  const dialog = byId('ask');
  say(byId('ask-title'), title);
  const paragraphs = text.map((each) => {
    if (typeof each !== 'string') return each;
    const paragraph = document.createElement('p');
    paragraph.textContent = each;
    return paragraph;
  });
  byId('ask-text').replaceChildren(...paragraphs);
  say(byId('ask-yes'), yes);
  byId('ask-yes').className = grave ? 'grave' : 'primary';
  return new Promise((resolve) => {
    const answer = (value) => () => dialog.close(value);
    byId('ask-yes').onclick = answer('yes');
    byId('ask-no').onclick = answer('no');
    dialog.returnValue = 'no';
    dialog.oncancel = () => {
      dialog.returnValue = 'no';
    };
    dialog.onclose = () => resolve(dialog.returnValue === 'yes');
    dialog.showModal();
    byId(grave ? 'ask-no' : 'ask-yes').focus();
  });
}

/** Takes a question away that nobody can answer any more. */
export function withdraw() {
  if (byId('ask').open) byId('ask').close('no');
}
