/** The last minute: how many inputs each context had in each second, and who sent when. */
import type { ContextStatus } from 'stillhere';
import type { Snapshot } from './snapshot.ts';
import { total } from './words.ts';

export const SECONDS = 60;

export interface Sent {
  readonly at: number;
  readonly id: string;
  /** How many that context had sent with it. */
  readonly number: number;
}

export class History {
  /** By context, by second since the epoch. */
  readonly lanes = new Map<string, Map<number, number>>();
  sends: readonly Sent[] = [];

  take(before: Snapshot | undefined, { at, contexts }: Snapshot): void {
    for (const context of contexts) {
      const was = before?.contexts.find(({ id }) => id === context.id);
      if (!this.lanes.has(context.id)) {
        this.lanes.set(context.id, new Map());
      }
      // What a newcomer did before it was known belongs to no moment that is known.
      if (was) {
        this.#count(context, total(context.counts) - total(was.counts), at);
        if (context.sent > was.sent && context.sentAgoMs !== null) {
          const { id, sent: number } = context;
          this.sends = [...this.sends, { at: at - context.sentAgoMs, id, number }];
        }
      }
    }
    this.#forget(at, contexts);
  }

  #count({ id, activeAgoMs }: ContextStatus, count: number, at: number): void {
    const lane = this.lanes.get(id);
    if (count > 0 && activeAgoMs !== null && lane) {
      const second = Math.floor((at - activeAgoMs) / 1000);
      lane.set(second, (lane.get(second) ?? 0) + count);
    }
  }

  #forget(at: number, contexts: readonly ContextStatus[]): void {
    const oldest = Math.floor(at / 1000) - SECONDS;
    const living = new Set(contexts.map(({ id }) => id));
    for (const [id, lane] of this.lanes) {
      for (const second of lane.keys()) {
        if (second <= oldest) {
          lane.delete(second);
        }
      }
      if (!living.has(id) && lane.size === 0) {
        this.lanes.delete(id);
      }
    }
    this.sends = this.sends.filter((sent) => sent.at / 1000 > oldest);
  }

  totals(): { inputs: number; sends: number } {
    const counts = [...this.lanes.values()].flatMap((lane) => [...lane.values()]);
    return { inputs: counts.reduce((sum, count) => sum + count, 0), sends: this.sends.length };
  }
}
