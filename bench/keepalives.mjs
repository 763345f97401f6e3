/**
 * `npm run bench -- keepalives`: how many keep-alives, or renewals, one token costs the server, idle
 * and while somebody types in one of several tabs.
 */
import { pause } from '../tests/browser/lib/chromium.mjs';
import { type } from './lib/chromium.mjs';
import { readOptions } from './lib/options.mjs';
import { peers } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { figure, NONE, Report, spread } from './lib/report.mjs';
import { chosen, closeAll, sideBySide, startRig } from './lib/rig.mjs';
import { alternate, ratio, summary } from './lib/stats.mjs';

const TIMES = { idleMs: 600_000, warnMs: 60_000, keepAliveMs: 2_000 };
const KEYS_EVERY_MS = 200;

const options = readOptions(process.argv.slice(2));
const contexts = options.contexts ?? [1, 10, 50];
const rounds = options.rounds ?? (options.quick ? 1 : 3);
/** How long it is counted, in milliseconds: a whole number of intervals. */
const span = options.quick ? 6_000 : 20_000;
const senders = peers.filter(({ does }) => does.includes('keepAlive') || does.includes('sender'));
const renewers = peers.filter(({ does }) => does.includes('renews') && !does.includes('sender'));
const taking = chosen(options, [...senders, ...renewers]);
const without = chosen(options, peers).filter(
  ({ id, does }) => does.includes('ends') && !taking.some((one) => one.id === id),
);

const rig = await startRig(taking, TIMES);

/** @typedef {{ idle: number, typing: number }} Counted requests a minute */

/** @param {import('./lib/peers.mjs').Peer} peer @param {number} count @returns {Promise<Counted>} */
async function measure(peer, count) {
  const run = await rig.run(peer);
  const tabs = await run.open(count);
  const sent = () => run.told().length;
  const front = /** @type {import('./lib/chromium.mjs').Tab} */ (tabs.at(-1));
  // Typing first: what counts input has then something to stop sending about.
  await type(front, TIMES.keepAliveMs * 2, KEYS_EVERY_MS);
  const begin = sent();
  await type(front, span, KEYS_EVERY_MS);
  const typed = sent() - begin;
  // What the last keys still cause belongs to them.
  await pause(TIMES.keepAliveMs * 1.5);
  const quiet = sent();
  await pause(span);
  const idle = sent() - quiet;
  await closeAll(tabs);
  return { idle: (idle * 60_000) / span, typing: (typed * 60_000) / span };
}

const report = new Report({
  part: 'keepalives',
  title: 'Keep-alives per token',
  method: `Keep-alives (or renewals of a token) a minute that the server received for one token, at an interval of ${TIMES.keepAliveMs / 1000} s: one at most would be ${60_000 / TIMES.keepAliveMs} a minute. One tab is in front and in use (a key each ${KEYS_EVERY_MS} ms) or nobody touches anything; counted over ${span / 1000} s. Peers with few tabs are counted side by side, each in a window of its own.`,
  options,
  versions: rig.versions,
});

try {
  for (const count of contexts) {
    const one = (/** @type {import('./lib/peers.mjs').Peer} */ peer) => measure(peer, count);
    const results = await alternate(taking, rounds, one, sideBySide(count));
    report.raw[`${count} contexts`] = Object.fromEntries(results);
    const of = (/** @type {string} */ id, /** @type {keyof Counted} */ what) =>
      (results.get(id) ?? []).map((one) => one[what]);
    const ours = of('stillhere', 'typing');
    report.table({
      title: `${count} ${count === 1 ? 'context' : 'contexts'}`,
      columns: ['', 'typing: times ours', 'typing, a minute', 'idle, a minute', 'what is sent'],
      rows: [
        ...taking.map(({ id, name, does }) => [
          name,
          ours.length > 0 ? figure(ratio(of(id, 'typing'), ours).median) : NONE,
          spread(summary(of(id, 'typing'))),
          spread(summary(of(id, 'idle'))),
          does.includes('renews') ? 'a renewal' : 'a keep-alive',
        ]),
        ...without.map(({ name }) => [name, NONE, NONE, NONE, 'nothing: it has no such piece']),
      ],
      notes: [
        'Those that only elect who sends (broadcast-channel, tab-election) know of no input: their leader sends each interval, used or not.',
      ],
    });
    const rows = taking.map(({ id, name }) => ({
      name,
      ours: id === 'stillhere',
      ...summary(of(id, 'typing')),
    }));
    report.plot(
      `${count}`,
      `Keep-alives a minute, ${count} contexts`,
      await bars({ label: 'requests a minute, typing', rows }),
    );
  }
} finally {
  await rig.stop();
}
report.write();
