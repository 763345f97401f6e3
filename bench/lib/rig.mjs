/** Everything that a part in the browser needs: bundles, pages, an authority and a Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startAuthority } from '../../tests/browser/lib/authority.mjs';
import { startChromium } from './chromium.mjs';
import { bundle, ensurePeers, versions } from './peers.mjs';
import { startScreen } from './screen.mjs';
import { startSite } from './site.mjs';
import { takingTurns } from './turns.mjs';

/**
 * @typedef {object} Times in milliseconds, the same for all peers
 * @property {number} idleMs
 * @property {number} warnMs
 * @property {number} keepAliveMs
 *
 * @typedef {import('./peers.mjs').Peer} Peer
 * @typedef {import('./chromium.mjs').Tab} Tab
 * @typedef {Awaited<ReturnType<typeof startRig>>} Rig
 */

/**
 * The peers that take part, as wished or all of these.
 * @param {import('./options.mjs').Options} options
 * @param {Peer[]} all
 * @returns {Peer[]}
 */
export function chosen(options, all) {
  return all.filter(({ id }) => options.peers?.includes(id) ?? true);
}

/**
 * Bundles these peers and serves their pages.
 * @param {Peer[]} peers
 * @param {string} authority its base
 */
export async function serve(peers, authority) {
  const scripts = mkdtempSync(path.join(os.tmpdir(), 'stillhere-bench-'));
  try {
    for (const peer of peers) await bundle(peer, path.join(scripts, peer.id));
    const site = await startSite({ scripts, authority });
    for (const { id, head } of peers) if (head) site.setHead(id, head);
    return site;
  } finally {
    // The site has read them all.
    rmSync(scripts, { recursive: true, force: true });
  }
}

/**
 * @param {Peer[]} peers
 * @param {Times} times
 * @param {{ flags?: string[], windows?: boolean }} [options] further flags of Chromium; whether its
 *   windows stand on a screen
 */
export async function startRig(peers, times, { flags = [], windows = false } = {}) {
  await ensurePeers();
  // What it logs is nothing to read between tables.
  process.env.RUST_LOG ??= 'error';
  const authority = await startAuthority({
    idle: `${times.idleMs}ms`,
    warn: `${times.warnMs}ms`,
    keepAlive: `${times.keepAliveMs}ms`,
  });
  const stops = [() => authority.stop()];
  const stop = async () => {
    for (const one of stops.reverse()) await one();
  };
  try {
    const site = await serve(peers, authority.base);
    stops.push(() => site.stop());
    const screen = windows ? await startScreen() : undefined;
    if (screen) stops.push(async () => void screen.stop());
    const another = () => startChromium(flags, screen);
    const chromium = await another();
    stops.push(() => chromium.close());
    // `another` starts one more browser on the same screen.
    return { ...rigOf({ authority, site, chromium, times }), another, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param {object} parts
 * @param {Awaited<ReturnType<typeof startAuthority>>} parts.authority
 * @param {Awaited<ReturnType<typeof startSite>>} parts.site
 * @param {import('./chromium.mjs').Chromium} parts.chromium
 * @param {Times} parts.times
 */
function rigOf({ authority, site, chromium, times }) {
  let runs = 0;
  // A tab comes into the window that was made last, so nobody else makes one meanwhile.
  const opening = takingTurns();

  return {
    authority,
    site,
    chromium,
    versions: { Chromium: chromium.version.replace(/^.*\//, ''), ...versions() },
    /**
     * A run of one peer: an origin, and so a storage and a process, that no other run has seen, and
     * a token of its own.
     * @param {Peer} peer
     * @param {import('./chromium.mjs').Chromium} [where]
     */
    async run(peer, where = chromium) {
      runs += 1;
      const host = `run${runs}.localhost`;
      let token = await tokenFor(peer, times, authority);
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(times)) query.set(name, `${value}`);
      return {
        host,
        /** Its keep-alives and renewals that the server has seen. */
        told: () => site.told(host),
        /** Leaves the next of them without an answer, for good. */
        hold: () => site.hold(host),
        /** A new token, for pages that were opened long ago: its idle time counts from its birth. */
        async renew() {
          token = await tokenFor(peer, times, authority);
          return token;
        },
        /** The address of a tab's page. @param {number} tab its number */
        url: (tab) => `${site.origin(host)}/page/${peer.id}?token=${token}&${query}&tab=${tab}`,
        /**
         * Opens that many tabs in a window of their own, a few at a time.
         * @param {number} count
         * @param {string} [prepare] runs in each document before anything else
         * @returns {Promise<Tab[]>} the last one is in front
         */
        open(count, prepare) {
          return opening(async () => {
            const tabs = [await where.open(this.url(0), { prepare, window: true })];
            while (tabs.length < count) {
              const from = tabs.length;
              const wanted = Array.from({ length: Math.min(5, count - from) });
              const some = wanted.map((_, at) => where.open(this.url(from + at), { prepare }));
              tabs.push(...(await Promise.all(some)));
            }
            await tabs.at(-1)?.front();
            return tabs;
          });
        },
      };
    },
  };
}

/**
 * @param {Peer} peer
 * @param {Times} times
 * @param {Awaited<ReturnType<typeof startAuthority>>} authority
 * @returns {Promise<string>}
 */
async function tokenFor(peer, { keepAliveMs }, authority) {
  if (peer.id.startsWith('stillhere')) return authority.token();
  // The issuer reads from it how long the tokens live that it gives: so that they are renewed once
  // an interval.
  const seconds = Math.round(((peer.renewEarlyMs ?? 0) + keepAliveMs) / 1000);
  return `${seconds}.${crypto.randomUUID()}`;
}

/** Tabs that are open at once where peers are counted side by side. */
const TABS_AT_ONCE = 50;

/** How many peers with that many tabs each are counted side by side. @param {number} count */
export const sideBySide = (count) => Math.max(1, Math.floor(TABS_AT_ONCE / count));

/** Closes all of them. @param {Tab[]} tabs */
export const closeAll = (tabs) => Promise.all(tabs.map((tab) => tab.close()));
