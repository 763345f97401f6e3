/** What was seen of one agent, from when the inspector began to look. */
import type { EndedBecause } from 'stillhere';
import { counted, ENDED, Facts } from './facts.ts';
import { History } from './history.ts';
import { Log } from './log.ts';
import type { Snapshot } from './snapshot.ts';
import { KINDS } from './words.ts';

/** The newest activity that is known. */
export interface Activity {
  readonly at: number;
  /** The context; none where it was outside of the contexts that were seen. */
  readonly id?: string;
  readonly own?: boolean;
  /** What was counted then, where that was seen. */
  readonly kind?: (typeof KINDS)[number] | 'input';
}

/** One end that a dry run let pass. */
export interface Observed {
  readonly at: number;
  readonly because: EndedBecause;
  readonly idleMs: number;
}

/** As the agent tells of one. */
interface Told {
  readonly because: EndedBecause;
  readonly idleMs: number;
  readonly agoMs?: number;
  /** How many there were. */
  readonly ends?: number;
}

/** Activity is told to the second. */
const SAME_MS = 1000;

export class Recorder {
  readonly log = new Log();
  readonly history = new History();
  readonly #facts = new Facts(this.log);
  readonly #active = new Map<string, Activity>();
  #since = 0;
  /** When the session was over, if it was seen to end. */
  endedAt: number | undefined;
  readonly observed: Observed[] = [];
  /** How many ends a dry run let pass, those before it looked among them. */
  ends = 0;
  before: Snapshot | undefined;

  take(now: Snapshot): void {
    const { before } = this;
    this.history.take(before, now);
    this.#facts.take(before, now);
    this.#activity(before, now);
    if (before && before.status.phase !== 'ended' && now.status.phase === 'ended') {
      this.endedAt ??= now.at;
    }
    const { observed } = now.status as { observed?: Told | null };
    if (observed) {
      this.wouldEnd(now.at, observed);
    }
    this.before = now;
  }

  #activity(before: Snapshot | undefined, { at, contexts }: Snapshot): void {
    for (const { id, own, activeAgoMs, counts } of contexts) {
      if (activeAgoMs === null) {
        continue;
      }
      const known = this.#active.get(id);
      const was = before?.contexts.find((context) => context.id === id);
      const delta = was && counted(was.counts, counts);
      const [kind, ...more] = KINDS.filter((each) => delta && delta[each] > 0);
      // The same moment again, as the two clocks have it now.
      if (kind || !known || Math.abs(at - activeAgoMs - known.at) > SAME_MS) {
        const moment = { at: at - activeAgoMs, id, own };
        this.#active.set(id, kind ? { ...moment, kind: more.length > 0 ? 'input' : kind } : moment);
      }
    }
  }

  /** From when the idle time counts, and whose activity that is. Nothing while nothing is known. */
  newest({ at, status }: Snapshot): Activity | undefined {
    const [activity] = [...this.#active.values()].sort((a, b) => b.at - a.at);
    if (status.phase === 'ended') {
      return activity;
    }
    const since = at - status.idleMs;
    // Two clocks are read: what differs by less is the same moment, and is told as the same.
    if (Math.abs(since - this.#since) > SAME_MS / 2) {
      this.#since = since;
    }
    const known = activity && Math.abs(activity.at - since) <= SAME_MS;
    return { ...(known && activity), at: this.#since };
  }

  /** An end that a dry run let pass, told by an event or found in the status: the same one is one. */
  wouldEnd(now: number, { because, idleMs, agoMs = 0, ends = 0 }: Told): void {
    this.ends = Math.max(this.ends, ends);
    const at = now - agoMs;
    if (!(because in ENDED) || at - (this.observed.at(-1)?.at ?? 0) < SAME_MS) {
      return;
    }
    this.observed.push({ at, because, idleMs });
    this.ends = Math.max(this.ends, this.observed.length);
    this.log.add(at, `Would have been logged out: ${ENDED[because]} (dry run)`, 'warning');
  }
}
