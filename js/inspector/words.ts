/** Times, counts and lists as people read them. */
import type { Counts } from 'stillhere';

const two = (value: number) => String(value).padStart(2, '0');

/** `0:47`, `12:05` or `1:02:03`. Rounded up: at 0:00 it is over. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.trunc(total / 3600);
  const rest = `${two(Math.trunc(total / 60) % 60)}:${two(total % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0(?=\d:)/, '');
}

/** `just now`, `4 s ago`, `3 min ago`; `never` for null. */
export function ago(ms: number | null): string {
  if (ms === null) {
    return 'never';
  }
  return ms < 1500 ? 'just now' : `${short(Math.round(ms / 1000) * 1000)} ago`;
}

/** `0.5 s`, `30 s`, `3 min`, `2 h`: rounded, for columns. */
export function short(ms: number): string {
  if (ms < 9_950) {
    return `${(ms / 1000).toFixed(1).replace('.0', '')} s`;
  }
  if (ms < 59_500) {
    return `${Math.round(ms / 1000)} s`;
  }
  return ms < 3_570_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/** `1 tab`, `3 tabs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

const UNITS = [
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
] as const;

/** `60 seconds`, `2 minutes 30 seconds`, `8 hours`: nothing above a second is rounded away. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds <= 120) {
    return plural(seconds, 'second');
  }
  let left = seconds * 1000;
  return UNITS.flatMap(([size, name]) => {
    const count = Math.trunc(left / size);
    left -= count * size;
    return count > 0 ? [plural(count, name)] : [];
  }).join(' ');
}

/** `14:02:11`; `Nov 25 14:02:11` if that is another day than the one of `now`. */
export function clock(at: number, now: number): string {
  // What a date is as a string is the same in every language (ECMAScript, 21.4.4.41).
  const [day, today] = [at, now].map((time) => new Date(time).toDateString().slice(4, 10));
  const time = new Date(at).toTimeString().slice(0, 8);
  return day === today ? time : `${day} ${time}`;
}

/** `Thu Nov 26 2026 14:02:11 GMT+0100`: the reader of a ticket may be elsewhere. */
export const moment = (at: number): string => `${new Date(at)}`.slice(0, 33);

/** `this tab`, `both tabs`, `all 3 tabs`. */
export function allTabs(count: number): string {
  if (count <= 1) {
    return 'this tab';
  }
  return count === 2 ? 'both tabs' : `all ${count} tabs`;
}

export const KINDS = ['keystrokes', 'clicks', 'heartbeats', 'notes', 'system'] as const;

export const total = (counts: Counts): number => KINDS.reduce((sum, kind) => sum + counts[kind], 0);

/** `12 keystrokes and 1 click`. */
export function inputs(counts: Counts): string {
  const parts = KINDS.filter((kind) => counts[kind] > 0).map((kind) =>
    kind === 'system'
      ? plural(counts.system, 'input in another program', 'inputs in other programs')
      : plural(counts[kind], kind.slice(0, -1)),
  );
  return new Intl.ListFormat('en').format(parts);
}
