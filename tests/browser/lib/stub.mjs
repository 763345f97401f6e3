/** A server that answers the agent with whatever a test wants: what a broken authority says. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @typedef {{ status?: number, body?: string, headers?: Record<string, string>, hang?: boolean }} Reply */

export async function startStub() {
  /** @type {Reply} */
  let reply = {};
  /** @type {string[]} */
  const asked = [];
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE');
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    asked.push(`${request.method} ${request.url}`);
    if (reply.hang) return;
    response.writeHead(reply.status ?? 200, {
      'Content-Type': 'application/json',
      ...reply.headers,
    });
    response.end(reply.body ?? '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    base: `http://localhost:${port}`,
    asked,
    /** @param {Reply} next */
    answer(next) {
      reply = next;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
