import type { Policy } from 'stillhere';
import type { Fetch, Times } from 'stillhere/presets';
import { bad, checkDuration, onlyKnown } from './agent.ts';

const HOUR_MS = 3_600_000;
/** Where nothing else is said, as in src/core/policy.rs. */
const WARN_BEFORE_MS = 60_000;
const KEEP_ALIVE_MS = 30_000;

/** What all of them take. */
export const COMMON = ['idleTimeoutMs', 'warnBeforeMs', 'keepAliveMs', 'maxHoldMs', 'dev', 'fetch'];

/** The options as an object whose names are all known. */
export function checked<T extends object>(options: T, known: string[]): T {
  if (Object(options) !== options) {
    throw bad('options', 'an object');
  }
  onlyKnown(options, known);
  return options;
}

/** The rules that a preset states. `keepAliveMs`: the interval where none was asked for. */
export function policyOf(times: Times, keepAliveMs = KEEP_ALIVE_MS): Policy {
  const { dev } = times;
  const duration = (name: keyof Times, min: number, max: number, otherwise?: number) =>
    checkDuration(name, times[name] ?? otherwise, min, max);
  const idle = duration('idleTimeoutMs', dev ? 1000 : 300_000, 8 * HOUR_MS);
  const quarter = Math.floor(idle / 4);
  return {
    version: 1,
    idleTimeoutMs: idle,
    warnBeforeMs: duration(
      'warnBeforeMs',
      dev ? 0 : 20_000,
      idle - 1,
      Math.min(WARN_BEFORE_MS, quarter),
    ),
    keepAliveMs: duration(
      'keepAliveMs',
      1000,
      idle,
      Math.max(1000, Math.min(keepAliveMs, quarter)),
    ),
    mode: 'enforce',
    counts: { keystrokes: true, clicks: true, heartbeats: true, system: false },
    maxHoldMs: duration('maxHoldMs', 0, 24 * HOUR_MS, HOUR_MS),
    onLock: 'nothing',
  };
}

/** An address, absolute or seen from the page. */
export function address(option: string, url: unknown): string {
  const page = globalThis.location?.href;
  const href = URL.canParse(url as string, page) && new URL(url as string, page).href;
  if (!url || !href || !/^https?:/.test(href)) {
    throw bad(option, 'an http(s) URL');
  }
  return href;
}

/** The same, without a slash at its end. */
export const base = (option: string, url: unknown) => address(option, url).replace(/\/+$/, '');

/** A name that is not empty. */
export function named(option: string, value: unknown): string {
  if (typeof value !== 'string' || !value) {
    throw bad(option, 'a string, not empty');
  }
  return value;
}

export function callable(option: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw bad(option, 'a function');
  }
}

/** The app's own way to send, or the platform's, looked up when it is used. */
export function sender(send: Fetch | undefined): Fetch {
  if (send !== undefined) {
    callable('fetch', send);
  }
  return send ?? ((request) => fetch(request));
}
