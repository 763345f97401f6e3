/**
 * `npm run bench -- outage`: the authority is away for three minutes of a ten-minute window while
 * somebody works in one of 50 tabs, in real Chromium, once in each way that a network fails. Prints
 * a Markdown table.
 */
import { startAuthority } from '../tests/browser/lib/authority.mjs';
import {
  eachShows,
  recorded,
  startAgents,
  startChromium,
  type,
} from '../tests/browser/lib/chromium.mjs';
import { startProxy, watchRequests } from '../tests/browser/lib/proxy.mjs';
import { printTable } from './lib/table.mjs';

const TABS = 50;
const OUTAGE_MS = 180_000;
const TROUBLES = /** @type {const} */ (['refused', 'half-open', 'slow-body', 'later']);

/** @param {typeof TROUBLES[number]} trouble */
async function measure(trouble) {
  const authority = await startAuthority({ idle: '600s', warn: '60s', keepAlive: '30s' });
  const proxy = await startProxy(authority.base);
  const chromium = await startChromium();
  try {
    const tabs = await chromium.openWindow(TABS, proxy.base);
    await startAgents(tabs, await authority.token(trouble));
    await eachShows(tabs, 'active', 60_000);
    const front = /** @type {import('puppeteer-core').Page} */ (tabs.at(-1));
    await type(front, 35_000, 500);
    const requests = watchRequests(tabs);
    await proxy.fail(trouble);
    await type(front, OUTAGE_MS, 500);
    const tried = requests.at.length;
    await proxy.recover();
    const back = performance.now();
    // The longest pause is a minute.
    let idle = Number.NaN;
    while (!(idle < 2_000) && performance.now() < back + 90_000) {
      await type(front, 500, 500);
      const sessions = await authority.sessions();
      idle = sessions.find(({ user }) => user === trouble)?.idle_ms ?? Number.NaN;
    }
    const phases = (await recorded(tabs, 'phase')).flat();
    return {
      trouble,
      tabs: TABS,
      requests: tried,
      'most at once': requests.mostAtOnce,
      'tabs that warned': phases.filter(({ what }) => what === 'warning').length,
      'tabs that ended': (await recorded(tabs, 'ended')).flat().length,
      'told once it was back, s': ((performance.now() - back) / 1000).toFixed(0),
    };
  } finally {
    await chromium.close();
    await proxy.stop();
    await authority.stop();
  }
}

const rows = [];
for (const trouble of TROUBLES) rows.push(await measure(trouble));
printTable(rows);
