// What the snippets of the docs take from the app around them (tests/docs-snippets.test.mjs).
import type { Agent } from 'stillhere';

declare global {
  const agent: Agent;
  const token: string;
  const authority: string;
  const user: { id: string };
  const banner: HTMLElement;
  const warning: HTMLElement;
  const notice: HTMLElement;
  /** The global of the vendor's own SDK (docs/genesys.md). */
  // biome-ignore lint/suspicious/noExplicitAny: it ships no types of its own
  const platformClient: any;
}
