import type { AgentOptions, KeepAlive, TokenSource } from 'stillhere';
import { StillhereError } from './error.ts';
import type { Wanted } from './frames.ts';
import { isOrigin } from './origin.ts';

const HOUR_MS = 3_600_000;
const LONGEST_IDLE_MS = 8 * HOUR_MS;
const LONGEST_HOLD_MS = 24 * HOUR_MS;

/** Options that were checked, in the form that the machine takes. */
export interface Checked {
  token: TokenSource;
  authority: URL | KeepAlive;
  group: string | undefined;
  /** Bits in the order of `src/bindings.rs`. */
  listening: number;
  /** Origins whose heartbeats count. */
  hosts: string[];
  /** Heartbeats of those origins count. */
  heartbeats: boolean;
  /** What counts of the frames in the page, if anything does. */
  frames: Wanted | undefined;
  /** Idle timeout, warning time, keep-alive interval; 0 for none. 1 to observe only. */
  wish: [number, number, number, number];
}

const KNOWN = [
  'token',
  'authority',
  'group',
  'hosts',
  'frames',
  'count',
  'idleTimeoutMs',
  'warnBeforeMs',
  'keepAliveMs',
  'observeOnly',
];
/** What counts unless the page says otherwise. The first four are bits in `src/bindings.rs`. */
const COUNTABLE = {
  keystrokes: true,
  clicks: true,
  scroll: false,
  pointerMove: false,
  heartbeats: true,
  frameFocus: false,
};
const BITS = 4;

export function bad(option: string, expected: string): StillhereError {
  return new StillhereError('bad-option', `${option} must be ${expected}`, option);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function onlyKnown(given: object, known: string[], prefix = ''): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      const option = prefix + name;
      const list = known.join(', ');
      throw new StillhereError('unknown-option', `${option} is none of ${list}`, option);
    }
  }
}

/** Checks a token source; an empty token is a missing one. */
export function checkToken(token: unknown): TokenSource {
  if (token === undefined || token === null || token === '') {
    throw new StillhereError('token-missing', 'token must be the access token, not empty', 'token');
  }
  if (typeof token !== 'string' && typeof token !== 'function') {
    throw bad('token', 'a string or a function that gives one');
  }
  return token as TokenSource;
}

function checkAuthority(authority: unknown): URL | KeepAlive {
  if (typeof authority === 'string') {
    const base = URL.canParse(authority, location.href) && new URL(authority, location.href);
    if (base && /^https?:$/.test(base.protocol)) {
      return base;
    }
  } else if (
    isObject(authority) &&
    typeof authority.send === 'function' &&
    typeof authority.ask === 'function'
  ) {
    return authority as unknown as KeepAlive;
  }
  throw bad('authority', 'an http(s) URL or an object with send() and ask()');
}

/** A whole number of milliseconds within its range. */
export function checkDuration(option: string, value: unknown, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw bad(option, `a whole number of milliseconds from ${min} to ${max}`);
  }
  return value as number;
}

function checkCount(count: unknown): typeof COUNTABLE {
  if (!isObject(count)) {
    throw bad('count', 'an object of booleans');
  }
  onlyKnown(count, Object.keys(COUNTABLE), 'count.');
  const counts = { ...COUNTABLE };
  for (const name of Object.keys(COUNTABLE) as (keyof typeof COUNTABLE)[]) {
    const wanted = count[name] ?? COUNTABLE[name];
    if (typeof wanted !== 'boolean') {
      throw bad(`count.${name}`, 'true or false');
    }
    counts[name] = wanted;
  }
  return counts;
}

function checkHosts(hosts: unknown): string[] {
  if (!Array.isArray(hosts) || !hosts.every(isOrigin)) {
    throw bad('hosts', 'an array of exact origins such as https://crm.example');
  }
  return [...hosts];
}

/** Checks everything that a page hands over, before anything is hooked. */
export function checkOptions(options: AgentOptions): Checked {
  if (!isObject(options)) {
    throw bad('options', 'an object with at least token and authority');
  }
  onlyKnown(options, KNOWN);
  const { group, frames, observeOnly = false } = options;
  if (group !== undefined && (typeof group !== 'string' || group === '')) {
    throw bad('group', 'a string that is not empty');
  }
  if (frames !== undefined && frames !== 'same-origin') {
    throw bad('frames', "'same-origin'");
  }
  if (typeof observeOnly !== 'boolean') {
    throw bad('observeOnly', 'true or false');
  }
  const counts = checkCount(options.count ?? {});
  const { keystrokes, clicks, frameFocus: focus } = counts;
  const inner = frames !== undefined;
  const wished = (option: 'idleTimeoutMs' | 'warnBeforeMs' | 'keepAliveMs', min: number) =>
    options[option] === undefined
      ? 0
      : checkDuration(option, options[option], min, LONGEST_IDLE_MS);
  return {
    token: checkToken(options.token),
    authority: checkAuthority(options.authority),
    group,
    listening: Object.values(counts)
      .slice(0, BITS)
      .reduce((bits, wanted, at) => (wanted ? bits | (1 << at) : bits), 0),
    hosts: checkHosts(options.hosts ?? []),
    heartbeats: counts.heartbeats,
    frames:
      inner || focus
        ? { keystrokes: inner && keystrokes, clicks: inner && clicks, focus }
        : undefined,
    wish: [
      wished('idleTimeoutMs', 1000),
      wished('warnBeforeMs', 1),
      wished('keepAliveMs', 1000),
      observeOnly ? 1 : 0,
    ],
  };
}

/** Checks the arguments of `hold()` and gives the time to live; 0 for as long as the page lives. */
export function checkHold(reason: unknown, options: unknown): number {
  if (typeof reason !== 'string' || reason === '') {
    throw bad('reason', 'a string that is not empty');
  }
  const ttlMs = isObject(options) ? options.ttlMs : undefined;
  return ttlMs === undefined ? 0 : checkDuration('ttlMs', ttlMs, 1000, LONGEST_HOLD_MS);
}
