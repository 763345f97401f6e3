import type { ContextStatus, Counts, EndedBecause, HoldStatus, Phase, Status } from 'stillhere';
import type { Machine } from 'stillhere-bindgen';

// Gives names to the flat arrays of src/browser/view.rs, in its order. -1 stands for none.

const PHASES: Phase[] = ['active', 'warning', 'held', 'checking', 'ended'];
const REASONS: EndedBecause[] = [
  'revoked',
  'signed-out',
  'schedule',
  'idle',
  'authority-unreachable',
  'token-missing',
];

type Flat = number[];

function named<T>(names: string[], values: Flat): T {
  return Object.freeze(Object.fromEntries(names.map((name, at) => [name, values[at]]))) as T;
}

function counts(flat: Flat): Counts {
  return named(['keystrokes', 'clicks', 'heartbeats', 'notes'], flat);
}

function rows<T>(flat: Float64Array, width: number, name: (row: Flat, at: number) => T) {
  const all = Array.from({ length: flat.length / width }, (_, at) =>
    Object.freeze(name([...flat.slice(at * width, (at + 1) * width)], at)),
  );
  return Object.freeze(all);
}

const hex = (high: number, low: number) =>
  [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
const orNull = (value: number) => (value < 0 ? null : value);

function holds(machine: Machine): readonly HoldStatus[] {
  const reasons = machine.reasons().split('\0');
  return rows(machine.holds(), 3, ([high, low, expiresInMs], at) => ({
    id: hex(high as number, low as number),
    reason: reasons[at] as string,
    expiresInMs: expiresInMs as number,
  }));
}

export function status(machine: Machine, keepAlive: Omit<Status['keepAlive'], 'sent'>): Status {
  const flat = [...machine.status()] as [number, number, number, number, ...Flat];
  const [phase, because, idleMs, remainingMs] = flat;
  const rules = flat.slice(13);
  const [logoutAt, observe] = rules.slice(4) as [number, number];
  const endedBecause = REASONS[because];
  return Object.freeze({
    phase: PHASES[phase] as Phase,
    ...(endedBecause && { endedBecause }),
    idleMs,
    remainingMs: orNull(remainingMs),
    counts: counts(flat.slice(4)),
    refused: named<Status['refused']>(['untrusted', 'origin', 'rate', 'malformed'], flat.slice(8)),
    contexts: flat[12] as number,
    holds: holds(machine),
    policy: Object.freeze({
      ...named<Status['policy']>(
        ['version', 'idleTimeoutMs', 'warnBeforeMs', 'keepAliveMs'],
        rules,
      ),
      ...(logoutAt < 0 ? {} : { logoutAt }),
      mode: observe ? 'observe' : 'enforce',
      counts: Object.freeze({
        keystrokes: !!rules[6],
        clicks: !!rules[7],
        heartbeats: !!rules[8],
      }),
      maxHoldMs: rules[9] as number,
    }),
    keepAlive: Object.freeze({ sent: rules[10] as number, ...keepAlive }),
  });
}

export function contexts(machine: Machine): readonly ContextStatus[] {
  return rows(machine.contexts(), 12, (row) => {
    const [high, low, own, visible, streaming] = row as [number, number, number, number, number];
    const [sent, sentAgo, activeAgo] = row.slice(9) as [number, number, number];
    return {
      id: hex(high, low),
      own: !!own,
      visible: !!visible,
      streaming: !!streaming,
      counts: counts(row.slice(5)),
      sent,
      sentAgoMs: orNull(sentAgo),
      activeAgoMs: orNull(activeAgo),
    };
  });
}
