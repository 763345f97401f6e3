/** The tabs of one token of one peer, and what became of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { type } from './chromium.mjs';

/** @typedef {import('./peers.mjs').Peer} Peer */
/** @typedef {import('./chromium.mjs').Tab} Tab */
/** @typedef {import('./rig.mjs').Rig} Rig */

/**
 * @typedef {object} Opening
 * @property {number} count how many tabs
 * @property {string} [prepare] runs in each document before anything else
 * @property {boolean} [covered] an empty tab stands in front of them
 */

/** What one tab shows. @typedef {{ ended: boolean, state: string, reopened: boolean }} Shown */

export class Group {
  /** @type {Tab[]} */
  tabs = [];
  /** @type {Tab[]} those that are only closed in the end */
  others = [];

  /** @param {Peer} peer @param {Awaited<ReturnType<Rig['run']>>} run */
  constructor(peer, run) {
    this.peer = peer;
    this.run = run;
  }

  /**
   * Opens a window with its tabs; no peer is started in them yet, so that it is no matter how long
   * that takes.
   * @param {Rig} rig
   * @param {Peer} peer
   * @param {Opening} opening
   */
  static async open(rig, peer, { count, prepare, covered = false }) {
    const group = new Group(peer, await rig.run(peer));
    // One after the other: a tab is throttled soon only if it was seen once.
    while (group.tabs.length < count) {
      const url = `${group.run.url(group.tabs.length)}&later`;
      const window = group.tabs.length === 0;
      const tab = await rig.chromium.open(url, { prepare, window, wait: false });
      await tab.until('window.bench?.loaded');
      group.tabs.push(tab);
    }
    if (covered) group.others.push(await rig.chromium.open('about:blank', { wait: false }));
    return group;
  }

  /** Starts the peer in all tabs at once. */
  async begin() {
    const begin = `bench.begin(${JSON.stringify(await this.run.renew())})`;
    await Promise.all(this.tabs.map((tab) => tab.evaluate(begin)));
    await Promise.all(this.tabs.map((tab) => tab.until('bench.ready')));
    const shown = await this.look();
    if (shown.some(({ ended }) => ended)) throw new Error(`${this.peer.name} ended at once.`);
  }

  /** @param {number} at negative from the end @returns {Tab} */
  tab(at) {
    return /** @type {Tab} */ (this.tabs.at(at));
  }

  /**
   * Keys in a tab that is in front.
   * @param {number} at
   * @param {number} forMs
   * @param {number} everyMs
   * @param {{ late(ms: number): void }} [pace] is told how much longer it took
   */
  async type(at, forMs, everyMs, pace) {
    await this.tab(at).front();
    const begin = performance.now();
    await type(this.tab(at), forMs, everyMs);
    pace?.late(performance.now() - begin - forMs);
  }

  /** Forgets what was told so far. */
  async forget() {
    const forget = 'bench.states.length = 0; bench.ends.length = 0';
    await Promise.all(this.tabs.map((tab) => tab.evaluate(forget)));
  }

  /** What the tabs tell since then. @param {Tab[]} [tabs] @returns {Promise<Shown[]>} */
  look(tabs = this.tabs) {
    const shown = `({ ended: bench.ends.length > 0, state: bench.state,
      reopened: bench.ends.length > 0 && bench.state !== 'ended' })`;
    return Promise.all(tabs.map((tab) => tab.evaluate(shown)));
  }

  /**
   * When each tab ended first, in milliseconds since 1970; those that don't in time are missing.
   * @param {number} withinMs
   * @returns {Promise<number[]>}
   */
  async ends(withinMs) {
    const until = performance.now() + withinMs;
    const first = 'bench.ends[0]?.at';
    for (;;) {
      const each = await Promise.all(this.tabs.map((tab) => tab.evaluate(first)));
      const came = each.filter((at) => at !== undefined);
      if (came.length === each.length || performance.now() > until) return came;
      await pause(300);
    }
  }

  async close() {
    const all = [...this.tabs, ...this.others];
    await Promise.all(all.map((tab) => tab.close()));
  }
}
