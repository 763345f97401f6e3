/** The last minute: how many inputs each context had in each second, and who sent when. */
export const SECONDS = 60;

const total = ({ keystrokes, clicks, heartbeats, notes }) =>
  keystrokes + clicks + heartbeats + notes;

export class History {
  /** By context id, by second since the epoch. */
  lanes = new Map();
  /** `{ at, id, number }`: the keep-alives. */
  sends = [];

  take(before, { at, contexts }) {
    for (const context of contexts) {
      const was = before?.contexts.find(({ id }) => id === context.id);
      // What a newcomer did before it was known belongs to no moment that is known.
      const known = was ?? (before && context);
      if (!this.lanes.has(context.id)) this.lanes.set(context.id, new Map());
      if (!known) continue;
      this.#count(context, total(context.counts) - total(known.counts), at);
      if (context.sent > known.sent && context.sentAgoMs !== null) {
        const sent = { at: at - context.sentAgoMs, id: context.id, number: context.sent };
        this.sends.push(sent);
      }
    }
    this.#forget(at, contexts);
  }

  #count({ id, activeAgoMs }, count, at) {
    if (count <= 0 || activeAgoMs === null) return;
    const lane = this.lanes.get(id);
    const second = Math.floor((at - activeAgoMs) / 1000);
    lane.set(second, (lane.get(second) ?? 0) + count);
  }

  #forget(at, contexts) {
    const oldest = Math.floor(at / 1000) - SECONDS;
    const living = new Set(contexts.map(({ id }) => id));
    for (const [id, lane] of this.lanes) {
      for (const second of lane.keys()) {
        if (second <= oldest) lane.delete(second);
      }
      if (!living.has(id) && lane.size === 0) this.lanes.delete(id);
    }
    this.sends = this.sends.filter((sent) => sent.at / 1000 > oldest);
  }

  totals() {
    const lanes = [...this.lanes.values()].flatMap((lane) => [...lane.values()]);
    return { inputs: lanes.reduce((sum, count) => sum + count, 0), sends: this.sends.length };
  }
}
