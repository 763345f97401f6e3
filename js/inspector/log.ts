/** What happened, newest first, bounded. */

const LONGEST = 200;
/** Facts of the same kind within this time are one entry. */
const TOGETHER_MS = 10_000;

export type Kind =
  | 'plain'
  | 'sent'
  | 'active'
  | 'held'
  | 'checking'
  | 'warning'
  | 'ended'
  | 'refused';

export interface Entry {
  /** Grows with each entry. */
  readonly number: number;
  /** Of the newest fact that it tells. */
  at: number;
  text: string;
  readonly kind: Kind;
  /** The label of the context that it is about. */
  readonly tab: string;
}

/** One fact. Of those with the same key the numbers are added up, and `words` says them all. */
export interface Fact<N> {
  kind?: Kind;
  tab?: string;
  key: string;
  numbers: N;
  words(numbers: N): string;
}

export class Log {
  readonly entries: Entry[] = [];
  #number = 0;
  /** What the newest entry can still take in. */
  #open: { key: string; numbers: Record<string, number>; began: number } | undefined;

  add(at: number, text: string, kind: Kind = 'plain', tab = ''): void {
    this.#open = undefined;
    this.#number += 1;
    this.entries.unshift({ number: this.#number, at, text, kind, tab });
    this.entries.length = Math.min(this.entries.length, LONGEST);
  }

  sum<N extends object>(at: number, { key, numbers, words, kind, tab }: Fact<N>): void {
    const open = this.#open;
    const [newest] = this.entries;
    if (newest && open?.key === key && at - open.began < TOGETHER_MS) {
      for (const [name, count] of Object.entries(numbers)) {
        open.numbers[name] = (open.numbers[name] ?? 0) + count;
      }
      newest.text = words(open.numbers as N);
      newest.at = at;
      return;
    }
    this.add(at, words(numbers), kind, tab);
    this.#open = { key, numbers: { ...numbers } as Record<string, number>, began: at };
  }
}
