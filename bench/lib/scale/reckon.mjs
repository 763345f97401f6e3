/**
 * From what one user does and what one request costs to what many users need: pure arithmetic, in one
 * place for all who are compared.
 */

/** A node of the authority, and how much of it is used in the peak hour. Assumed. */
export const NODE = { cores: 4, used: 0.5, memory: 8 * 2 ** 30, memoryUsed: 0.7, streams: 200_000 };
/** One Redis works on one core; so much of that is used. Assumed. */
export const REDIS_USED = 0.5;

/** @typedef {'keepalive' | 'question' | 'end' | 'stream' | 'preflight' | 'sign-in'} Kind */
/** @type {Kind[]} */
export const KINDS = ['keepalive', 'question', 'end', 'stream', 'preflight', 'sign-in'];
/** @typedef {Record<Kind, number>} Each */
/** @typedef {{ each: Each, signed_in: number, unwarned: number, pings: number, intervals_with_input: number }} Rates */
/** @typedef {{ sent: number, received: number }} Bytes */

/**
 * What was measured of one request of each kind, one ping, one token, one stream.
 * @typedef {object} Costs
 * @property {Record<string, Bytes>} bytes
 * @property {number} ping bytes
 * @property {Record<string, number>} micros processor time
 * @property {number} bytesPerToken memory
 * @property {number} bytesPerStream memory
 */

/**
 * What a user at work costs.
 * @typedef {object} Load
 * @property {number} requests a second
 * @property {number} bytes a second, both ways
 * @property {number} processor seconds a second
 * @property {number} tokens
 * @property {number} streams
 */

/** Not measured on the wire: a server's call, about as large as the only other one with a short body. */
const BYTES_LIKE = { 'sign-in': 'end' };
/** Not measured under load, since each ends a token: it writes a record as a keep-alive does. */
const MICROS_LIKE = { end: 'keepalive' };

/** Both ways. @param {Costs} costs @param {Kind} kind */
export function bytesOf({ bytes }, kind) {
  const { sent, received } = bytes[kind] ??
    bytes[BYTES_LIKE['sign-in']] ?? { sent: 0, received: 0 };
  return sent + received;
}

/** In microseconds. @param {Costs} costs @param {Kind} kind */
export function microsOf({ micros }, kind) {
  return micros[kind] ?? micros[MICROS_LIKE.end] ?? 0;
}

/**
 * @param {Partial<Each>} rates requests a second of each kind
 * @param {Costs} costs
 * @param {{ pings?: number, tokens: number, streams?: number }} more
 * @returns {Load}
 */
function load(rates, costs, { pings = 0, tokens, streams = 0 }) {
  const sum = (/** @type {(kind: Kind) => number} */ of) =>
    KINDS.reduce((all, kind) => all + (rates[kind] ?? 0) * of(kind), 0);
  return {
    requests: sum(() => 1),
    bytes: sum((kind) => bytesOf(costs, kind)) + pings * costs.ping,
    processor: (sum((kind) => microsOf(costs, kind)) + pings * (costs.micros.ping ?? 0)) / 1e6,
    tokens,
    streams,
  };
}

/** One of `rate` a second that a browser asks for before it sends. @param {number} rate @param {number} life */
const asked = (rate, life) => (rate > 0 ? 1 / (life + 1 / rate) : 0);

/**
 * What each way of keeping a session costs for one user at work with that many contexts.
 * @param {any} predicted what the formula says (bench/population)
 * @param {Costs} costs
 * @param {number} contexts
 */
export function ways(predicted, costs, contexts) {
  const { assumptions } = predicted;
  /** @type {Rates} */
  const ours = contexts === 1 ? predicted.one : predicted.more;
  return waysOf(ours, assumptions, costs, contexts);
}

/** The same for the mix of people. @param {any} predicted @param {Costs} costs */
export function waysOfMix(predicted, costs) {
  return waysOf(predicted.mix, predicted.assumptions, costs, predicted.meanContexts);
}

/**
 * @param {Rates} ours
 * @param {any} assumptions
 * @param {Costs} costs
 * @param {number} contexts
 */
function waysOf(ours, assumptions, costs, contexts) {
  const life = assumptions.preflight_s;
  // What ng-idle does: each interval in each tab, until the warning begins, with or without input.
  const perTab = (contexts * ours.unwarned) / assumptions.keepalive_s;
  const signIns = ours.each['sign-in'];
  /** @param {number} every in seconds */
  const polls = (every) => {
    const question = contexts / every;
    // Whoever polls is never away, so nobody signs in again.
    return load({ question, preflight: asked(question, life) }, costs, { tokens: 1 });
  };
  return {
    ours: load(ours.each, costs, {
      pings: ours.pings,
      tokens: ours.signed_in,
      streams: ours.signed_in,
    }),
    perTab: load({ keepalive: perTab, preflight: asked(perTab, life), 'sign-in': signIns }, costs, {
      tokens: ours.signed_in,
    }),
    poll60: polls(60),
    poll10: polls(10),
  };
}

/**
 * Nodes for so many users at work, by what runs out first.
 * @param {Load} one
 * @param {number} users at work
 * @param {Costs} costs
 */
export function nodes(one, users, costs) {
  const memory = one.tokens * costs.bytesPerToken + one.streams * costs.bytesPerStream;
  const by = {
    processor: (one.processor * users) / (NODE.cores * NODE.used),
    memory: (memory * users) / (NODE.memory * NODE.memoryUsed),
    streams: (one.streams * users) / NODE.streams,
  };
  return { ...by, all: Math.ceil(Math.max(by.processor, by.memory, by.streams)) };
}
