/** Whom a change of a policy concerns at once. */
import { plural } from '../app/words.js';
import { query } from './api.js';
import { exact } from './words.js';

const MOST = 10_000;

/**
 * The live sessions that a policy is for. Nothing where the token may not see them.
 * @returns {Promise<{ sessions: object[], more: boolean } | undefined>}
 */
export async function reach(authority, { kind, name }) {
  const wanted = { user: kind === 'users' ? name : undefined, limit: MOST };
  const body = await authority.get(`sessions${query(wanted)}`).catch(() => undefined);
  if (!body) return undefined;
  const meant = ({ groups }) => kind !== 'groups' || groups.includes(name);
  return { sessions: body.sessions.filter(meant), more: Boolean(body.next) };
}

const WHOSE = {
  organization: 'Where a group or a user has a value of their own, that goes on to apply.',
  groups:
    'Where a user has a value of their own, or a group of a lower number has one, that goes on to apply.',
  users: '',
};

/**
 * What a change does, in sentences.
 * @param {{ sessions: object[], more: boolean } | undefined} found
 * @param {{ kind: string }} scope
 * @param {object} before @param {object} after layers
 */
export function consequences(found, { kind }, before, after) {
  const said = [];
  if (!found) {
    said.push('It applies at once, to live sessions too. This token may not see how many.');
  } else if (found.sessions.length === 0) {
    said.push('No live session is concerned now. It applies to those that begin later.');
  } else {
    const count = plural(found.sessions.length, 'live session');
    said.push(`It applies at once to ${found.more ? 'more than ' : ''}${count}.`);
  }
  const idle = after.idle_timeout_ms;
  const shorter = idle !== undefined && idle < (before.idle_timeout_ms ?? Number.POSITIVE_INFINITY);
  const beyond =
    found?.sessions.filter((s) => s.state === 'alive' && s.idle_ms >= idle).length ?? 0;
  if (shorter && beyond > 0 && after.mode !== 'observe') {
    const one = beyond === 1;
    const who =
      one && found.sessions.length === 1 ? 'It has' : `${beyond} of them ${one ? 'has' : 'have'}`;
    said.push(`${who} been idle for ${exact(idle)} or longer and ${one ? 'ends' : 'end'} soon.`);
  }
  if (before.mode === 'observe' && after.mode !== 'observe') {
    said.push('Whoever is absent is logged out from now on, and not only reported.');
  }
  if (before.mode !== 'observe' && after.mode === 'observe') {
    said.push('Nobody it applies to is logged out for being absent any more, only reported.');
  }
  return [...said, WHOSE[kind]].filter(Boolean);
}
