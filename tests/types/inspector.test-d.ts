// The public types of `stillhere/inspector`, tested by the compiler.

import type { Agent } from 'stillhere';
import type * as Declared from 'stillhere/inspector';
import { openInspector, StillhereInspector } from 'stillhere/inspector';
import type * as Built from '../../js/inspector.ts';

/** What is built is what is declared, in both directions. */
type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const values: Same<keyof typeof Built, keyof typeof Declared> = true;
export const open: typeof Built.openInspector extends typeof Declared.openInspector ? true : never =
  true;
export const element: Built.StillhereInspector extends Declared.StillhereInspector ? true : never =
  true;

export function use(agent: Agent): void {
  const inspector: StillhereInspector = openInspector(agent, {
    agentOptions: { token: () => 'x', authority: '/', idleTimeoutMs: 600_000 },
    nameOf: ({ own, id }) => (own ? 'me' : id),
    watchNetwork: true,
  });
  openInspector(agent);
  const report: string = inspector.report();
  inspector.agent = undefined;
  inspector.agent = null;
  inspector.nameOf = null;
  inspector.watchNetwork = report !== '';
  inspector.addEventListener('close', () => inspector.focus());
  inspector.close();
  document.createElement('stillhere-inspector').agent = agent;
  document.querySelector('stillhere-inspector')?.report();

  // @ts-expect-error an agent is needed
  openInspector();
  // @ts-expect-error there is no such option
  openInspector(agent, { token: 'x' });
  // @ts-expect-error it is a label
  openInspector(agent, { nameOf: 'Ada' });
  // @ts-expect-error it is no promise
  inspector.report().then();
}
export const made: typeof HTMLElement = StillhereInspector;
