/** The question that all tabs ask at once, and take back at once. */
import { byId, say } from './dom.js';
import { allTabs, countdown, span } from './words.js';

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
    say(byId('warning-seconds'), countdown(status.remainingMs));
    if (this.#dialog.open) return;
    const quiet = span(status.policy.idleTimeoutMs - status.policy.warnBeforeMs);
    const all = allTabs(contexts.length);
    say(
      byId('warning-text'),
      `Nobody was active for ${quiet}. At zero you are signed out of ${all}.`,
    );
    say(byId('warning-left'), `${span(status.remainingMs)} left.`);
    this.#dialog.showModal();
  }
}
