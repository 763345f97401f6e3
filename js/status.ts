import type { ContextStatus, Counts, HoldStatus, Status } from 'stillhere';
import type { Machine } from 'stillhere-bindgen';

/** Gives names to the flat arrays of `src/browser/view.rs`, in its order. */

function counts([keystrokes, clicks, heartbeats, notes]: unknown[]): Counts {
  return Object.freeze({ keystrokes, clicks, heartbeats, notes } as Counts);
}

function rows<T>(flat: unknown[], width: number, name: (row: unknown[]) => T): readonly T[] {
  const all = Array.from({ length: flat.length / width }, (_, at) =>
    Object.freeze(name(flat.slice(at * width, (at + 1) * width))),
  );
  return Object.freeze(all);
}

function holds(machine: Machine): readonly HoldStatus[] {
  return rows(
    machine.holds(),
    3,
    ([id, reason, expiresInMs]) => ({ id, reason, expiresInMs }) as HoldStatus,
  );
}

export function status(machine: Machine, keepAlive: Omit<Status['keepAlive'], 'sent'>): Status {
  const flat = machine.status();
  const [phase, endedBecause, idleMs, remainingMs] = flat;
  const [untrusted, origin, rate, malformed, contexts] = flat.slice(8);
  const [version, idleTimeoutMs, warnBeforeMs, keepAliveMs, logoutAt, mode] = flat.slice(13);
  const [keystrokes, clicks, heartbeats, maxHoldMs, sent] = flat.slice(19);
  return Object.freeze({
    phase,
    ...(endedBecause ? { endedBecause } : {}),
    idleMs,
    remainingMs,
    counts: counts(flat.slice(4)),
    refused: Object.freeze({ untrusted, origin, rate, malformed }),
    contexts,
    holds: holds(machine),
    policy: Object.freeze({
      version,
      idleTimeoutMs,
      warnBeforeMs,
      keepAliveMs,
      ...(logoutAt ? { logoutAt } : {}),
      mode,
      counts: Object.freeze({ keystrokes, clicks, heartbeats }),
      maxHoldMs,
    }),
    keepAlive: Object.freeze({ sent, ...keepAlive }),
  } as Status);
}

export function contexts(machine: Machine): readonly ContextStatus[] {
  return rows(machine.contexts(), 11, (row) => {
    const [id, own, visible, streaming] = row;
    const [sent, sentAgoMs, activeAgoMs] = row.slice(8);
    return {
      id,
      own,
      visible,
      streaming,
      counts: counts(row.slice(4)),
      sent,
      sentAgoMs,
      activeAgoMs,
    } as ContextStatus;
  });
}
