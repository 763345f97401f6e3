/**
 * What may go wrong with a logout, a cell each: all peers go through it at once, in a window each. A
 * cell says `ok`, or how many tabs went wrong.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { renderers, stopped } from '../../tests/browser/lib/sleep.mjs';
import { Tab, type } from './chromium.mjs';
import { Group } from './groups.mjs';
import { keepingPace } from './pace.mjs';
import { freezable, standing } from './sleep.mjs';
import { chunks } from './stats.mjs';

/** The idle timeout of all cells, in milliseconds, and what belongs to it. */
export const TIMES = { idleMs: 10_000, warnMs: 4_000, keepAliveMs: 2_000 };
/** How long somebody types in one tab, or only in the frame. */
const TYPING_MS = 25_000;
const KEYS_EVERY_MS = 500;
/** One sleep that is shorter than the timeout and one that is longer. */
const NAP_MS = 4_000;
const NIGHT_MS = 20_000;
/** How long after waking and the keys it is looked whether they have revived what was over. */
const AWAKE_MS = 6_000;
/** How late a logout may be before it counts as none. */
const LATE_MS = 5_000;

/** For how long the machine may stand still, and how often a cell is tried where it stands longer. */
const PACE = { mostMs: 1_500, tries: 3 };
/** How many peers go through a cell at once: more tabs than that would wait for each other. */
const AT_ONCE = 4;

/** @typedef {ReturnType<typeof import('./pace.mjs').watchPace>} Pace */
/** @typedef {import('./rig.mjs').Rig} Rig */
/** @typedef {import('./peers.mjs').Peer} Peer */
/** @typedef {'suspended' | 'stopped' | 'frozen'} Model */

/**
 * @typedef {object} Cell
 * @property {string} name
 * @property {import('./groups.mjs').Opening} opening
 * @property {(groups: Group[], rig: Rig, pace: Pace) => Promise<string[]>} run what went wrong in each, or `ok`
 */

/** @param {number} wrong @param {number} all @param {string} what */
const verdict = (wrong, all, what) => (wrong === 0 ? 'ok' : `${wrong} of ${all} ${what}`);

/** @template Result @param {Group[]} groups @param {(group: Group) => Promise<Result>} does */
const each = (groups, does) => Promise.all(groups.map(does));

/** @param {import('./groups.mjs').Shown[]} shown */
const ended = (shown) => shown.filter((one) => one.ended).length;

/** One tab in use, the others idle. @param {Group[]} groups @param {Rig} _rig @param {Pace} pace */
function oneInUse(groups, _rig, pace) {
  return each(groups, async (group) => {
    await group.type(-1, TYPING_MS, KEYS_EVERY_MS, pace);
    const shown = await group.look();
    const used = shown.at(-1)?.ended ? ', the one in use too' : '';
    return verdict(ended(shown), shown.length, `logged out falsely${used}`);
  });
}

/** One hidden tab is frozen; nobody touches anything. @param {Group[]} groups */
function frozenSibling(groups) {
  return each(groups, async (group) => {
    await group.tab(-1).front();
    await group.tab(0).session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await group.tab(-1).press();
    await pause(TIMES.idleMs + LATE_MS);
    const shown = await group.look(group.tabs.slice(1));
    const late = `not logged out ${LATE_MS / 1000} s after the deadline`;
    return verdict(shown.length - ended(shown), shown.length, late);
  });
}

/**
 * The user works only in a frame of the app in another site's page; a tab of the app is open.
 * @param {Group[]} groups
 * @param {Rig} rig
 */
function partitioned(groups, rig) {
  return each(groups, async (group) => {
    const { url, host } = group.run;
    const frame = url(1);
    const page = `${rig.site.origin(`embedding-${host}`)}/embed?frame=${encodeURIComponent(frame)}`;
    const embedding = await rig.chromium.open(page, { window: true, wait: false });
    group.others.push(embedding);
    const target = await rig.chromium.browser.waitForTarget((one) => one.url() === frame);
    const inside = new Tab('', await target.createCDPSession(), rig.chromium.root);
    await inside.until('window.bench?.ready');
    await embedding.evaluate("document.querySelector('iframe').focus()");
    await inside.evaluate(
      "addEventListener('keydown', () => { bench.keys = (bench.keys ?? 0) + 1 })",
    );
    await type(embedding, TYPING_MS, KEYS_EVERY_MS);
    if (!(await inside.evaluate('bench.keys'))) throw new Error('No key reached the frame.');
    const own = ended(await group.look());
    const framed = ended(await group.look([inside]));
    if (framed > 0) return 'the frame in use logged out falsely';
    return verdict(own, group.tabs.length, 'logged out falsely');
  });
}

/**
 * All pages sleep that way for so long, with a key in each group's first tab.
 * @param {Model} model
 * @param {number} ms
 * @param {Group[]} groups
 * @param {Rig} rig
 */
