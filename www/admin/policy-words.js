/** What the values of a policy mean, and where one in force comes from. */
import { row, table } from './table.js';
import { exact, moment } from './words.js';

/** In the order in which they are shown. */
export const LABELS = {
  idle_timeout_ms: 'Idle timeout',
  warn_before_ms: 'Warning before the end',
  keepalive_ms: 'Keep-alive interval',
  max_hold_ms: 'Longest hold',
  mode: 'At the end',
  hipaa: 'HIPAA limit',
  priority: 'Priority',
  link_tokens: 'Tokens of one sign-in',
  counts: 'What counts as activity',
  on_lock: 'When the screen is locked',
  logout_daily: 'Daily logout',
  shift: 'End of the shift',
  api_rules: 'API calls that count',
};

const list = new Intl.ListFormat('en');

/** What people do that may count, as the policy names it. */
export const COUNTED = {
  keystrokes: 'Keystrokes',
  clicks: 'Clicks',
  heartbeats: 'Heartbeats of an embedding page',
  system: 'Input in other programs',
};
const low = (text) => text[0].toLowerCase() + text.slice(1);
const on = (flags) => Object.keys(COUNTED).filter((name) => flags[name]);

/** What a locked screen does. */
export const ON_LOCK = {
  nothing: 'Nothing happens',
  warn: 'Warn, then end the session',
  end: 'End the session at once',
};

const WORDS = {
  max_hold_ms: (ms) => (ms === 0 ? 'no holds' : exact(ms)),
  mode: (mode) => (mode === 'observe' ? 'only report (observe)' : 'end the session (enforce)'),
  hipaa: (set) => (set ? 'at most 15 minutes' : 'off'),
  priority: String,
  link_tokens: (linked) => (linked ? 'share activity' : 'each for itself'),
  counts: (counts) => list.format(on(counts).map((name) => low(COUNTED[name]))) || 'nothing',
  on_lock: (does) => low(ON_LOCK[does] ?? does),
  logout_daily: ({ time, time_zone, days }) =>
    `${time} ${time_zone}, ${days ? list.format(days) : 'every day'}`,
  shift: ({ ends_at, grace_ms }) =>
    `${moment(ends_at)}${grace_ms ? ` and ${exact(grace_ms)}` : ''}`,
  api_rules: ({ include, exclude }) => {
    if (include.length === 0) return 'none';
    return `${include.join(', ')}${exclude.length > 0 ? `; but not ${exclude.join(', ')}` : ''}`;
  },
};

/** A value in words; `undefined` for one that is not set. */
export function inWords(key, value) {
  if (value === undefined || value === null) return 'not set';
  return (WORDS[key] ?? exact)(value);
}

const ordered = (layer) => Object.keys(LABELS).filter((key) => layer[key] !== undefined);

/** The values that a layer sets, as keys. */
export const keysOf = (layer) => ordered(layer);

/**
 * What changes from one layer to another.
 * @returns {{ key: string, label: string, from: string, to: string }[]}
 */
export function changes(before, after) {
  const same = (key) => JSON.stringify(before[key]) === JSON.stringify(after[key]);
  return ordered({ ...before, ...after })
    .filter((key) => !same(key))
    .map((key) => ({
      key,
      label: LABELS[key],
      from: inWords(key, before[key]),
      to: inWords(key, after[key]),
    }));
}

const LIMITS = {
  hipaa: 'cut to 15 minutes by the HIPAA limit',
  idle_timeout: 'cut, because it must be shorter than the idle timeout',
};

function reason({ from, group, priority, limited_by }) {
  const source = {
    user: 'set for this user',
    group: `from group ${group} (priority ${priority})`,
    organization: 'from the organization',
    settings: "from the server's settings",
  };
  return limited_by ? `${source[from]}, ${LIMITS[limited_by] ?? limited_by}` : source[from];
}

/** A table of the values in force, each with its reason. */
export function effective(values) {
  const columns = ['Rule', 'In force', 'Why'].map((name, at) => ({
    name,
    class: at === 0 ? 'col-user col-third' : 'col-third',
  }));
  const { node, body } = table('Rules in force, each with its reason', columns);
  for (const key of ordered(values)) {
    const { value } = values[key];
    body.append(row(columns, [LABELS[key], inWords(key, value), reason(values[key])]));
  }
  return node;
}
