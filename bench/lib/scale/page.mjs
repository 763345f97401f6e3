/** docs/scale.md: what was measured, reckoned and checked, as tables. */
import os from 'node:os';
import { table } from '../table.mjs';
import { bytesOf, KINDS, microsOf, NODE, nodes, REDIS_USED, ways, waysOfMix } from './reckon.mjs';

const USERS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const MOST = 10;
const NAMES = {
  keepalive: 'keep-alive',
  question: 'question',
  end: 'end, told by the page',
  stream: 'event stream opened',
  preflight: 'preflight',
  'sign-in': 'token registered, by a server',
};

/** @param {number} value with three digits that count */
function short(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(Math.min(digits, 6))).toLocaleString('en', {
    maximumFractionDigits: 6,
  });
}

/** @param {number} theirs @param {number} ours */
const ratio = (theirs, ours) => `${(theirs / ours).toFixed(theirs / ours < 10 ? 2 : 1)}`;

/** @param {any} measured */
function ofOneUser({ predicted, costs, http2 }) {
  const { mix } = predicted;
  return KINDS.filter((kind) => mix.each[kind] > 0).map((kind) => ({
    request: NAMES[kind],
    'an hour, mix': short(mix.each[kind] * 3600),
    '1 context': short(predicted.one.each[kind] * 3600),
    '2 and more': short(predicted.more.each[kind] * 3600),
    'bytes of the request': costs.bytes[kind]?.sent ?? '',
    'of the answer': costs.bytes[kind]?.received ?? '',
    'over HTTP/2, both': http2[kind] ? http2[kind].sent + http2[kind].received : '',
    'processor, µs': short(microsOf(costs, kind)),
  }));
}

/** How many times ours the others need, by contexts. @param {any} measured */
function byContexts({ predicted, costs }) {
  return Array.from({ length: MOST }, (_, at) => {
    const { ours, perTab, poll60, poll10 } = ways(predicted, costs, at + 1);
    const share = 1000 * predicted.assumptions.at_work;
    return {
      contexts: at + 1,
      'per tab / ours': ratio(perTab.requests, ours.requests),
      'poll 60 s / ours': ratio(poll60.requests, ours.requests),
      'poll 10 s / ours': ratio(poll10.requests, ours.requests),
      'requests/s of 1,000 users: ours': short(ours.requests * share),
      'per tab': short(perTab.requests * share),
      'poll 60 s': short(poll60.requests * share),
      'poll 10 s': short(poll10.requests * share),
      'bytes: per tab / ours': ratio(perTab.bytes, ours.bytes),
      'poll 60 s / ours, bytes': ratio(poll60.bytes, ours.bytes),
    };
  });
}

/** @param {any} measured @param {(one: any, users: number) => Record<string, unknown>} row */
function byUsers({ predicted, costs }, row) {
  return USERS.flatMap((users) =>
    ['1', 'mix', `${MOST}`].map((contexts) => {
      const one =
        contexts === 'mix' ? waysOfMix(predicted, costs) : ways(predicted, costs, Number(contexts));
      return {
        users: users.toLocaleString('en'),
        contexts,
        ...row(one, users * predicted.assumptions.at_work),
      };
    }),
  );
}

/** @param {any} measured */
const requests = (measured) =>
  byUsers(measured, ({ ours, perTab, poll60, poll10 }, users) => ({
    'ours, requests/s': short(ours.requests * users),
    'per tab': short(perTab.requests * users),
    'poll 60 s': short(poll60.requests * users),
    'poll 10 s': short(poll10.requests * users),
    'ours, MB/s': short((ours.bytes * users) / 1e6),
    'per tab, MB/s': short((perTab.bytes * users) / 1e6),
    'poll 60 s, MB/s': short((poll60.bytes * users) / 1e6),
    'poll 10 s, MB/s': short((poll10.bytes * users) / 1e6),
  }));

/** @param {any} measured */
const nodesTable = (measured) =>
  byUsers(measured, ({ ours, perTab, poll60, poll10 }, users) => {
    const by = nodes(ours, users, measured.costs);
    const all = (/** @type {any} */ one) =>
      nodes(one, users, measured.costs).all.toLocaleString('en');
    return {
      'ours, by processor': short(by.processor),
      'by memory': short(by.memory),
      'by streams': short(by.streams),
      'ours, nodes': by.all.toLocaleString('en'),
      'per tab': all(perTab),
      'poll 60 s': all(poll60),
      'poll 10 s': all(poll10),
    };
  });

