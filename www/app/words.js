/** What people read: times, counts and reasons in plain words. */

const two = (value) => String(value).padStart(2, '0');

/** `0:47`, `12:05` or `1:02:03`. Rounded up: at 0:00 it is over. */
export function countdown(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, seconds] = [total / 3600, (total / 60) % 60, total % 60].map(Math.trunc);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `just now`, `4 s ago`, `3 min ago`; `never` for null. */
export function ago(ms) {
  if (ms === null) return 'never';
  if (ms < 1500) return 'just now';
  if (ms < 60_000) return `${Math.round(ms / 1000)} s ago`;
  return ms < 3_600_000
    ? `${Math.round(ms / 60_000)} min ago`
    : `${Math.round(ms / 3_600_000)} h ago`;
}

/** `1 tab`, `3 tabs`. */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** `60 seconds`, `5 minutes`, `8 hours`. */
export function span(ms) {
  if (ms <= 120_000) return plural(Math.round(ms / 1000), 'second');
  return ms < 7_200_000
    ? plural(Math.round(ms / 60_000), 'minute')
    : plural(ms / 3_600_000, 'hour');
}

/** The time of day, `14:02:11`. */
export function timeOfDay(at) {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** `this tab`, `both tabs`, `all 3 tabs`. */
export function allTabs(count) {
  if (count <= 1) return 'this tab';
  return count === 2 ? 'both tabs' : `all ${count} tabs`;
}

/** Why a session is over: title and sentence of the last page. */
export function whyEnded({ because, idleTimeoutMs, mine, wasAlive }) {
  const time = span(idleTimeoutMs);
  const pages = {
    idle: ['You were signed out', `Nobody was active for ${time}.`],
    schedule: ['You were signed out', 'Your working time is over.'],
    revoked: ['You were signed out', 'An administrator signed you out.'],
    'signed-out': [
      'You signed out',
      mine ? 'See you soon.' : 'You did so in another tab or window.',
    ],
    'authority-unreachable': [
      'You were signed out',
      'The server could not be reached, so this desk was closed to be safe.',
    ],
    'token-missing': ['You were signed out', 'Your sign-in is no longer there.'],
  };
  if (because === 'revoked' && !wasAlive) {
    return ['Please sign in again', 'Your last sign-in is no longer valid.'];
  }
  return pages[because] ?? ['You were signed out', 'Your session is over.'];
}
