// What a `KeepAlive` is given and what it gives, as the numbers that cross (src/core/flat.rs, src/browser/view.rs).
import type { Answer, Report } from 'stillhere';
import { COUNTS, holds, named, ON_LOCK, REASONS } from './status.ts';

const STATES = ['alive', 'gone', 'unreachable'];

/** -1 for what is not there, NaN for what is no number. Ranges are for the machine to judge. */
function number(value: unknown): number {
  return value == null ? -1 : typeof value === 'number' && value >= 0 ? value : Number.NaN;
}

export const bit = (value: unknown) => (value ? 1 : 0);

/** An answer in the order of src/core/flat.rs. */
export function flat(answer: Answer): Float64Array {
  try {
    // Whoever wrote the `KeepAlive` may have written anything.
    const { state, because, policy, ...given } = answer as unknown as Record<string, never>;
    const rules: Record<string, unknown> = policy ?? {};
    const counts = (rules.counts ?? {}) as Record<string, unknown>;
    return Float64Array.of(
      STATES.indexOf(state as never),
      REASONS.indexOf(because as never),
      number(given.retryAfterMs),
      number(given.idleMs),
      number(given.remainingMs),
      bit(given.held),
      bit(policy != null),
      number(rules.version),
      number(rules.idleTimeoutMs),
      number(rules.warnBeforeMs),
      number(rules.keepAliveMs),
      number(rules.logoutAt),
      number(rules.maxHoldMs),
      bit(rules.mode === 'observe'),
      ...['keystrokes', 'clicks', 'heartbeats'].map((kind) => bit(counts[kind] ?? true)),
      bit(counts.system),
      ON_LOCK.indexOf((rules.onLock ?? 'nothing') as never),
      number(given.atMs),
    );
  } catch {
    return Float64Array.of(Number.NaN);
  }
}

export function toReport(detail: number[], flush: boolean): Report {
  return {
    ageMs: detail[0] as number,
    counts: named(COUNTS, detail.slice(1)),
    contexts: detail[6] as number,
    holds: holds(detail.slice(7), 'ttlMs'),
    flush,
  };
}
