import type { ContextStatus, Status } from 'stillhere';

/** What the agent was seen to know at a moment. */
export interface Snapshot {
  /** In ms since the Unix epoch. */
  readonly at: number;
  readonly status: Status;
  readonly contexts: readonly ContextStatus[];
  /** The label of a context, of one that has left too; empty while the app does not know it yet. */
  label(id: string): string;
}

/** Longest label: it stands in a badge. */
const LONGEST_LABEL = 4;

/** Calls contexts by what the app says, or by the start of their names, which all tabs share. */
export class Labels {
  readonly #known = new Map<string, string>();
  nameOf: ((context: ContextStatus) => string) | undefined;

  take(contexts: readonly ContextStatus[]): void {
    for (const context of contexts) {
      const label = this.nameOf ? `${this.nameOf(context)}` : context.id;
      this.#known.set(context.id, label.slice(0, LONGEST_LABEL));
    }
  }

  readonly of = (id: string): string => this.#known.get(id) ?? '';
}

/** One of the six colours that tell tabs apart, the same in every tab. */
export function colorOf(label: string): number {
  const sum = [...label].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return (sum + 1) % 6;
}

/** A, B and so on before A2, whatever the order in which they came. */
export function inOrder(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
