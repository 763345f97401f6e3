/**
 * What the panel shows as plain text, for a ticket. It goes to people who may not know the user, so no
 * token, key, query, reason of a hold or name is in it, and less of a path than the panel shows.
 */
import type { AgentOptions, Status } from 'stillhere';
import { about, carried, NONE_COUNTS, times } from './call-words.ts';
import { keepAlives, REFUSED, type Refusals } from './facts.ts';
import { mask, maskMore } from './mask.ts';
import type { Network } from './network.ts';
import type { Recorder } from './recorder.ts';
import { rules } from './rules.ts';
import type { Snapshot } from './snapshot.ts';
import { why, wouldHave } from './why.ts';
import { ago, clock, KINDS, moment, short } from './words.ts';

/** Of the package, as its package.json has it. */
export const VERSION = '0.1.0';

const ADDRESSES = 20;
const ENTRIES = 40;

export interface Material {
  readonly now: Snapshot;
  readonly recorder: Recorder;
  readonly network: Network;
  readonly wishes: Partial<AgentOptions>;
}

type Line = readonly (string | number)[];

/** Columns of the same width; the last one as long as it is. */
function table(lines: readonly Line[], indent = '  '): string[] {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, `${cell}`.length);
    });
  }
  return lines.map((line) =>
    (indent + line.map((cell, at) => `${cell}`.padEnd(widths[at] as number)).join('  ')).trimEnd(),
  );
}

function part(title: string, lines: readonly string[]): string[] {
  return ['', title, ...(lines.length > 0 ? lines : ['  nothing'])];
}

function deadline(now: Snapshot, recorder: Recorder): string[] {
  const { because, next } = why(now, recorder);
  const { phase, remainingMs, idleMs } = now.status;
  const left = remainingMs === null ? 'none while held' : short(remainingMs);
  const over = phase === 'ended';
  return [
    ...table([
      ['Phase', phase],
      ...(over
        ? []
        : [
            ['Idle', short(idleMs)],
            ['Left', left],
          ]),
    ]),
    `  ${because}`,
    `  ${next}`,
  ];
}

function contexts({ contexts, label, status }: Snapshot): string[] {
  const rows = contexts.map((context) => [
    `${label(context.id) || '?'}${context.own ? ' (this)' : ''}`,
    context.id,
    context.visible ? 'in view' : 'hidden',
    ...KINDS.map((kind) => context.counts[kind]),
    ago(context.activeAgoMs),
    context.sent,
    context.streaming ? 'yes' : '',
  ]);
  const all = ['All', '', '', ...KINDS.map((kind) => status.counts[kind]), '', '', ''];
  const heads = [
    'Tab',
    'Id',
    'Seen',
    'Keys',
    'Clicks',
    'Beats',
    'Notes',
    'Other',
    'Active',
    'Sent',
    'Stream',
  ];
  return table([heads, ...rows, all]);
}

function network(source: Network): string[] {
  const calls = source.inOrder();
  const shown = calls.slice(0, ADDRESSES);
  const heads = table(
    shown.map((call) => {
      const every = source.pollOf(call);
      return [`${times(call)} x`, maskMore(call.address), every ? `every ${short(every)}` : ''];
    }),
  );
  const rows = shown.flatMap((call, at) => {
    const notes = [about(call, source.pollOf(call)), carried(call, source.watching)];
    return [heads[at] as string, ...notes.filter(Boolean).map((note) => `      ${note}`)];
  });
  const more = calls.length - shown.length;
  return [
    `  ${NONE_COUNTS}`,
    `  Watcher of fetch and XMLHttpRequest: ${source.watching ? 'on' : 'off'}`,
    ...rows,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function refused({ refused }: Status): string[] {
  const kinds = Object.keys(REFUSED) as (keyof Refusals)[];
  return table(
    kinds.filter((kind) => refused[kind] > 0).map((kind) => [refused[kind], REFUSED[kind]]),
  );
}

/** The report of a moment. */
export function report({ now, recorder, network: source, wishes }: Material): string {
  const { at, status } = now;
  const { holds, policy } = status;
  const page = maskMore(mask(location.href) ?? location.origin);
  const dry = policy.mode === 'observe' || recorder.observed.length > 0;
  const entries = recorder.log.entries
    .slice(0, ENTRIES)
    .map((entry) => [clock(entry.at, at), entry.text]);
  return [
    'Stillhere report',
    ...table([
      ['Made', moment(at)],
      ['Stillhere', VERSION],
      ['Browser', navigator.userAgent],
      ['Page', page],
    ]),
    ...part('Why', deadline(now, recorder)),
    ...(dry
      ? part(
          'Dry run: what would have ended',
          wouldHave(recorder, at).map((line) => `  ${line}`),
        )
      : []),
    ...part(
      'Rules',
      table([
        ['', 'in force', 'wished'],
        ...rules(now, wishes).map(({ name, inForce, wish }) => [name, inForce, wish]),
      ]),
    ),
    ...part('Tabs', contexts(now)),
    ...part('Refused in this tab', refused(status)),
    ...part(
      'Holds',
      table(holds.map(({ id, expiresInMs }) => [id, `lapses in ${short(expiresInMs)}`])),
    ),
    ...part('Keep-alives of this tab', [`  ${keepAlives(status)}`]),
    ...part('Network calls of this tab', network(source)),
    ...part('What happened, newest first', table(entries)),
    '',
  ].join('\n');
}
