/** Turns what the agent says, and what changed between two looks at it, into sentences. */
import { allTabs, inputs, plural, span } from '../app/words.js';

const KINDS = ['keystrokes', 'clicks', 'heartbeats', 'notes'];
const REFUSED = {
  untrusted: 'Input made by a script was refused',
  origin: 'A message from a stranger was refused',
  rate: 'A message was refused: too many',
  malformed: 'A malformed message was refused',
};
const ENDED = {
  idle: 'nobody was active',
  schedule: 'the working time is over',
  revoked: 'the server ended it',
  'signed-out': 'somebody signed out',
  'authority-unreachable': 'the server could not be reached in time',
  'token-missing': 'the sign-in is gone',
};

export class Facts {
  #log;

  constructor(watch, log) {
    this.#log = log;
    watch.agent.addEventListener('fault', ({ detail }) => {
      log.add({ kind: 'fault', text: detail.message });
    });
  }

  take(before, now) {
    if (!before) return;
    for (const context of now.contexts) {
      const name = now.nameOf(context.id);
      const was = before.contexts.find(({ id }) => id === context.id);
      // A context without a letter has just come, and is told of once it has one.
      if (!name.letter) continue;
      if (!was || !before.nameOf(context.id).letter) this.#joined(context, name);
      else this.#changed(was, context, name, now);
    }
    for (const context of before.contexts) {
      if (!now.contexts.some(({ id }) => id === context.id)) this.#left(before, context);
    }
    this.#session(before.status, now.status, now.contexts.length);
  }

  #joined(context, tab) {
    const text = context.own ? `This is tab ${tab.letter}` : `Tab ${tab.letter} joined`;
    this.#log.add({ tab, text });
  }

  #left(before, context) {
    const tab = before.nameOf(context.id);
    if (tab.letter) this.#log.add({ tab, text: `Tab ${tab.letter} was closed` });
  }

  #changed(was, context, tab, now) {
    const counts = Object.fromEntries(
      KINDS.map((kind) => [kind, context.counts[kind] - was.counts[kind]]),
    );
    if (KINDS.some((kind) => counts[kind] > 0)) {
      const text = (all) => `${inputs(all)} in tab ${tab.letter}`;
      this.#log.add({ tab, key: `input ${context.id}`, counts, text });
    }
    if (context.sent > was.sent) {
      const all = allTabs(now.contexts.length);
      const text = `Tab ${tab.letter} sent the keep-alive for ${all}`;
      this.#log.add({ kind: 'sent', tab, text });
    }
    if (context.streaming && !was.streaming) {
      this.#log.add({ tab, text: `Tab ${tab.letter} now hears the server for everybody` });
    }
    if (context.visible !== was.visible) {
      const text = `Tab ${tab.letter} ${context.visible ? 'came into view' : 'was hidden'}`;
      this.#log.add({ tab, text });
    }
  }

  #session(was, status, count) {
    if (status.phase !== was.phase) this.#phase(was, status, count);
    if (status.policy.version !== was.policy.version && was.policy.version > 0) {
      const time = span(status.policy.idleTimeoutMs);
      this.#log.add({ text: `The rules changed: signed out after ${time} without activity` });
    }
    for (const [reason, words] of Object.entries(REFUSED)) {
      this.#refused(reason, words, status.refused[reason] - was.refused[reason]);
    }
    const failed = status.keepAlive.failed - was.keepAlive.failed;
    if (failed > 0) {
      const text = `${plural(failed, 'keep-alive')} failed (${status.keepAlive.lastStatus})`;
      this.#log.add({ kind: 'fault', text });
    }
  }

  #refused(reason, words, times) {
    if (times <= 0) return;
    const text = (all) => words + (all.times > 1 ? `, ${all.times} times` : '');
    this.#log.add({ kind: 'refused', key: `refused ${reason}`, counts: { times }, text });
  }

  #phase(was, status, count) {
    const all = allTabs(count);
    const sentences = {
      active: {
        checking: 'The server says: signed in',
        warning: `Somebody is here: the warning is gone in ${all}`,
        held: 'The call is over: the clock starts anew',
      }[was.phase],
      warning: `Nobody active, the server agrees: warning in ${all}`,
      held: `A call is open: nobody is signed out`,
      checking: 'Not sure where the session stands: asking the server',
      ended: `Ended in ${all}: ${ENDED[status.endedBecause]}`,
    };
    this.#log.add({ kind: status.phase, text: sentences[status.phase] ?? 'Signed in' });
  }
}
