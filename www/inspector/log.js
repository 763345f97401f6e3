/** The log of facts: newest first, bounded, in words. */
import { badge, h, say } from '../app/dom.js';
import { timeOfDay } from '../app/words.js';

const LONGEST = 200;
/** Facts of the same kind within this time are one entry. */
const TOGETHER_MS = 10_000;

export class LogView {
  #entries = [];
  #list = h('ol', { class: 'log', tabindex: 0, 'aria-label': 'What happened, newest first' });
  node = this.#list;

  /**
   * Adds `{ text, kind?, tab? }`. With `key`, an entry of the same key that is still the newest
   * takes it in: `text` is then a function of the entry's counts.
   */
  add({ text, kind = 'plain', tab, key, counts }) {
    const at = Date.now();
    const [newest] = this.#entries;
    if (key && newest?.key === key && at - newest.began < TOGETHER_MS) {
      for (const [name, count] of Object.entries(counts)) newest.counts[name] += count;
      newest.text = text(newest.counts);
      newest.at = at;
      return;
    }
    const all = { ...counts };
    const words = typeof text === 'function' ? text(all) : text;
    this.#entries.unshift({ at, began: at, kind, tab, key, counts: all, text: words });
    this.#entries.length = Math.min(this.#entries.length, LONGEST);
  }

  show() {
    for (const entry of this.#entries.toReversed()) {
      if (!entry.node) {
        entry.node = this.#make(entry);
        this.#list.prepend(entry.node.row);
      }
      say(entry.node.time, timeOfDay(entry.at));
      say(entry.node.text, entry.text);
    }
    while (this.#list.children.length > LONGEST) this.#list.lastChild.remove();
  }

  #make({ kind, tab }) {
    const time = h('time');
    const text = h('span');
    const mark = tab?.letter ? badge(tab) : h('span', { class: 'log-mark', 'aria-hidden': 'true' });
    return { time, text, row: h('li', { 'data-kind': kind }, time, mark, text) };
  }
}
