import type { ContextStatus, Counts, EndedBecause, Phase, Policy, Status } from 'stillhere';

// Gives names to the flat arrays of src/browser/view.rs, in its order. -1 stands for none.

const PHASES: Phase[] = ['active', 'warning', 'held', 'checking', 'ended'];
export const REASONS: EndedBecause[] = [
  'revoked',
  'signed-out',
  'schedule',
  'idle',
  'authority-unreachable',
  'token-missing',
];
export const COUNTS = ['keystrokes', 'clicks', 'heartbeats', 'notes', 'system'];
export const ON_LOCK: Policy['onLock'][] = ['nothing', 'warn', 'end'];
export const REFUSALS = ['untrusted', 'origin', 'rate', 'malformed'];

type Flat = number[];

export function named<T>(names: string[], values: Flat): T {
  return Object.freeze(Object.fromEntries(names.map((name, at) => [name, values[at]]))) as T;
}

/** Cuts off and names one row after the other. */
function rows<T>(flat: Flat, name: (row: Flat) => T): readonly T[] {
  const all: T[] = [];
  while (flat.length > 0) {
    all.push(Object.freeze(name(flat)));
  }
  return Object.freeze(all);
}

const hex = (row: Flat) =>
  row
    .splice(0, 2)
    .map((half) => half.toString(16).padStart(8, '0'))
    .join('');
const orNull = (value: number) => (value < 0 ? null : value);

/** Each hold, with its time left under that name. */
export function holds<K extends string>(flat: Flat, left: K) {
  return rows(flat, (row) => {
    const id = hex(row);
    const [ms, ...reason] = row.splice(0, row.indexOf(-1)) as [number, ...Flat];
    row.shift();
    return { id, reason: new TextDecoder().decode(Uint8Array.from(reason)), [left]: ms } as {
      id: string;
      reason: string;
    } & Record<K, number>;
  });
}

export function status(flat: Flat, keepAlive: Omit<Status['keepAlive'], 'sent'>): Status {
  const [phase, because, idleMs, remainingMs] = flat as [number, number, number, number];
  const rules = flat.slice(14);
  const [logoutAt, observe] = rules.slice(4) as [number, number];
  const endedBecause = REASONS[because];
  const [ends, reason, wasIdleMs, agoMs] = rules.slice(13) as [number, number, number, number];
  const why = REASONS[reason];
  const [keystrokes, clicks, heartbeats, , system] = rules.slice(6).map(Boolean) as boolean[];
  return Object.freeze({
    phase: PHASES[phase] as Phase,
    ...(endedBecause && { endedBecause }),
    idleMs,
    remainingMs: orNull(remainingMs),
    counts: named<Counts>(COUNTS, flat.slice(4)),
    refused: named<Status['refused']>(REFUSALS, flat.slice(9)),
    contexts: flat[13] as number,
    holds: holds(rules.slice(17), 'expiresInMs'),
    policy: Object.freeze({
      ...named<Status['policy']>(
        ['version', 'idleTimeoutMs', 'warnBeforeMs', 'keepAliveMs'],
        rules,
      ),
      ...(logoutAt < 0 ? {} : { logoutAt }),
      mode: observe ? 'observe' : 'enforce',
      counts: Object.freeze({ keystrokes, clicks, heartbeats, system }) as Policy['counts'],
      maxHoldMs: rules[9] as number,
      onLock: ON_LOCK[rules[11] as number] as Policy['onLock'],
    }),
    keepAlive: Object.freeze({ sent: rules[12] as number, ...keepAlive }),
    observed: why ? Object.freeze({ ends, because: why, idleMs: wasIdleMs, agoMs }) : null,
  });
}

export function contexts(flat: Flat): readonly ContextStatus[] {
  return rows(flat, (row) => {
    const id = hex(row);
    const [own, visible, streaming] = row.splice(0, 3).map(Boolean) as [boolean, boolean, boolean];
    const counts = named<Counts>(COUNTS, row.splice(0, 5));
    const [sent, sentAgo, activeAgo] = row.splice(0, 3) as [number, number, number];
    const [sentAgoMs, activeAgoMs] = [orNull(sentAgo), orNull(activeAgo)];
    return { id, own, visible, streaming, counts, sent, sentAgoMs, activeAgoMs };
  });
}
