// The types of `stillhere/warning`, tested by the compiler like those of the agent.

import type { Agent } from 'stillhere';
import type * as Declared from 'stillhere/warning';
import { attachWarning, type WarningOptions, type WarningTexts } from 'stillhere/warning';
import type * as Built from '../../js/warning.ts';

type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const functions: Same<typeof Built.attachWarning, typeof Declared.attachWarning> = true;
export const values: Same<keyof typeof Built, keyof typeof Declared> = true;

export const largest: WarningOptions = {
  signIn: '/login',
  texts: { warning: 'Are you there?', 'authority-unreachable': 'The server is away.' },
  lang: 'de-CH',
  notify: true,
  cover: false,
};

export function use(agent: Agent): void {
  attachWarning(agent);
  attachWarning(agent, { signIn: () => {}, texts: undefined }).remove();
  const element = document.createElement('stillhere-warning');
  element.agent = agent;
  element.signIn = '/login';
  element.texts = {} satisfies Partial<WarningTexts>;
  element.agent = undefined;

  // @ts-expect-error there is no such option
  attachWarning(agent, { signin: '/login' });
  // @ts-expect-error a text is a string
  attachWarning(agent, { texts: { warning: () => 'Are you there?' } });
  // @ts-expect-error there is no such text
  attachWarning(agent, { texts: { greeting: 'Hello' } });
  // @ts-expect-error what createAgent gave
  attachWarning({});
}