/** What the simulation saw beside what the formula says. @param {any} measured @param {any} window */
function checked({ costs }, window) {
  const rows = KINDS.map((kind) => ({
    kind,
    predicted: window.predicted[kind],
    seen: window.seen[kind],
  }));
  const sum = (/** @type {'predicted' | 'seen'} */ of) =>
    rows.reduce((all, row) => all + row[of], 0);
  const bytes = (/** @type {any} */ kind) => window.sent[kind] + window.received[kind];
  const line = (
    /** @type {string} */ what,
    /** @type {number} */ predicted,
    /** @type {number} */ seen,
    /** @type {number} */ count,
  ) => ({
    what,
    'seen / predicted': predicted > 0 ? (seen / predicted).toFixed(3) : '',
    // Of a Poisson process: as many as were predicted, give or take the root of it.
    'by chance alone, ±': count > 0 ? (1 / Math.sqrt(count)).toFixed(3) : '',
    predicted: short(predicted),
    seen: seen.toLocaleString('en'),
  });
  const known = KINDS.filter((kind) => costs.bytes[kind]);
  const expected = known.reduce(
    (all, kind) => all + window.predicted[kind] * bytesOf(costs, kind),
    0,
  );
  const went = known.reduce((all, kind) => all + bytes(kind), 0);
  const perRequest = known.reduce((all, kind) => all + window.seen[kind] * bytesOf(costs, kind), 0);
  return [
    ...rows.map(({ kind, predicted, seen }) => line(NAMES[kind], predicted, seen, predicted)),
    line('all requests', sum('predicted'), sum('seen'), sum('predicted')),
    line('bytes, both ways, of browsers', expected, went, sum('predicted')),
    { ...line('the same, of the requests seen', perRequest, went, 0) },
  ];
}

/** Processor time that the reckoning gives for what was seen, and what was seen. @param {any} measured @param {any} window */
function processor({ costs }, window) {
  const micros = KINDS.reduce((all, kind) => all + window.seen[kind] * microsOf(costs, kind), 0);
  return { reckoned: micros / 1e6, seen: window.processorS };
}

/** @param {any} measured @param {any} window */
function checkText(measured, window) {
  const { reckoned, seen } = processor(measured, window);
  const all = KINDS.reduce((sum, kind) => sum + window.seen[kind], 0);
  return `Speed ${window.speed}, ${short(window.realS)} s of real time, ${short(window.virtualMs / 1000)} s of virtual time; ${window.failed} of ${all.toLocaleString('en')} requests failed; a request left at most ${short(window.lateMs)} ms too late. The authority used ${short(seen)} s of processor time; the requests seen, at the cost measured under full load, come to ${short(reckoned)} s (${ratio(seen, reckoned)} times): where requests come one by one each wakes a thread, which is spared under full load.

${table(checked(measured, window))}`;
}

/** @param {any} measured */
function streamsText({ predicted, costs }) {
  const { ours } = waysOfMix(predicted, costs);
  const streams = ours.streams * costs.bytesPerStream;
  const share = streams / (streams + ours.tokens * costs.bytesPerToken);
  const pings = (predicted.mix.pings * costs.micros.ping) / 1e6 / ours.processor;
  return `What limits us is the open streams: ${(share * 100).toFixed(1)} % of the memory is theirs, and their pings are ${(pings * 100).toFixed(0)} % of the processor time. Polling has none and so needs fewer nodes than we do, and is told of a revocation an interval later.`;
}

/** @param {any} measured */
function redisText({ redis, predicted }) {
  const touches = (REDIS_USED * 1e6) / redis.redisMicros;
  const { mix, assumptions } = predicted;
  // Questions, ends and streams look at the record too.
  const calls = (mix.each.keepalive + mix.each.question + mix.each.stream) * assumptions.at_work;
  const users = touches / calls;
  const gib = (1e8 * assumptions.at_work * mix.signed_in * redis.bytesPerToken) / 2 ** 30;
  return `A keep-alive takes ${short(redis.redisMicros)} µs of Redis and ${short(redis.keepalive.median)} µs of a node, and a token ${short(redis.bytesPerToken)} bytes on Redis. Redis works on one core; with ${REDIS_USED * 100} % of it used one Redis takes ${short(touches)} a second, which is ${short(users)} users of the mix in the peak hour. 100,000,000 users would need ${short(1e8 / users)} of them, and ${short(gib)} GiB for their tokens.`;
}

