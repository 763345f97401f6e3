/** Who counts input, and the yardsticks beside them: for the parts that time a key. */

import { peerOf, peers, sending } from './peers.mjs';
import { NONE } from './report.mjs';
import { chosen } from './rig.mjs';

/** A time out that never comes, and as many keep-alives as a real app has. */
export const TIMES = { idleMs: 900_000, warnMs: 60_000, keepAliveMs: 30_000 };
/** Keys before a measurement, so that what those compile that come often is not counted. */
const WARM_UP = 1_000;

/** What the parts that time a key say of how. */
export const METHOD = `CPU time of the page's main thread for each trusted key, from Chromium's trace: the dispatch of its events, and every later task in which the page's script ran (timers, messages, events of storage, answers). Polls that run anyway are in it.`;
/** What the second yardstick is for. */
export const SENDING = `"${sending.name}" is what counting and telling a server cost at least: one \`fetch\` each ${TIMES.keepAliveMs / 1000} s, as the agent sends, and nothing else.`;

/** @typedef {import('./peers.mjs').Peer} Peer */
/** @typedef {import('./chromium.mjs').Tab} Tab */
/** What is measured, under a name of its own. @typedef {{ id: string, name: string, peer: Peer }} Case */

/** @param {Peer} peer @returns {Case} */
const caseOf = (peer) => ({ id: peer.id, name: peer.name, peer });

/**
 * The yardsticks always, and no listener twice: what differs between the two is the resolution.
 * @param {import('./options.mjs').Options} options
 * @returns {{ cases: Case[], without: Peer[] }} `without`: who takes no input
 */
export function listenersOf(options) {
  const wished = chosen(options, peers);
  const listening = wished.filter(({ id, does }) => does.includes('input') && id !== 'barest');
  return {
    cases: [
      caseOf(peerOf('none')),
      { id: 'none-again', name: 'no listener, again', peer: peerOf('none') },
      caseOf(peerOf('barest')),
      caseOf(sending),
      ...listening.map(caseOf),
    ],
    without: wished.filter(({ id, does }) => id !== 'none' && !does.includes('input')),
  };
}

/** Each once, for the rig. @param {Case[]} cases */
export const peersOf = (cases) => [...new Set(cases.map(({ peer }) => peer))];

/** Presses keys as fast as the browser takes them. @param {Tab} tab @param {number} keys */
export async function press(tab, keys) {
  for (let sent = 0; sent < keys; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => tab.press()));
  }
}

/**
 * Tabs of which the one in front has had its first keys. They go to the page itself: no text is drawn,
 * which costs more than all that is measured.
 * @param {Awaited<ReturnType<typeof import('./rig.mjs').startRig>>} rig
 * @param {Peer} peer
 * @param {number} count
 */
export async function openWarm(rig, peer, count) {
  const run = await rig.run(peer);
  const tabs = await run.open(count);
  const front = /** @type {Tab} */ (tabs.at(-1));
  await front.evaluate('document.activeElement?.blur()');
  await press(front, WARM_UP);
  return { tabs, front };
}

/** Rows of those who take no input. @param {Peer[]} without @param {string[]} columns */
export const dashes = (without, columns) =>
  without.map(({ name }) => [
    name,
    ...columns.slice(1).map((_, at) => (at ? NONE : 'takes no input')),
  ]);
