/**
 * `npm run bench -- failover`: how long until another tab tells the server that somebody works, after
 * the one that would have done so is closed, crashes, is frozen or is stopped.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type } from './lib/chromium.mjs';
import { late, seconds } from './lib/moments.mjs';
import { readOptions } from './lib/options.mjs';
import { peers } from './lib/peers.mjs';
import { bars } from './lib/plot.mjs';
import { needsLinux, processOf } from './lib/processes.mjs';
import { figure, NONE, Report } from './lib/report.mjs';
import { chosen, closeAll, startRig } from './lib/rig.mjs';
import { alternate, ratio, summary } from './lib/stats.mjs';

needsLinux('failover');

const TIMES = { idleMs: 600_000, warnMs: 60_000, keepAliveMs: 2_000 };
const KEYS_EVERY_MS = 200;
/** Whoever has not sent by then is said not to. */
const LIMIT_MS = 15_000;
const TRIES = 3;
/** How many peers at once: most of the time all of them wait. */
const AT_ONCE = 5;

/** @typedef {import('./lib/peers.mjs').Peer} Peer */
/** @typedef {import('./lib/chromium.mjs').Tab} Tab */
/** @typedef {Awaited<ReturnType<import('./lib/rig.mjs').Rig['run']>>} Run */
/** @typedef {'closed' | 'crashed' | 'frozen' | 'stopped'} How */

/**
 * @typedef {object} Outcome times in milliseconds; undefined where it did not happen within the limit
 * @property {number | undefined} another until another tab sent
 * @property {number | undefined} leads until another tab said that it leads
 * @property {number | undefined} gap from the last request before to the first one after, from whichever tab
 */

const HOWS = /** @type {How[]} */ (['closed', 'crashed', 'frozen', 'stopped']);
const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? (options.quick ? 1 : 5);
const [count = 5] = options.contexts ?? [];
const taking = chosen(
  options,
  peers.filter(({ does }) => does.includes('keepAlive') || does.includes('sender')),
);

const rig = await startRig(taking, TIMES, { windows: true });

/** Keys in that tab until there is one, or the time is over. @template Found @param {Tab} tab @param {() => Found | undefined} find @param {number} limitMs */
async function typeUntil(tab, find, limitMs) {
  const end = performance.now() + limitMs;
  let found = find();
  while (!found && performance.now() < end) {
    await tab.press();
    await pause(KEYS_EVERY_MS);
    found = find();
  }
  return found;
}

/**
 * The tab that would have sent: the one that sent last, while the first one is in use. Found at any
 * moment of an interval, or while the server has not answered it yet.
 * @param {Run} run
 * @param {Tab} used
 * @param {boolean} underWay
 * @param {number} round
 */
async function senderOf({ told, hold }, used, underWay, round) {
  await type(used, TIMES.keepAliveMs * 2.5, KEYS_EVERY_MS);
  if (underWay) {
    /** @type {import('./lib/site.mjs').Seen | undefined} */
    let held;
    void hold().then((one) => {
      held = one;
    });
    return typeUntil(used, () => held, LIMIT_MS);
  }
  const sent = told().length;
  const last = await typeUntil(used, () => told()[sent], LIMIT_MS);
  // Some of the interval passes, each round another part.
  await type(used, TIMES.keepAliveMs * (0.5 + ((round * 0.3) % 1) / 2 - 0.25), KEYS_EVERY_MS);
  return told().at(-1) ?? last;
}

/**
 * Does that to the tab, and gives what lets it go.
 * @param {How} how
 * @param {Tab} tab
 * @param {number} pid
 */
async function lose(how, tab, pid) {
  if (how === 'closed') await tab.close();
  if (how === 'crashed') process.kill(pid, 'SIGKILL');
  if (how === 'frozen') await tab.session.send('Page.setWebLifecycleState', { state: 'frozen' });
  if (how === 'stopped') process.kill(pid, 'SIGSTOP');
  return () => {
    if (how === 'stopped') process.kill(pid, 'SIGCONT');
  };
}

/**
 * Tabs in use, and the request after which one of them is lost. One that keeps to itself for a while, such as
 * okta-auth-js after ten renewals in 30 s, begins anew.
 * @param {Peer} peer @param {boolean} underWay @param {number} round
 */
async function prepared(peer, underWay, round) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const run = await rig.run(peer);
    const tabs = await run.open(count);
    /** @type {number[]} */
    const pids = [];
    for (const tab of tabs) pids.push(await processOf(tab));
    if (new Set(pids).size < count)
      throw new Error('Two tabs share a process: what befalls one befalls both.');
    const used = /** @type {Tab} */ (tabs[0]);
    await used.front();
    const last = await senderOf(run, used, underWay, round);
    if (last) return { run, tabs, pids, last };
    await closeAll(tabs);
  }
  throw new Error(`${peer.name} sent nothing within ${LIMIT_MS} ms, ${TRIES} times.`);
}

