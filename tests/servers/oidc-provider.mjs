/**
 * A real OpenID provider on a free port of loopback, for tests of what the authority makes of its
 * tokens. It prints `{"issuer":"..."}` as a line of its own once it listens, and ends with its
 * standard input, so it never outlives the test that started it.
 *
 * Users sign in with a provider in pages; a test has none, and mints their tokens at
 * `POST /control/mint`. `POST /control/rotate` replaces all keys, `POST /control/forge` signs
 * anything.
 */
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
// @ts-expect-error the package brings no types
import { Provider } from 'oidc-provider';

/** Name and password hold what must be encoded in HTTP Basic (RFC 6749, section 2.3.1). */
const clients = [
  { client_id: 'authority:1', client_secret: 's+e cret%:-of-the-authority' },
  { client_id: 'app', client_secret: 'secret-of-the-app' },
].map((client) => ({
  ...client,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}));

function newKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pairs = {
    RS256: rsa,
    RS384: rsa,
    RS512: rsa,
    PS256: rsa,
    PS384: rsa,
    PS512: rsa,
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  return Object.entries(pairs).map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: 'jwk' }),
    alg,
    use: 'sig',
    kid: randomUUID(),
    privateKey,
  }));
}

/** @param {string} audience @param {string} [alg] */
function jwtFor(audience, alg = 'RS256') {
  return { audience, scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
}

/** The claims of each minted token. @type {WeakMap<object, object>} */
const minted = new WeakMap();

/** @param {string} issuer @param {ReturnType<typeof newKeys>} keys */
function newProvider(issuer, keys) {
  const allowedPolicy = () => true;
  return new Provider(issuer, {
    clients,
    /** @param {unknown} _ @param {object} token */
    extraTokenClaims: (_, token) => minted.get(token),
    jwks: { keys: keys.map(({ privateKey, ...jwk }) => jwk) },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy },
      revocation: { enabled: true, allowedPolicy },
      resourceIndicators: {
        enabled: true,
        /** @param {unknown} _ @param {string} resource */
        getResourceServerInfo: (_, resource) => jwtFor(resource),
      },
    },
  });
}

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const issuer = `http://127.0.0.1:${port}`;
let keys = newKeys();
let provider = newProvider(issuer, keys);

/**
 * A token of a user: a JWT where there is an audience, opaque otherwise.
 * @param {{ user: string, audience?: string, alg?: string, ttl?: number, sid?: string, claims?: object }} wish
 */
async function mint({ user, audience, alg, ttl = 600, sid, claims }) {
  const token = new provider.AccessToken({
    accountId: user,
    client: await provider.Client.find('app'),
    expiresIn: ttl,
    // Introspection shows the token's own sid, a JWT the claims that were added.
    sid,
    ...(audience && {
      resourceServer: new provider.ResourceServer(audience, jwtFor(audience, alg)),
    }),
  });
  minted.set(token, { ...claims, ...(sid && { sid }) });
  return { token: await token.save() };
}

/** @param {object | Buffer} part */
const encoded = (part) =>
  (Buffer.isBuffer(part) ? part : Buffer.from(JSON.stringify(part))).toString('base64url');

/**
 * A token with any header and claims, signed with the provider's RSA key; or with HS256, whose
 * secret is what everybody can fetch: the public key.
 * @param {{ header: object, claims: object, secret?: 'pem' | 'modulus' }} wish
 */
function forge({ header, claims, secret }) {
  const { privateKey, kid, n } = /** @type {ReturnType<typeof newKeys>[number]} */ (keys[0]);
  const message = `${encoded({ kid, ...header })}.${encoded(claims)}`;
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  const hmac = (/** @type {string | Buffer} */ key) =>
    createHmac('sha256', key).update(message).digest();
  const signature =
    secret === 'pem'
      ? hmac(pem)
      : secret === 'modulus'
        ? hmac(Buffer.from(/** @type {string} */ (n), 'base64url'))
        : sign('sha256', Buffer.from(message), privateKey);
  return { token: `${message}.${encoded(signature)}` };
}

function rotate() {
  keys = newKeys();
  provider = newProvider(issuer, keys);
  return {};
}

/** @type {Record<string, (wish: any) => object>} */
const controls = {
  '/control/mint': mint,
  '/control/forge': forge,
  '/control/rotate': rotate,
};

server.on('request', async (request, response) => {
  const control = controls[request.url ?? ''];
  if (!control) return provider.callback()(request, response);
  const answer = await control(await json(request));
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
});

console.log(JSON.stringify({ issuer }));
process.stdin.resume().on('end', () => process.exit());