async function sleep(model, ms, groups, rig) {
  await each(groups, ({ tabs: [first] }) => /** @type {Tab} */ (first).press());
  // Whoever tells the others has done so.
  await pause(1_200);
  await each(groups, (group) => group.forget());
  const press = () => each(groups, (group) => group.tab(0).press());
  const tabs = groups.flatMap((group) => group.tabs);
  const live = (/** @type {'frozen' | 'active'} */ state) =>
    Promise.all(tabs.map(({ session }) => session.send('Page.setWebLifecycleState', { state })));
  if (model === 'frozen') {
    await live('frozen');
    await pause(ms);
    await live('active');
    await Promise.all(tabs.map((tab) => tab.until('life.frozen === life.resumed')));
    // One window after the other: a screen has one active window.
    for (const group of groups) {
      await group.tab(0).front();
      await group.tab(0).press();
    }
    return;
  }
  if (model === 'suspended') {
    await Promise.all(tabs.map((tab) => tab.evaluate(`suspend(${ms})`)));
  }
  /** @type {Promise<unknown>} */
  let pressed = Promise.resolve();
  await stopped(await renderers(rig.chromium.browser), ms, async () => {
    await pause(ms - 1_000);
    pressed = press();
    // What waits for a page that is stopped is awaited once it goes on.
    pressed.catch(() => {});
  });
  await pressed;
}

/** @param {Model} model @param {Group[]} groups @param {Rig} rig */
async function nap(model, groups, rig) {
  await sleep(model, NAP_MS, groups, rig);
  await pause(2_000);
  return each(groups, async (group) => {
    const shown = await group.look();
    return verdict(ended(shown), shown.length, 'logged out falsely');
  });
}

/** @param {Model} model @param {Group[]} groups @param {Rig} rig */
async function night(model, groups, rig) {
  await sleep(model, NIGHT_MS, groups, rig);
  // Whoever comes back presses more than one key, and the first may only have ended it.
  for (let more = 0; more < 2; more += 1) {
    await pause(400);
    await each(groups, ({ tabs: [first] }) => /** @type {Tab} */ (first).press());
  }
  await pause(AWAKE_MS);
  return each(groups, async (group) => {
    const shown = await group.look();
    const [all, alive] = [shown.length, shown.length - ended(shown)];
    const reopened = shown.filter((one) => one.reopened).length;
    if (alive > 0) {
      const revived = shown[0]?.ended ? '' : ', the one with the key too';
      return verdict(alive, all, `still logged in${revived}`);
    }
    return verdict(reopened, all, 'ended, then active again');
  });
}

/** @type {Record<Model, string>} */
const MODELS = {
  suspended: 'the wall clock jumps',
  stopped: 'processes stopped',
  frozen: 'hidden tabs frozen',
};

/** @param {Model} model @returns {Cell[]} */
function sleeping(model) {
  const opening = {
    count: 10,
    prepare: model === 'suspended' ? standing : freezable,
    covered: model === 'frozen',
  };
  return [
    {
      name: `${MODELS[model]}, ${NAP_MS / 1000} s`,
      opening,
      run: (groups, rig) => nap(model, groups, rig),
    },
    {
      name: `${MODELS[model]}, ${NIGHT_MS / 1000} s`,
      opening,
      run: (groups, rig) => night(model, groups, rig),
    },
  ];
}

/** @type {Cell[]} */
export const awake = [
  { name: 'one tab in use', opening: { count: 10 }, run: oneInUse },
  { name: 'in use only in a frame on another site', opening: { count: 1 }, run: partitioned },
  { name: 'a frozen sibling', opening: { count: 10 }, run: frozenSibling },
];

export const asleep = /** @type {Model[]} */ (['suspended', 'stopped', 'frozen']).flatMap(sleeping);

/**
 * @param {Cell} cell
 * @param {Rig} rig
 * @param {Peer[]} peers
 * @returns {Promise<Map<string, string>>} by the peers' ids
 */
export async function goThrough(cell, rig, peers) {
  /** @type {[string, string][]} */
  const said = [];
  for (const some of chunks(peers, AT_ONCE)) {
    const tried = await keepingPace((pace) => together(cell, rig, some, pace), PACE);
    for (const [at, { id }] of some.entries()) {
      const what =
        'result' in tried
          ? tried.result[at]
          : `not measured: the machine stood still for ${(tried.stoodMs / 1000).toFixed(1)} s`;
      said.push([id, /** @type {string} */ (what)]);
    }
  }
  return new Map(said);
}

/** @param {Cell} cell @param {Rig} rig @param {Peer[]} peers @param {Pace} pace */
async function together(cell, rig, peers, pace) {
  /** @type {Group[]} */
  const groups = [];
  try {
    for (const peer of peers) groups.push(await Group.open(rig, peer, cell.opening));
    await each(groups, (group) => group.begin());
    return await cell.run(groups, rig, pace);
  } finally {
    await each(groups, (group) => group.close());
  }
}
