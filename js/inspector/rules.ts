/** The rules in force, beside what the page wished for. */
import type { AgentOptions, Policy } from 'stillhere';
import type { Snapshot } from './snapshot.ts';
import { moment, span } from './words.ts';

export interface Rule {
  readonly name: string;
  readonly inForce: string;
  /** What the page wished for; empty where it said nothing. */
  readonly wish: string;
}

export type Wishes = Partial<AgentOptions> & { observeOnly?: boolean };

const COUNTABLE = {
  keystrokes: 'keys',
  clicks: 'clicks',
  heartbeats: 'heartbeats',
  system: 'input in other programs',
  scroll: 'scrolling',
  pointerMove: 'pointer moves',
  frameFocus: 'clicks into frames',
};

function kinds(counts: Partial<Record<string, boolean>>): string {
  const names = Object.entries(COUNTABLE).filter(([kind]) => counts[kind]);
  return names.map(([, name]) => name).join(', ') || 'nothing';
}

/** What a locked screen does. */
const LOCKED = { nothing: 'nothing happens', warn: 'people are warned', end: 'it ends' };

const asked = (ms: unknown) => (typeof ms === 'number' ? span(ms) : '');

/** Each rule as a row. */
export function rules({ status, at }: Snapshot, wishes: Wishes): Rule[] {
  const policy: Policy = status.policy;
  const { count } = wishes;
  const clock = policy.logoutAt;
  return [
    {
      name: 'Idle timeout',
      inForce: span(policy.idleTimeoutMs),
      wish: asked(wishes.idleTimeoutMs),
    },
    { name: 'Warned before', inForce: span(policy.warnBeforeMs), wish: asked(wishes.warnBeforeMs) },
    {
      name: 'Keep-alive at most every',
      inForce: span(policy.keepAliveMs),
      wish: asked(wishes.keepAliveMs),
    },
    {
      name: 'Counts',
      inForce: kinds(policy.counts),
      wish: count ? kinds(count) : '',
    },
    {
      name: 'Ends by the clock',
      inForce: clock === undefined ? 'no' : `${moment(clock)}${clock < at ? ' (past)' : ''}`,
      wish: '',
    },
    { name: 'Screen locked', inForce: LOCKED[policy.onLock ?? 'nothing'], wish: '' },
    { name: 'Longest hold', inForce: span(policy.maxHoldMs), wish: '' },
    {
      name: 'Mode',
      inForce: policy.mode === 'observe' ? 'observe' : 'enforce',
      wish: wishes.observeOnly ? 'observe' : '',
    },
    {
      name: 'Policy version',
      inForce: policy.version > 0 ? `${policy.version}` : 'none yet',
      wish: '',
    },
  ];
}
