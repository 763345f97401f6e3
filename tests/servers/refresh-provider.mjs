/** panva's oidc-provider with refresh tokens that rotate: one that is used twice revokes its family. */
import { randomBytes } from 'node:crypto';
// @ts-expect-error the package brings no types
import { Provider } from 'oidc-provider';
import { startFront } from './front.mjs';

const SCOPE = 'openid offline_access';

/**
 * @param {object} options
 * @param {string} options.name
 * @param {number} options.ttl of a refresh token, in seconds
 * @param {boolean} [options.dpop] only requests that are signed with the newest nonce
 */
export async function startProvider({ name, ttl, dpop = false }) {
  /** What happens to the next answers of the token endpoint. @type {('lost request' | 'lost answer')[]} */
  const troubles = [];
  /** Each refresh token that arrived. @type {string[]} */
  const used = [];
  /** @type {any} */
  let provider;
  const front = await startFront(name, (base) => {
    provider = newProvider(base, ttl, dpop);
    const serve = provider.callback();
    return (request, response) => {
      if (request.url !== '/token') return serve(request, response);
      const trouble = troubles.shift();
      if (trouble === 'lost request') return request.destroy();
      if (trouble === 'lost answer') {
        // It does its work, and nobody hears of it.
        response.end = /** @type {any} */ (() => request.destroy());
      }
      return serve(request, response);
    };
  });
  provider.on('grant.success', (/** @type {any} */ ctx) =>
    used.push(ctx.oidc.params.refresh_token),
  );
  return {
    ...front,
    troubles,
    used,
    /** How many families were revoked. */
    revoked: counted(provider, 'grant.revoked'),
    /** The first refresh token of a sign-in. */
    async signIn() {
      const grant = new provider.Grant({ accountId: 'ann', clientId: 'app' });
      grant.addOIDCScope(SCOPE);
      const token = new provider.RefreshToken({
        accountId: 'ann',
        client: await provider.Client.find('app'),
        grantId: await grant.save(),
        gty: 'authorization_code',
        scope: SCOPE,
      });
      return /** @type {Promise<string>} */ (token.save());
    },
    /** Whether it takes that refresh token now, asked by nobody's page. @param {string} token */
    async takes(token) {
      const body = new URLSearchParams({ client_id: 'app', token });
      const answer = await fetch(`${front.direct}/token/introspection`, { method: 'POST', body });
      return /** @type {{ active: boolean }} */ (await answer.json()).active;
    },
  };
}

/** @param {any} provider @param {string} event */
function counted(provider, event) {
  let count = 0;
  provider.on(event, () => {
    count += 1;
  });
  return () => count;
}

/** @param {string} issuer @param {number} ttl @param {boolean} dpop */
function newProvider(issuer, ttl, dpop) {
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'app',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [`${issuer}/back`],
        ...(dpop && { dpop_bound_access_tokens: true }),
      },
    ],
    clientBasedCORS: () => true,
    /** @param {unknown} _ @param {string} accountId */
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    ttl: { RefreshToken: ttl, AccessToken: ttl, Grant: 3600, IdToken: 60 },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: dpop, nonceSecret: randomBytes(32), requireNonce: () => dpop },
    },
  });
}
