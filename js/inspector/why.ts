/** Why the session is over or is not, in sentences: of the panel and of the report. */
import type { EndedBecause, Policy, Status } from 'stillhere';
import { ENDED } from './facts.ts';
import type { Activity, Recorder } from './recorder.ts';
import type { Snapshot } from './snapshot.ts';
import { allTabs, clock, countdown, span } from './words.ts';

/** Two clocks are read. */
const SAME_MS = 1000;

export interface Why {
  readonly title: string;
  /** Which fact the deadline follows from. */
  readonly because: string;
  /** What would move it, and what comes next. */
  readonly next: string;
}

const WHAT = {
  keystrokes: 'a key press',
  clicks: 'a click',
  heartbeats: 'a heartbeat of the page around it',
  notes: 'an activity that the app vouched for',
  system: 'input in another program',
  input: 'input',
};

/** `a key press in tab B`; what is known of it. */
export function whose({ id, own, kind }: Activity, label: Snapshot['label']): string {
  if (id === undefined) {
    return 'outside of these tabs (signing in, another browser or frame, a hold that lapsed, a counted API call)';
  }
  return `${kind ? `${WHAT[kind]} ` : ''}in ${own ? 'this tab' : `tab ${label(id)}`}`;
}

/** `A key or click`: what the policy counts. */
function anyInput({ counts }: Policy): string {
  const kinds = [
    counts.keystrokes && 'key',
    counts.clicks && 'click',
    counts.heartbeats && !counts.keystrokes && !counts.clicks && 'heartbeat',
  ].filter(Boolean);
  const here = kinds.length > 0 ? `A ${kinds.join(' or ')}` : 'What the app vouches for';
  return counts.system
    ? `Input in any program, or ${here[0]?.toLowerCase()}${here.slice(1)}`
    : here;
}

/** Something comes before the idle timeout. All three are of one moment. */
const isSooner = ({ remainingMs, idleMs, policy }: Status): boolean =>
  remainingMs !== null && remainingMs + idleMs < policy.idleTimeoutMs;

/** It is the policy's clock time, and not that the screen is locked. */
const isScheduled = ({ policy }: Status, endsAt: number): boolean =>
  policy.logoutAt !== undefined &&
  (policy.onLock !== 'warn' || policy.logoutAt <= endsAt + SAME_MS);

function alive(now: Snapshot, recorder: Recorder): Omit<Why, 'title'> {
  const { at, status, contexts, label } = now;
  const { policy, remainingMs } = status;
  const left = remainingMs ?? 0;
  const activity = recorder.newest(now) as Activity;
  const time = (moment: number) => clock(moment, at);
  const endsAt = activity.at + status.idleMs + left;
  const end = time(endsAt);
  const ends = policy.mode === 'observe' ? 'would end' : 'ends';
  const where = contexts.length > 1 ? ` in ${allTabs(contexts.length)}` : '';
  const warned =
    left > policy.warnBeforeMs
      ? ` The warning is due at ${time(endsAt - policy.warnBeforeMs)}.`
      : '';
  const anywhere = contexts.length > 1 ? 'any tab' : 'this tab';
  if (isSooner(status)) {
    if (isScheduled(status, endsAt)) {
      const idleEnd = time(activity.at + policy.idleTimeoutMs);
      return {
        because: `It ${ends} at ${end} by the policy's schedule, however active anybody is.`,
        next: `Idle time alone would end it at ${idleEnd}.${warned}`,
      };
    }
    if (policy.onLock === 'warn') {
      return {
        because: `It ${ends} at ${end}${where}: the screen was locked, and nobody has come back.`,
        next: `${anyInput(policy)} in ${anywhere} takes that back.`,
      };
    }
  }
  return {
    because:
      `It ${ends} at ${end}${where}: ${span(policy.idleTimeoutMs)} (the policy's idle timeout) ` +
      `after the newest activity, ${whose(activity, label)}, at ${time(activity.at)}.`,
    next: `${anyInput(policy)} in ${anywhere} moves that.${warned}`,
  };
}

function held({ at, status }: Snapshot): Omit<Why, 'title'> {
  const longest = Math.max(0, ...status.holds.map(({ expiresInMs }) => expiresInMs));
  if (status.holds.length === 0) {
    return {
      because: 'There is no deadline: an interaction is open elsewhere, says the authority.',
      next: 'The authority is asked again before anything ends.',
    };
  }
  const many = status.holds.length > 1 ? `${status.holds.length} holds are` : 'a hold is';
  return {
    because: `There is no deadline: ${many} open, which stops the clock.`,
    next: `Released, the idle time starts anew. Not renewed, it lapses in ${countdown(longest)}, at ${clock(at + longest, at)}.`,
  };
}

function ended(now: Snapshot, recorder: Recorder): Omit<Why, 'title'> {
  const { at, status, label } = now;
  const { policy } = status;
  const because = status.endedBecause as EndedBecause;
  const when = recorder.endedAt ? ` at ${clock(recorder.endedAt, at)}` : '';
  const activity = recorder.newest(now);
  const newest = activity
    ? `The newest activity was ${whose(activity, label)} at ${clock(activity.at, at)}.`
    : 'No activity was seen in these tabs.';
  const more = {
    idle: `The policy allows ${span(policy.idleTimeoutMs)} without${
      (policy.onLock ?? 'nothing') === 'nothing' ? '' : ', and less once the screen is locked'
    }.`,
    schedule: 'The schedule ends sessions however active.',
    revoked: 'An administrator, or who issued it. It was not the idle time.',
    'signed-out': 'In one of the tabs, or elsewhere with this token.',
    'authority-unreachable': 'It ended by the clock of this page.',
    'token-missing': 'Its token function gave none.',
  }[because];
  return { because: `It ended${when}, because ${ENDED[because]}.`, next: `${more} ${newest}` };
}

const TITLES = {
  active: 'Signed in',
  warning: 'Still here?',
  held: 'Held open',
  checking: 'Checking',
  ended: 'Logged out',
};

/** Of a moment, with what was seen before. */
export function why(now: Snapshot, recorder: Recorder): Why {
  const { phase, remainingMs } = now.status;
  const title = TITLES[phase];
  if (phase === 'checking') {
    return {
      title,
      because: 'The other tabs and the authority are being asked where the session stands.',
      next:
        remainingMs === 0
          ? 'By this page its time is over, but it asks before it ends.'
          : 'Input counts once they have answered.',
    };
  }
  const of = { active: alive, warning: alive, held, ended }[phase];
  return { title, ...of(now, recorder) };
}

/** What a dry run let pass, the newest last; one sentence each. */
export function wouldHave({ observed, ends }: Recorder, at: number): string[] {
  const earlier = ends - observed.length;
  return [
    ...(earlier > 0 ? [`${earlier} more before the inspector looked.`] : []),
    ...observed.map(
      (end) =>
        `Would have been logged out at ${clock(end.at, at)}, because ${ENDED[end.because]}` +
        `${end.because === 'idle' ? ` for ${span(end.idleMs)}` : ''}.`,
    ),
  ];
}
