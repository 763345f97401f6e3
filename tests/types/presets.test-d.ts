// The types of stillhere/presets, tested by the compiler as those of the agent are.

import type { Answer, KeepAlive } from 'stillhere';
import type * as Declared from 'stillhere/presets';
import {
  authority,
  type Fetch,
  genesysCloud,
  keycloak,
  oidcRefresh,
  okta,
  slidingCookie,
} from 'stillhere/presets';
import type * as Built from '../../js/presets.ts';

/** What is built is what is declared. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
export const values: Same<keyof typeof Built, keyof typeof Declared> = true;
export const functions: Same<typeof Built, typeof Declared> = true;

const fetch: Fetch = async (request) => new Response(request.url);
const idleTimeoutMs = 900_000;
const app = {
  clientId: 'app',
  refreshToken: async () => null,
  onTokens: async ({ refresh_token }: Declared.TokenResponse) => {
    localStorage.setItem('refresh', refresh_token ?? '');
  },
};

export const each: KeepAlive[] = [
  authority({ url: 'https://idle.example', token: async () => 'token', fetch }),
  genesysCloud({ region: 'mypurecloud.ie', token: 'token' }),
  genesysCloud({ api: '/', token: () => null, idleTimeoutMs, trustIdle: true }),
  keycloak({ url: 'https://id.example', realm: 'clinic', idleTimeoutMs, ...app }),
  okta({ url: 'https://example.okta.com', idleTimeoutMs, warnBeforeMs: 60_000 }),
  slidingCookie({ touch: '/session', idleTimeoutMs }),
  slidingCookie({
    touch: { url: '/session', method: 'POST' },
    ask: '/session/left',
    end: { url: '/session', method: 'DELETE' },
    idleTimeoutMs,
    slidesFrom: 0.5,
    isDead: ({ status }) => status === 440,
    remainingMs: async (response) => (await response.json()).left,
    fetch,
  }),
];

export const refreshing: Promise<Answer> = oidcRefresh({
  tokenEndpoint: 'https://id.example/token',
  introspectionEndpoint: 'https://id.example/introspect',
  idleTimeoutMs,
  reuse: true,
  ...app,
}).refresh();

// @ts-expect-error without a timeout there is nothing to enforce
slidingCookie({ touch: '/session' });
// @ts-expect-error there is no such option
okta({ url: 'https://example.okta.com', idleTimeoutMs, clientId: 'app' });
// @ts-expect-error the tokens must go somewhere
oidcRefresh({ tokenEndpoint: '/token', clientId: 'app', refreshToken: () => null, idleTimeoutMs });
// @ts-expect-error the realm is in the address
keycloak({ url: 'https://id.example', idleTimeoutMs, ...app });
// @ts-expect-error a name of an HTTP method is written in a place
slidingCookie({ touch: ['GET', '/session'], idleTimeoutMs });
