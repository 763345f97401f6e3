/**
 * `npm run bench -- tabs`: what a group of tabs costs and how far apart it ends, in real Chromium
 * against a real authority. Prints a Markdown table.
 */
import { startAuthority } from '../tests/browser/lib/authority.mjs';
import {
  eachShows,
  pause,
  posted,
  recorded,
  startChromium,
  type,
} from '../tests/browser/lib/chromium.mjs';
import { printTable } from './lib/table.mjs';

const TABS = [1, 10, 50];
const TYPING_MS = 20_000;
// Fifty tabs take half a minute to open, and nobody types meanwhile: the idle timeout is longer.

/**
 * How far apart the same tabs hear one message of a bare BroadcastChannel: the floor of this
 * browser on this machine, in milliseconds. The worst of five.
 * @param {import('puppeteer-core').Page[]} tabs
 * @param {import('puppeteer-core').Page} from
 */
async function bareSpread(tabs, from) {
  const listen = `window.bare = new BroadcastChannel('bare'); window.heard = [];
    bare.onmessage = () => heard.push(performance.timeOrigin + performance.now());`;
  for (const tab of tabs) await tab.evaluate(listen);
  let worst = 0;
  for (let round = 1; round <= 5; round += 1) {
    await from.evaluate('bare.postMessage(0)');
    await pause(300);
    const others = tabs.filter((tab) => tab !== from);
    const heard = await Promise.all(others.map((tab) => tab.evaluate('window.heard.at(-1)')));
    if (heard.length > 1) {
      worst = Math.max(worst, Math.max(...heard.map(Number)) - Math.min(...heard.map(Number)));
    }
  }
  return worst;
}

/** @param {number} count */
async function measure(count) {
  const authority = await startAuthority({ idle: '40s', warn: '5s', keepAlive: '2s' });
  const chromium = await startChromium();
  try {
    const url = `${authority.base}/?token=${await authority.token()}`;
    const tabs = await chromium.openAll(count, url);
    const front = /** @type {import('puppeteer-core').Page} */ (tabs[count >> 1]);
    await front.bringToFront();
    await front.focus('#notes');
    await type(front, 4_000, 500);
    const [begin, posts] = [await authority.counts(), await posted(tabs)];
    await type(front, TYPING_MS, 100);
    const typed = await authority.counts();
    const broadcasts = (await posted(tabs)) - posts;
    await pause(3_500);
    const [quiet, silence] = [await authority.counts(), await posted(tabs)];
    await pause(2_000);
    const idlePosts = (await posted(tabs)) - silence;
    const bare = await bareSpread(tabs, front);
    await eachShows(tabs, 'ended', 60_000);
    const end = await authority.counts();
    const moments = (await recorded(tabs, 'ended')).map(([entry]) => entry?.at ?? 0);
    const spread = Math.max(...moments) - Math.min(...moments);
    return {
      tabs: count,
      'keep-alives a minute, typing': ((typed.keepAlives - begin.keepAlives) * 60_000) / TYPING_MS,
      'broadcasts a second, 10 keys a second': (broadcasts * 1000) / TYPING_MS,
      'broadcasts, idle': idlePosts,
      'event streams': quiet.streams,
      'questions until the end': end.questions - quiet.questions,
      'ended within, ms': spread.toFixed(1),
      'a bare message arrives within, ms': bare.toFixed(1),
    };
  } finally {
    await chromium.close();
    await authority.stop();
  }
}

const rows = [];
for (const count of TABS) rows.push(await measure(count));
printTable(rows);
