// The public types of `stillhere/resume`, tested by the compiler (see public.test-d.ts).

import type { Agent } from 'stillhere';
import type * as Declared from 'stillhere/resume';
import { awaitReturn, forgetExpired, type KeepOptions, keepWork } from 'stillhere/resume';
import type * as Built from '../../js/resume.ts';

/** What is built is what is declared, in both directions. */
type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const functions: Same<typeof Built.keepWork, typeof Declared.keepWork> = true;
export const waits: Same<typeof Built.awaitReturn, typeof Declared.awaitReturn> = true;
export const forgets: Same<typeof Built.forgetExpired, typeof Declared.forgetExpired> = true;
export const values: Same<keyof typeof Built, keyof typeof Declared> = true;

export const smallest: KeepOptions = { user: 'u-4711' };
export const largest: KeepOptions = {
  user: 'u-4711',
  secret: 'from the server alone',
  forMs: 600_000,
  go: async (address) => address.startsWith('/'),
  onReturn: (who) => who === 'same-user',
};

export async function use(agent: Agent): Promise<void> {
  const work = await keepWork(agent, smallest);
  const { outcome, address, fields, scroll, missing } = await work.restored;
  const back: boolean = address && scroll && fields > 0 && outcome === 'restored';
  for (const { field, value } of missing) field.concat(String(value), String(back));
  work.addEventListener('restored', ({ detail }) => detail.fields.toFixed());
  work.addEventListener('fault', ({ detail }) => detail.code === 'storage-full');
  const keeps: boolean = work.keeps && work.fault === null;
  work.forget();
  work.close();
  const stop: () => void = awaitReturn((who) => who === 'another-user' && keeps);
  stop();
  awaitReturn();
  forgetExpired();

  // @ts-expect-error what came back is read-only
  (await work.restored).fields = 1;
  // @ts-expect-error there is no such outcome
  outcome === 'kept';
  // @ts-expect-error there is no such code
  work.fault?.code === 'full';
}

// @ts-expect-error the user is required
export const noUser: KeepOptions = { secret: 'from the server alone' };
// @ts-expect-error there is no such option
export const unknown: KeepOptions = { user: 'u-4711', hours: 1 };
