import type { Answer, KeepAlive } from 'stillhere';
import type { OidcRefresh, OidcRefreshOptions, TokenResponse } from 'stillhere/presets';
import { address, COMMON, callable, checked, named, policyOf, sender } from './options.ts';
import { call, lives, reason, refusal } from './sliding.ts';
import { locked, spentTokens } from './spent.ts';

export const OIDC = ['clientId', 'refreshToken', 'onTokens', 'reuse', ...COMMON];
const KNOWN = ['tokenEndpoint', 'introspectionEndpoint', 'revocationEndpoint', ...OIDC];

/** Where a provider is asked what. */
export interface Endpoints {
  token: string;
  introspection?: string | undefined;
  /** Ends the session; the name is that under which it takes the refresh token. */
  end?: { url: string; name: string } | '' | undefined;
}

const UNREACHABLE: Answer = { state: 'unreachable' };
const MISSING: Answer = { state: 'gone', because: 'token-missing' };

/** The error of a JSON body (RFC 6749, 5.2), from a copy: the body is read once more. */
async function errorOf(response: Response): Promise<string | undefined> {
  try {
    return ((await response.clone().json()) as { error?: string }).error;
  } catch {
    // A proxy's page says nothing of the token.
    return undefined;
  }
}

/** A token endpoint asks for its nonce with 400, an API with 401 (RFC 9449, 8 and 9). */
const nonce = async (response: Response) =>
  !response.ok && (await errorOf(response)) === 'use_dpop_nonce';

export function oidc(
  options: Omit<OidcRefreshOptions, 'tokenEndpoint'>,
  endpoints: Endpoints,
): OidcRefresh {
  const { clientId, refreshToken, onTokens, reuse = false } = options;
  named('clientId', clientId);
  callable('refreshToken', refreshToken);
  callable('onTokens', onTokens);
  const send = sender(options.fetch);
  const policy = policyOf(options, Infinity);
  const why = reason();
  const name = `stillhere:refresh:${endpoints.token}:${clientId}`;
  const spent = spentTokens(name);

  const post = (url: string, fields: Record<string, string>, init: RequestInit = {}) =>
    call(
      send,
      (init) => {
        const body = new URLSearchParams({ client_id: clientId, ...fields });
        return new Request(url, { ...init, method: 'POST', credentials: 'omit', body });
      },
      init,
      nonce,
    );
  const alive = (status?: number) => {
    why.alive(policy.idleTimeoutMs);
    return lives(policy, undefined, status);
  };

  /** Whether the provider still takes a refresh token: uses nothing up (RFC 7662). */
  async function introspect(url: string, token: string, init?: RequestInit): Promise<Answer> {
    const response = await post(url, { token }, init);
    const { status } = response;
    if (!response.ok) {
      return refusal(response);
    }
    if (((await response.json()) as { active?: boolean }).active) {
      return alive(status);
    }
    // Another page may have got a newer one meanwhile.
    return (await refreshToken()) === token ? why.gone(status) : alive(status);
  }

  /**
   * Uses a refresh token, once. Whoever calls it has the lock, and no signal aborts it: an answer that
   * nobody reads is a token that nobody has.
   */
  async function use(token: string): Promise<Answer> {
    if (await spent.replaced(token)) {
      return alive();
    }
    if (!reuse && (await spent.has(token))) {
      const { introspection } = endpoints;
      const answer = introspection ? await introspect(introspection, token) : UNREACHABLE;
      if (answer.state !== 'alive' || (await refreshToken()) !== token) {
        return answer;
      }
    }
    if (navigator.onLine === false) {
      return UNREACHABLE;
    }
    await spent.mark(token);
    const fields = { grant_type: 'refresh_token', refresh_token: token };
    const bound = { signal: AbortSignal.timeout(5000) };
    const response = await post(endpoints.token, fields, bound).catch(() => undefined);
    if (!response) {
      return UNREACHABLE;
    }
    const { status, ok } = response;
    if (ok) {
      await onTokens((await response.json()) as TokenResponse);
      await spent.replace(token);
    }
    if (status < 500 || status === 503) {
      // It was replaced, or not taken.
      await spent.mark();
    }
    if (ok) {
      return alive(status);
    }
    const error = await errorOf(response);
    if (status >= 500 || (error !== 'invalid_grant' && error !== 'invalid_token')) {
      return refusal(response);
    }
    // The app may have got a newer one by itself, and that extended the session as well.
    return (await refreshToken()) === token ? why.gone(status) : alive(status);
  }

  async function refresh(signal?: AbortSignal): Promise<Answer> {
    const before = await refreshToken();
    return locked(name, async () => {
      const token = await refreshToken();
      if (!token) {
        return MISSING;
      }
      // Another page refreshed while this one waited, or nobody waits for it any more.
      if (token !== before) {
        return alive();
      }
      return signal?.aborted ? UNREACHABLE : use(token);
    });
  }

  return {
    refresh: () => refresh(),
    // A page that goes would not read the new token.
    send: async ({ flush }, signal) => (flush ? UNREACHABLE : refresh(signal)),
    async ask(signal) {
      const token = await refreshToken();
      if (!token) {
        return MISSING;
      }
      const { introspection } = endpoints;
      return introspection ? introspect(introspection, token, { signal }) : lives(policy);
    },
    async end(_because, signal) {
      const token = await refreshToken();
      if (token && endpoints.end) {
        const { url, name } = endpoints.end;
        await post(url, { [name]: token }, { keepalive: true, signal });
      }
      return UNREACHABLE;
    },
  };
}

export function oidcRefresh(options: OidcRefreshOptions): OidcRefresh & KeepAlive {
  const { tokenEndpoint, introspectionEndpoint, revocationEndpoint } = checked(options, KNOWN);
  return oidc(options, {
    token: address('tokenEndpoint', tokenEndpoint),
    introspection: introspectionEndpoint && address('introspectionEndpoint', introspectionEndpoint),
    end: revocationEndpoint && {
      url: address('revocationEndpoint', revocationEndpoint),
      name: 'token',
    },
  });
}
