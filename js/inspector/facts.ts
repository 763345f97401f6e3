/** Turns what changed between two looks at the agent into sentences of the log. */
import type { ContextStatus, Counts, EndedBecause, Status } from 'stillhere';
import type { Log } from './log.ts';
import type { Snapshot } from './snapshot.ts';
import { allTabs, inputs, KINDS, plural, span } from './words.ts';

export type Refusals = Status['refused'];

/** What was refused, in words, by the name that the agent has for it. */
export const REFUSED: Record<keyof Refusals, string> = {
  untrusted: 'Input made by a script, not by a person',
  origin: 'A message from a page that is not on the list of hosts',
  rate: 'A heartbeat too soon after another',
  malformed: 'A message that is no heartbeat',
};

/** Why a session is over, as the end of a sentence. */
export const ENDED: Record<EndedBecause, string> = {
  idle: 'nobody was active',
  schedule: 'the scheduled time had come',
  revoked: 'the authority ended the token',
  'signed-out': 'somebody signed out',
  'authority-unreachable': 'the authority could not be reached at the deadline',
  'token-missing': 'the app had no token any more',
};

/** What was counted since, by kind. */
export function counted(was: Counts, now: Counts): Counts {
  return Object.fromEntries(
    KINDS.map((kind) => [kind, now[kind] - was[kind]]),
  ) as unknown as Counts;
}

/** Compares two looks, and writes what is different. */
export class Facts {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  take(before: Snapshot | undefined, now: Snapshot): void {
    if (!before) {
      return;
    }
    for (const context of now.contexts) {
      const tab = now.label(context.id);
      const was = before.contexts.find(({ id }) => id === context.id);
      // One that the app has no label for yet is told of once it has.
      if (tab && !(was && before.label(context.id))) {
        this.#log.add(
          now.at,
          context.own ? `This is tab ${tab}` : `Tab ${tab} joined`,
          'plain',
          tab,
        );
      } else if (tab && was) {
        this.#context(was, context, tab, now);
      }
    }
    for (const { id } of before.contexts) {
      const tab = before.label(id);
      if (tab && !now.contexts.some((context) => context.id === id)) {
        this.#log.add(now.at, `Tab ${tab} was closed`, 'plain', tab);
      }
    }
    this.#session(before.status, now);
  }

  #context(was: ContextStatus, context: ContextStatus, tab: string, { at, contexts }: Snapshot) {
    const numbers = counted(was.counts, context.counts);
    if (KINDS.some((kind) => numbers[kind] > 0)) {
      const words = (all: Counts) => `${inputs(all)} in tab ${tab}`;
      this.#log.sum(at, { tab, key: `input ${context.id}`, numbers, words });
    }
    if (context.sent > was.sent) {
      const all = allTabs(contexts.length);
      this.#log.add(at, `Tab ${tab} sent the keep-alive for ${all}`, 'sent', tab);
    }
    if (context.streaming && !was.streaming) {
      this.#log.add(at, `Tab ${tab} now hears the authority for everybody`, 'plain', tab);
    }
    if (context.visible !== was.visible) {
      const text = `Tab ${tab} ${context.visible ? 'came into view' : 'was hidden'}`;
      this.#log.add(at, text, 'plain', tab);
    }
  }

  #session(was: Status, { at, status, contexts }: Snapshot): void {
    if (status.phase !== was.phase) {
      this.#phase(was, status, at, contexts.length);
    }
    if (status.policy.version !== was.policy.version && was.policy.version > 0) {
      const time = span(status.policy.idleTimeoutMs);
      this.#log.add(at, `The rules changed: logged out after ${time} without activity`);
    }
    for (const reason of Object.keys(REFUSED) as (keyof Refusals)[]) {
      const times = status.refused[reason] - was.refused[reason];
      if (times > 0) {
        const words = (all: { times: number }) =>
          `Refused: ${REFUSED[reason]}${all.times > 1 ? `, ${all.times} times` : ''}`;
        this.#log.sum(at, { kind: 'refused', key: reason, numbers: { times }, words });
      }
    }
    const failed = status.keepAlive.failed - was.keepAlive.failed;
    if (failed > 0) {
      const text = `${plural(failed, 'keep-alive')} failed (${lastAnswer(status)})`;
      this.#log.add(at, text, 'ended');
    }
  }

  #phase(was: Status, { phase, endedBecause, policy }: Status, at: number, count: number): void {
    const all = allTabs(count);
    const back = {
      checking: 'The authority says: alive',
      held: 'No hold is open: the clock starts anew',
    };
    const sentences = {
      active:
        was.phase === 'warning'
          ? `Somebody is here: the warning is gone in ${all}`
          : (back[was.phase as keyof typeof back] ?? 'Alive'),
      warning: `Nobody active, the authority agrees: warning in ${all}`,
      held: 'A hold is open: nobody is logged out',
      checking: 'Not sure where the session stands: asking',
      ended: `Ended in ${all}: ${ENDED[endedBecause as EndedBecause]}`,
    };
    const dry = policy.mode === 'observe' && phase === 'warning' ? ' (dry run)' : '';
    this.#log.add(at, sentences[phase] + dry, phase);
  }
}

/** The newest answer to a keep-alive; a `KeepAlive` of the app's own may have given anything. */
function lastAnswer({ keepAlive: { lastStatus } }: Status): string {
  return typeof lastStatus === 'number' || /^(alive|gone|unreachable)$/.test(`${lastStatus}`)
    ? `${lastStatus}`
    : 'none';
}

/** How the keep-alives of a context went. */
export function keepAlives(status: Status): string {
  const { sent, acknowledged, failed } = status.keepAlive;
  const answer = sent > 0 ? `, last answer ${lastAnswer(status)}` : '';
  return `${sent} sent, ${acknowledged} acknowledged, ${failed} failed${answer}`;
}
