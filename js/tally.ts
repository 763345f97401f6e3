/**
 * Inputs that need nothing but counting. Most never reach the module: between two keys the processor
 * forgets the page, and to call it again costs more than to count (docs/architecture.md, the hot path).
 * Each is a handful of variables in a closure: what a member of an object costs besides is a look into
 * more memory that is cold by then.
 */
export interface Tally {
  /** In that span of the wall clock an input needs nothing but counting. */
  span(from: number, until: number): void;
  /** What hears inputs of that kind. */
  listener(kind: number): (event: Event) => void;
  /** Gives what was counted since the last time: how often each kind, and when the newest of all was. */
  flush(give: (kind: number, times: number, newest: number) => void): void;
}

/**
 * @param outside - an input that the machine has to be told of
 * @param refused - one that nobody made
 */
export function tally(outside: (kind: number, moment: number) => void, refused: () => void): Tally {
  let from = 0;
  let until = 0;
  let newest = 0;
  const takes: (() => [kind: number, times: number])[] = [];
  return {
    span(first, last) {
      from = first;
      until = last;
    },
    listener(kind) {
      let times = 0;
      takes.push(() => {
        const taken = times;
        times = 0;
        return [kind, taken];
      });
      // Which key, where, and what was typed is never read (docs/architecture.md, rule 7).
      return (event) => {
        if (!event.isTrusted) {
          refused();
          // A key that is held down is one activity.
        } else if (!(event as KeyboardEvent).repeat) {
          const now = Date.now();
          if (now >= from && now < until) {
            times += 1;
            newest = now;
          } else {
            outside(kind, event.timeStamp);
          }
        }
      };
    },
    flush(give) {
      if (newest) {
        const moment = newest;
        // Whoever is given it may ask again.
        newest = 0;
        for (const take of takes) {
          give(...take(), moment);
        }
      }
    },
  };
}
