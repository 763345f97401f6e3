/**
 * What the main threads of some pages did, from Chromium's own trace: CPU time of the thread, so that
 * a process that had to wait for a core is not charged for it.
 */

/** `toplevel` has the tasks, `devtools.timeline` says which of them ran a page's script. */
const CATEGORIES = ['toplevel', 'devtools.timeline'];
const TASK = 'ThreadControllerImpl::RunTask';
const KEYS = ['keydown', 'keypress', 'keyup'];
/** What stands inside a task in which a page's own code ran. */
const SCRIPT = new Set([
  'FunctionCall',
  'EvaluateScript',
  'TimerFire',
  'RunMicrotasks',
  'FireAnimationFrame',
  'FireIdleCallback',
  'v8.callFunction',
  'v8.run',
]);
/** Written by `mark`, read here. */
const MARK = 'bench:';

/**
 * @typedef {object} Event of the trace; times in whole microseconds
 * @property {string} name
 * @property {string} ph
 * @property {number} pid
 * @property {number} tid
 * @property {number} ts
 * @property {number} [dur] by the clock on the wall
 * @property {number} [tdur] of the thread itself
 * @property {any} [args]
 *
 * @typedef {object} Cost
 * @property {number} keys microseconds in the dispatch of keys, and in what hangs on to it
 * @property {number} later microseconds of all other tasks that ran the page's script: timers,
 *   messages, events of storage, answers
 * @property {number} tasks how many those were
 */

/**
 * Records while `work` runs.
 * @param {import('./chromium.mjs').Chromium} chromium
 * @param {import('./chromium.mjs').Tab[]} tabs
 * @param {() => Promise<void>} work
 * @returns {Promise<Map<string, Cost>>} by the id of the tab; those that share a thread share a cost
 */
export async function traced({ root }, tabs, work) {
  /** @type {Event[]} */
  const events = [];
  /** @param {{ value: any[] }} data */
  const take = ({ value }) => {
    for (const one of value) if (isWanted(one)) events.push(one);
  };
  root.on('Tracing.dataCollected', take);
  await root.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      recordMode: 'recordUntilFull',
      traceBufferSizeInKb: 800_000,
      includedCategories: CATEGORIES,
      excludedCategories: ['*'],
    },
  });
  const mark = () =>
    Promise.all(tabs.map((tab) => tab.evaluate(`console.timeStamp('${MARK}${tab.id}')`)));
  await mark();
  await work();
  await mark();
  const complete = new Promise((resolve) => root.once('Tracing.tracingComplete', resolve));
  await root.send('Tracing.end');
  const { dataLossOccurred } = /** @type {any} */ (await complete);
  root.off('Tracing.dataCollected', take);
  if (dataLossOccurred) throw new Error('The trace lost events: measure for a shorter time.');
  return costs(events);
}

/** @param {Event} event */
function isWanted({ name, ph, args }) {
  if (name === 'TimeStamp') return String(args?.data?.message).startsWith(MARK);
  return ph === 'X' && (name === TASK || name === 'EventDispatch' || SCRIPT.has(name));
}

/** @param {Event[]} events @returns {Map<string, Cost>} */
export function costs(events) {
  const threads = /** @type {Map<string, Event[]>} */ (new Map());
  for (const event of events) {
    const thread = `${event.pid}:${event.tid}`;
    const list = threads.get(thread);
    if (list) list.push(event);
    else threads.set(thread, [event]);
  }
  const found = /** @type {Map<string, Cost>} */ (new Map());
  for (const list of threads.values()) {
    const marks = list.filter(({ name }) => name === 'TimeStamp');
    if (marks.length === 0) continue;
    const cost = costOf(
      list,
      marks.map(({ ts }) => ts),
    );
    for (const { args } of marks) found.set(String(args.data.message).slice(MARK.length), cost);
  }
  return found;
}

/**
 * Of one thread, between its first and its last mark.
 * @param {Event[]} events
 * @param {number[]} marks
 * @returns {Cost}
 */
function costOf(events, marks) {
  const [from, to] = [Math.min(...marks), Math.max(...marks)];
  const sorted = events
    .filter(({ ph, ts }) => ph === 'X' && ts >= from && ts <= to)
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const cost = { keys: 0, later: 0, tasks: 0 };
  for (let at = 0; at < sorted.length; ) {
    const task = /** @type {Event} */ (sorted[at]);
    const end = task.ts + (task.dur ?? 0);
    let next = at + 1;
    while (next < sorted.length && /** @type {Event} */ (sorted[next]).ts < end) next += 1;
    const inside = sorted.slice(at + 1, next);
    // A mark is a task of the bench itself.
    const own = marks.some((mark) => mark >= task.ts && mark <= end);
    if (task.name === TASK && !own) charge(cost, task, inside);
    at = next;
  }
  return cost;
}

/** @param {Cost} cost @param {Event} task @param {Event[]} inside in order */
function charge(cost, task, inside) {
  if (inside.some(isKey)) {
    // The rest of such a task is the browser's, and the same without any listener.
    cost.keys += outermost(inside).reduce((sum, event) => sum + spent(event), 0);
  } else if (inside.some(({ name }) => SCRIPT.has(name))) {
    cost.later += spent(task);
    cost.tasks += 1;
  }
}

/** @param {Event} event */
const isKey = ({ name, args }) => name === 'EventDispatch' && KEYS.includes(args?.data?.type);

/** @param {Event} event */
const spent = ({ tdur, dur }) => tdur ?? dur ?? 0;

/** Those that stand in no other of them. @param {Event[]} events in order @returns {Event[]} */
function outermost(events) {
  let end = -1;
  return events.filter((event) => {
    if (event.name === TASK || event.ts < end) return false;
    end = event.ts + (event.dur ?? 0);
    return true;
  });
}
