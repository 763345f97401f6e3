/** The question that all tabs ask at once, and take back at once. */
import { byId, say } from './dom.js';
import { allTabs, span } from './words.js';

export class Warning {
  #dialog;

  constructor(dialog, agent, watch) {
    this.#dialog = dialog;
    byId('stay').onclick = () => agent.stay();
    // Escape is a key like any other: it says that somebody is here. The phase closes the dialog.
    dialog.oncancel = (event) => event.preventDefault();
    watch.addEventListener('snapshot', (event) => this.#show(event.detail));
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  #show({ status, contexts }) {
    if (status.phase !== 'warning') {
      this.close();
      return;
    }
    say(byId('warning-seconds'), String(Math.ceil(status.remainingMs / 1000)));
    if (this.#dialog.open) return;
    const quiet = span(status.policy.idleTimeoutMs - status.policy.warnBeforeMs);
    const soon = span(Math.round(status.remainingMs / 1000) * 1000);
    const all = allTabs(contexts.length);
    say(
      byId('warning-text'),
      `Nobody was active for ${quiet}. In ${soon} you are signed out of ${all}.`,
    );
    this.#dialog.showModal();
  }
}
