/** Names, times and reasons as administrators read them. */
import { plural } from '../app/words.js';

const UNITS = [
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];

/** `15 minutes`, `2 minutes 30 seconds`, `1.5 seconds`: nothing is rounded away. */
export function exact(ms) {
  const parts = [];
  let left = ms;
  for (const [size, name] of UNITS) {
    const last = name === 'second';
    const count = last ? left / size : Math.trunc(left / size);
    if (count > 0 || (last && parts.length === 0)) parts.push(plural(count, name));
    left -= count * size;
  }
  return parts.join(' ');
}

const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** `14:02:11` today, `25 Nov, 14:02:11` before. */
export function moment(at) {
  const date = new Date(at);
  const time = clock.format(date);
  const today = date.toDateString() === new Date().toDateString();
  return today ? time : `${day.format(date)}, ${time}`;
}

export const KINDS = {
  keystrokes: 'Keystrokes',
  clicks: 'Clicks',
  heartbeats: 'Heartbeats of an embedding page',
  notes: 'Activity that the app vouched for',
  system: 'Input in other programs',
  api_calls: 'Counted API calls',
};

const BECAUSE = {
  idle: 'Nobody was active',
  schedule: 'The scheduled time had come',
  revoked: 'An administrator ended it',
  'signed-out': 'Signed out',
};

/** Why a session ended. */
export const because = (name) => BECAUSE[name] ?? name;

const ACTS = {
  'policy.write': 'Wrote the policy of',
  'policy.remove': 'Removed the policy of',
  'session.revoke': 'Ended the session',
  'user.log-off': 'Logged off',
};

/** What an administrator did. */
export const act = (name) => ACTS[name] ?? name;

/** `the organization`, `group nurses`, `ann`: whose policy the audit log means. */
export function whose(target) {
  if (target === 'organization') return 'the organization';
  return target.replace(/^group:/, 'group ').replace(/^user:/, '');
}
