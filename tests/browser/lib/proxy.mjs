/** What stands between the browser and a real authority, and can fail in every way that a network does. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';

/**
 * - refused: nobody listens any more
 * - half-open: a connection is taken and nothing ever comes back
 * - slow-body: the head of an answer comes, and then a space every half second
 * - later: 503 with `Retry-After: 4`
 * @typedef {'refused' | 'half-open' | 'slow-body' | 'later'} Trouble
 */

/** What the agent asks of an authority; everything else always passes. */
const API = /^\/v1\/(keepalive|session|events)$/;

/** @param {string} target the authority's base */
export async function startProxy(target) {
  /** @type {Trouble | undefined} */
  let trouble;
  const timers = /** @type {Set<ReturnType<typeof setInterval>>} */ (new Set());
  const server = createServer((incoming, answer) => {
    if (!trouble || !API.test(incoming.url ?? '')) {
      const { method, headers, url } = incoming;
      const passed = request(new URL(url ?? '/', target), { method, headers }, (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        answer.flushHeaders();
        from.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      answer.on('close', () => passed.destroy());
      incoming.pipe(passed);
    } else if (trouble === 'later') {
      answer.writeHead(503, { 'Retry-After': '4' }).end();
    } else if (trouble === 'slow-body') {
      answer.writeHead(200, { 'Content-Type': 'application/json' });
      const timer = setInterval(() => answer.write(' '), 500);
      timers.add(timer);
      answer.on('close', () => clearInterval(timer));
    }
  });
  /** @param {number} port */
  const listen = async (port) => {
    server.listen(port, 'localhost');
    await once(server, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  };
  const shut = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const port = await listen(0);

  return {
    base: `http://localhost:${port}`,
    /** From now on every request fails like that, also those that are under way. @param {Trouble} how */
    async fail(how) {
      trouble = how;
      if (how === 'refused') await shut();
      else server.closeAllConnections();
    },
    async recover() {
      const refused = trouble === 'refused';
      trouble = undefined;
      if (refused) await listen(port);
      else server.closeAllConnections();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      if (server.listening) await shut();
    },
  };
}

/**
 * Counts what tabs send to the authority, answered or not.
 * @param {import('puppeteer-core').Page[]} tabs
 */
export function watchRequests(tabs) {
  const open = new Set();
  const seen = { at: /** @type {number[]} */ ([]), mostAtOnce: 0 };
  /** @param {import('puppeteer-core').HTTPRequest} sent */
  const over = (sent) => open.delete(sent);
  for (const tab of tabs) {
    tab.on('request', (sent) => {
      if (/\/v1\/(keepalive|session)$/.test(sent.url())) {
        open.add(sent);
        seen.at.push(performance.now());
        seen.mostAtOnce = Math.max(seen.mostAtOnce, open.size);
      }
    });
    tab.on('requestfinished', over);
    tab.on('requestfailed', over);
  }
  return seen;
}