/** @param {Peer} peer @param {How} how @param {boolean} underWay @param {number} round @returns {Promise<Outcome>} */
async function measure(peer, how, underWay, round) {
  const { run, tabs, pids, last } = await prepared(peer, underWay, round);
  const lost = Number(last.tab);
  const next = /** @type {Tab} */ (tabs.at(lost === count - 1 ? -2 : -1));
  // A browser freezes only what is hidden.
  if (how === 'frozen') await next.front();
  const at = Date.now();
  const release = await lose(how, /** @type {Tab} */ (tabs[lost]), Number(pids[lost]));
  try {
    if (how !== 'frozen') await next.front();
    const after = () => run.told().filter((one) => one.at >= at);
    const other = await typeUntil(
      next,
      () => after().find(({ tab }) => tab !== last.tab),
      LIMIT_MS,
    );
    const alive = tabs.filter((_, tab) => tab !== lost);
    const leads = await Promise.all(alive.map((tab) => tab.evaluate('bench.leads')));
    const lead = leads.flat().filter((moment) => moment >= at);
    return {
      another: other && other.at - at,
      leads: lead.length > 0 ? Math.min(...lead) - at : undefined,
      gap: after().length > 0 ? Number(after()[0]?.at) - last.at : undefined,
    };
  } finally {
    release();
    await closeAll(tabs.filter((_, tab) => how !== 'closed' || tab !== lost));
  }
}

const report = new Report({
  part: 'failover',
  title: 'When the tab that sends is lost',
  method: `${count} tabs of one token, of which one is in use (a key each ${KEYS_EVERY_MS} ms), and an interval of ${TIMES.keepAliveMs / 1000} s. The tab that sent last is closed, its process is killed, it is hidden and frozen (\`Page.setWebLifecycleState\`), or its process is stopped (SIGSTOP); the keys go on in another tab. Up to ${AT_ONCE} peers go through the same at once, each in a window of its own. Either at some moment between two requests, or while the server leaves its request without an answer; then the time counts from that request. Each tab of ng-idle and of the hand-written one sends for itself, so that another one always does. The leaders of broadcast-channel, tab-election and react-idle-timer send each interval, used or not, the first two also at once when they become it; okta-auth-js renews tokens, whose lifetimes are whole seconds. The agent has no leader.`,
  options,
  versions: rig.versions,
});

/** @param {(number | undefined)[]} each */
const inSeconds = (each) => seconds(each, LIMIT_MS);

/** @param {How} how @param {boolean} underWay */
async function compare(how, underWay) {
  const one = (/** @type {Peer} */ peer, /** @type {number} */ round) =>
    measure(peer, how, underWay, round);
  const results = await alternate(taking, rounds, one, AT_ONCE);
  const title = `${how}, ${underWay ? 'its request under way' : 'between two requests'}`;
  report.raw[title] = Object.fromEntries(results);
  const of = (/** @type {string} */ id) => /** @type {Outcome[]} */ (results.get(id));
  const others = (/** @type {string} */ id) =>
    of(id).map(({ another }) => another ?? Number.POSITIVE_INFINITY);
  const timesOurs = (/** @type {string} */ id) => {
    if (!results.has('stillhere')) return NONE;
    const { median } = ratio(others(id), others('stillhere'));
    return Number.isFinite(median) ? figure(median) : 'never';
  };
  report.table({
    title,
    columns: [
      '',
      'times ours',
      'another sends after, s',
      underWay ? 'sent again after, s' : 'late beyond the interval, s',
      'another leads after, s',
    ],
    rows: taking.map(({ id, name, does }) => [
      name,
      timesOurs(id),
      inSeconds(of(id).map(({ another }) => another)),
      inSeconds(of(id).map(({ gap }) => (underWay ? gap : late(gap, TIMES.keepAliveMs)))),
      id === 'stillhere' || !does.includes('sender')
        ? NONE
        : inSeconds(of(id).map((one) => one.leads)),
    ]),
  });
  const came = taking
    .map((peer) => ({ peer, ms: of(peer.id).flatMap(({ another }) => another ?? []) }))
    .filter(({ ms }) => ms.length > 0);
  const rows = came.map(({ peer, ms }) => ({
    name: peer.name,
    ours: peer.id === 'stillhere',
    ...summary(ms.map((one) => one / 1000)),
  }));
  if (rows.length === 0) return;
  const label = 'seconds until another tab sends';
  report.plot(`${how}${underWay ? '-sending' : ''}`, title, await bars({ label, rows }));
}

try {
  for (const how of HOWS) {
    for (const underWay of [false, true]) await compare(how, underWay);
  }
} finally {
  await rig.stop();
}
report.write();
