/** What is said of network calls, on the panel and in the report. */
import type { Call } from './network.ts';
import { plural, short } from './words.ts';

export const NONE_COUNTS =
  'No network call counts as activity, whoever makes it and whatever it carries.';

const ROLES = {
  keepalive: 'Tells the authority when somebody was active; the call itself extends nothing.',
  session: 'Asks the authority; extends nothing.',
  events: 'Hears the authority; extends nothing.',
};

/** Calls so far: those that end are counted by the browser, those that began by the watcher. */
export const times = ({ done, watched }: Call): number => Math.max(done, watched);

/** What is to be said of an address, poll first. */
export function about(call: Call, every: number | undefined): string {
  const poll =
    every === undefined
      ? ''
      : `A poll, every ${short(every)}: would keep a session alive where servers count calls. Not here.`;
  return [poll, call.role && ROLES[call.role]].filter(Boolean).join(' ');
}

/** What the watched calls carried. */
export function carried({ watched, carried }: Call, watching: boolean): string {
  if (watched === 0) {
    return watching ? 'not called since it is watched' : '';
  }
  const of = (count: number) => `${count === watched ? 'all' : count} of ${watched}`;
  return (
    [
      carried.token > 0 && `this token in ${of(carried.token)}`,
      carried.authorization > 0 && `another Authorization in ${of(carried.authorization)}`,
    ]
      .filter(Boolean)
      .join(', ') || `no token in ${plural(watched, 'call')}`
  );
}
