/**
 * The same requests over HTTP/2: what is left of heads once both sides have seen them (HPACK, RFC
 * 7541). Both ends are Node's; the header fields are those that Chromium and the authority sent.
 */
import { once } from 'node:events';
import { connect as connectHttp2, createServer } from 'node:http2';
import { connect } from 'node:net';

const FIRST = 10;
const MORE = 50;
/** Fields of HTTP/1.1 alone (RFC 9113, 8.2.2), and what HTTP/2 has another field for. */
const DROPPED = new Set([
  'connection',
  'transfer-encoding',
  'keep-alive',
  'host',
  'content-length',
]);

/** @param {string} text */
function read(text) {
  const at = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, at).split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const kept = fields.filter(([name]) => !DROPPED.has(`${name}`));
  return { start, fields: Object.fromEntries(kept), body: text.slice(at + 4) };
}

/**
 * @param {{ request: string, answer: string }} exchange as it was over HTTP/1.1
 * @returns {Promise<{ sent: number, received: number }>} bytes of one that is not the first
 */
export async function overHttp2({ request, answer }) {
  const [asked, told] = [read(request), read(answer)];
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(Number(told.start.split(' ')[1]), told.fields).end(told.body, 'latin1');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const socket = connect(port, '127.0.0.1');
  const client = connectHttp2(`http://localhost:${port}`, { createConnection: () => socket });
  const [method, path] = asked.start.split(' ');
  const one = async () => {
    const fields = { ':method': method, ':path': path, ...asked.fields };
    const stream = client.request(fields, { endStream: asked.body === '' });
    if (asked.body) stream.end(asked.body, 'latin1');
    await stream.resume().toArray();
  };
  for (let at = 0; at < FIRST; at += 1) await one();
  const before = [socket.bytesWritten, socket.bytesRead];
  for (let at = 0; at < MORE; at += 1) await one();
  const [sent, received] = [socket.bytesWritten, socket.bytesRead].map((now, at) =>
    Math.round((now - Number(before[at])) / MORE),
  );
  client.close();
  server.close();
  return { sent: Number(sent), received: Number(received) };
}
