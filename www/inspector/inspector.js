/** What the agents of all tabs know, live. It only looks; it decides nothing. */
import { h, say } from '../app/dom.js';
import { allTabs, plural, span } from '../app/words.js';
import { Facts } from './facts.js';
import { History } from './history.js';
import { LogView } from './log.js';
import { Ring } from './ring.js';
import { Strip } from './strip.js';
import { Tabs } from './tabs.js';
import { Tries } from './tries.js';

function panel(title, ...children) {
  return h('section', { class: 'panel' }, title, ...children);
}

export class Inspector {
  #root;
  #history = new History();
  #facts;
  #views;
  #tabsTitle = h('h3');
  #stripTitle = h('h3');
  #rules = h('p', { class: 'fine' });
  #refused = h('p', { class: 'fine' });
  #before;

  constructor(root, watch, signIn) {
    this.#root = root;
    const log = new LogView();
    this.#facts = new Facts(watch, log);
    const ring = new Ring();
    const tabs = new Tabs();
    const strip = new Strip(this.#history);
    const tries = new Tries(watch, log, signIn);
    this.#views = [ring, tabs, strip, log];
    root.replaceChildren(
      h('h2', { class: 'inspector-title' }, 'Stillhere inspector'),
      ring.node,
      panel(this.#tabsTitle, tabs.node),
      panel(this.#stripTitle, strip.node),
      panel(h('h3', {}, 'Try it'), tries.node),
      panel(h('h3', {}, 'What happened'), log.node),
      panel(h('h3', {}, 'Rules in force'), this.#rules, this.#refused),
    );
    watch.addEventListener('snapshot', (event) => this.#take(event.detail));
  }

  /** Remembers always, so that a tab that was hidden knows; draws only what can be seen. */
  #take(now) {
    this.#history.take(this.#before, now);
    this.#facts.take(this.#before, now);
    this.#before = now;
    if (document.hidden || this.#root.hidden) return;
    this.#root.dataset.phase = now.status.phase;
    for (const view of this.#views) view.show(now);
    this.#showTitles(now);
  }

  #showTitles({ at, status, contexts }) {
    say(this.#tabsTitle, `${plural(contexts.length, 'tab')}, one deadline`);
    const { inputs, sends } = this.#history.totals(at);
    const sent = plural(sends, 'keep-alive');
    say(this.#stripTitle, `Last minute: ${plural(inputs, 'input')}, ${sent}`);
    const { policy, refused } = status;
    const all = allTabs(contexts.length);
    const observe = policy.mode === 'observe' ? ' Dry run: nothing really ends.' : '';
    say(
      this.#rules,
      `Signed out after ${span(policy.idleTimeoutMs)} without a key or click. ` +
        `Warned ${span(policy.warnBeforeMs)} before. ` +
        `At most one keep-alive in ${span(policy.keepAliveMs)} for ${all}.${observe}`,
    );
    const kinds = [
      [refused.untrusted, 'by script'],
      [refused.origin, 'from a stranger'],
      [refused.rate, 'too fast'],
      [refused.malformed, 'malformed'],
    ];
    const parts = kinds.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`);
    say(this.#refused, `Refused in this tab: ${parts.join(', ') || 'nothing'}.`);
  }
}
