/** oidc-client-ts renewing an access token by its refresh token; each tab does so for itself. */
import { User, UserManager, WebStorageStateStore } from 'oidc-client-ts';

/** It renews this long before a token expires, in seconds. */
const EARLY = 60;

export async function start({ issuer, keepAliveMs, token }) {
  const manager = new UserManager({
    authority: issuer,
    client_id: 'bench',
    redirect_uri: location.href,
    scope: 'offline_access',
    automaticSilentRenew: true,
    accessTokenExpiringNotificationTimeInSeconds: EARLY,
    userStore: new WebStorageStateStore({ store: localStorage }),
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
    },
  });
  // Reading the user arms the renewal.
  if ((await manager.getUser()) === null) {
    await manager.storeUser(
      new User({
        access_token: token,
        refresh_token: token,
        token_type: 'Bearer',
        scope: 'offline_access',
        profile: { sub: 'bench', iss: issuer, aud: 'bench', exp: 0, iat: 0 },
        expires_at: Math.floor(Date.now() / 1000) + EARLY + Math.round(keepAliveMs / 1000),
      }),
    );
    await manager.getUser();
  }
  return { stop: () => manager.stopSilentRenew() };
}
