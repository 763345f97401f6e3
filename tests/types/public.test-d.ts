// The public types, tested by the compiler: what must be allowed compiles, and a line marked as an
// error fails the check if it stops being one. `tsc --noEmit` runs this.

import type * as Declared from 'stillhere';
import {
  type Agent,
  type AgentOptions,
  createAgent,
  type KeepAlive,
  StillhereError,
} from 'stillhere';
import type * as Built from '../../js/index.ts';

/** What is built is what is declared, in both directions. */
type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const functions: Same<typeof Built.createAgent, typeof Declared.createAgent> = true;
export const values: Same<keyof typeof Built, keyof typeof Declared> = true;
export const error: InstanceType<typeof Built.StillhereError> extends Declared.StillhereError
  ? true
  : never = true;

export const smallest: AgentOptions = { token: 'x', authority: '/' };
export const largest: AgentOptions = {
  token: async () => null,
  authority: 'https://idle.example.com',
  group: 'session',
  count: { keystrokes: true, clicks: true, scroll: false, pointerMove: false },
  idleTimeoutMs: 600_000,
  warnBeforeMs: 60_000,
  keepAliveMs: 30_000,
  observeOnly: true,
};

export const own: KeepAlive = {
  send: async ({ ageMs, flush }) =>
    flush ? { state: 'unreachable', retryAfterMs: ageMs } : { state: 'alive', remainingMs: 1 },
  ask: async (signal) => (signal.aborted ? { state: 'unreachable' } : { state: 'alive' }),
  end: async (because) => ({ state: 'gone', because }),
  listen: async (onState) => onState({ state: 'gone', because: 'revoked' }),
};

export async function use(): Promise<void> {
  const agent: Agent = await createAgent(smallest);
  const { phase, remainingMs, counts } = agent.status;
  const left: number | null = remainingMs;
  const { keystrokes, clicks, heartbeats, notes, system } = counts;
  const total: number = keystrokes + clicks + heartbeats + notes + system;
  const { onLock, counts: counted } = agent.status.policy;
  onLock satisfies 'nothing' | 'warn' | 'end' | undefined;
  counted.system satisfies boolean | undefined;
  agent.addEventListener('ended', ({ detail }) => detail.because satisfies Declared.EndedBecause);
  agent.addEventListener('observed', ({ detail }) => detail.idleMs + detail.ends + total);
  agent.addEventListener('fault', ({ detail }) => detail.message.toUpperCase());
  agent.addEventListener('phase', ({ detail }) => detail.phase === phase);
  agent.addEventListener('anything', () => left);
  const hold = agent.hold('call', { ttlMs: total });
  hold.renew();
  hold.release();
  agent.note('crm');
  agent.stay();
  await agent.setToken(() => 'y');
  agent.end('signed-out');
  agent.close();

  // @ts-expect-error a snapshot is read-only
  agent.status.phase = 'active';
  // @ts-expect-error there need not be one
  agent.status.observed.agoMs;
  // @ts-expect-error there is no such rule
  onLock satisfies 'nothing' | 'warn' | undefined;
  // @ts-expect-error there is no such reason
  agent.end('bored');
  // @ts-expect-error remainingMs is null while held
  agent.status.remainingMs satisfies number;
  // @ts-expect-error a hold needs a reason
  agent.hold();
}

// @ts-expect-error the token is required
export const noToken: AgentOptions = { authority: '/' };
// @ts-expect-error there is no such option
export const unknown: AgentOptions = { token: 'x', authority: '/', timeout: 5 };
// @ts-expect-error ask is required
export const half: KeepAlive = { send: async () => ({ state: 'alive' }) };
// @ts-expect-error gone needs a reason
export const gone: Declared.Answer = { state: 'gone' };
// @ts-expect-error there is no such code
export const code = new StillhereError('bad-option', 'x').code === 'nonsense';