/** @param {any} measured */
export function page(measured) {
  const { predicted, costs, simulated, about, capacity } = measured;
  const { assumptions, mix } = predicted;
  const machine = `${os.cpus()[0]?.model ?? 'unknown'}, ${os.cpus().length} cores`;
  return `---
title: What many users cost
---

<!-- Written by ${'`'}${about.command}${'`'}. Change bench/lib/scale/page.mjs, not this file. -->

# What many users cost

Requests, bytes and nodes in the peak hour, for us, for a keep-alive in each tab, and for polling. Written by
\`${about.command}\` on ${about.date}: ${machine}; Linux ${os.release()}, Node ${process.version}, ${about.chromium.replace('/', ' ')}.
Client and server share this machine, so times are worth something only beside each other.

## What is assumed

${table(predicted.rows.map((/** @type {any} */ row) => ({ what: row.what, value: row.value, source: row.source })))}

So ${(mix.intervals_with_input * 100).toFixed(0)} % of the intervals of a user at work have an input, ${(mix.signed_in * 100).toFixed(1)} % of the time there is a session, and
${short(mix.each['sign-in'] * 8 * 3600)} times in 8 hours somebody has been away for too long. The app is on another origin than the authority, loads a page only at
sign-in, and each user has one browser. Tokens have 43 characters; a longer one costs its length more with each request. TLS is left
out. The values stand in [assumptions.rs](../bench/population/src/assumptions.rs); change them there for people of another kind.

## One user at work

The formula ([model.rs](../bench/population/src/model.rs)) follows from the rules of the [agent](architecture.md#errands-what-to-tell-or-ask-and-when): a keep-alive with the first input
after an interval, a question when a session begins, before the warning and at the deadline (not needed where the event stream tells of the end first), a stream for the
visible context. Bytes are what Chromium and the authority sent over HTTP/1.1, heads and bodies; over HTTP/2 the same
fields, once both sides know them. A stream also has a ping of ${costs.ping} bytes each ${assumptions.ping_s} s (${short(costs.micros.ping)} µs).

${table(ofOneUser(measured))}

## By contexts

How many times as much the others send, then how much. "Per tab" is what ng-idle with its keep-alive does: one each
${assumptions.keepalive_s} s in each tab until the warning, with or without input. Polls never stop. A value below 1: the other sends less.

${table(byContexts(measured))}

## By users

Peak hour: ${assumptions.at_work * 100} % of the users are at work. Mix: ${predicted.meanContexts.toFixed(2)} contexts on average.

${table(requests(measured))}

## Nodes

The same server for all, with its sessions in its memory: a keep-alive takes ${short(costs.micros.keepalive)} µs of processor time (rounds: ${capacity.keepalive.runs.map(short).join(', ')}), which is
${short(1e6 / costs.micros.keepalive)} a second and core; a token takes ${short(costs.bytesPerToken)} bytes, an open stream ${short(costs.bytesPerStream)} bytes of the process (the kernel's
buffers are not in it). A node is assumed to have ${NODE.cores} cores of which ${NODE.used * 100} % are used, ${NODE.memory / 2 ** 30} GiB of which ${NODE.memoryUsed * 100} % are used, and at most
${NODE.streams.toLocaleString('en')} open streams. What is left is the headroom: for a node that fails, and for a shift that begins at one moment. Two nodes are the least where one may fail. Polling and keep-alives per tab have no
stream, and learn of a revocation with their next request.

${table(nodesTable(measured))}

${streamsText(measured)}

More than one node needs Redis, which takes more of a node for each keep-alive and sets a limit of its own.

## What one Redis limits

${redisText(measured)} All keys are on one server today ([why](decisions/one-redis.md)). To go beyond it one would split by token: the first bits
of its SHA-256 name one of several Redis, each with its own nodes or all with all, and nothing that a keep-alive touches crosses the
border. What does cross it is the list of a user's tokens (a revocation would go to all of them), the log of ends (one sequence
for each) and policies (written to all). That is not built.

## Checked by a simulation

${simulated.users.toLocaleString('en')} users, ${simulated.atWork.toLocaleString('en')} of them at work, each with 1 to ${MOST} contexts that hear each other: the real machines (\`src/core\`), driven by what their user does, not by the formula
([bench/population](../bench/population/src/user.rs)). All tokens were registered with a real authority on this machine (${short(simulated.registeringS)} s); the users were brought to a steady state in virtual time, with answers of the
authority's own rule (${short(simulated.settlingS)} s). From then on each request really went to the authority over HTTP, with the heads that Chromium sends, and its
answer went into the machine. At a speed of 0.0001 a second of real time is 0.1 ms of virtual time, and requests arrive at a ten-thousandth of the rate.

The authority's clock does not run with virtual time. Ages cross the network, not moments, so a keep-alive means the same at any speed; but to be registered counts as
activity, so counting begins an idle timeout later, and the authority allows 8 hours while each page wishes for ${simulated.idleMinutes} minutes. A page then tells
the authority of an end, which is one request more than where the policy says so; the formula counts it here. A machine whose user does nothing while it is counted is
not kept in memory. Streams that were opened before counting have no connection, and pings are not checked.

At the beginning ${((simulated.signedIn / simulated.atWork) * 100).toFixed(1)} % of those at work had a session, ${(simulated.signedInShare * 100).toFixed(1)} % by the formula.

${simulated.windows.map((/** @type {any} */ window) => checkText(measured, window)).join('\n\n')}
`;
}
