/** okta-auth-js renewing an access token by its refresh token in the one tab that it elects. */
import { OktaAuth } from '@okta/okta-auth-js';

/** It renews this long before a token expires, in seconds. */
const EARLY = 30;

export async function start({ issuer, keepAliveMs, token, onLead }) {
  const scopes = ['offline_access'];
  const urls = { authorizeUrl: `${issuer}/authorize`, tokenUrl: `${issuer}/token` };
  const okta = new OktaAuth({
    issuer,
    clientId: 'bench',
    redirectUri: location.href,
    scopes,
    ...urls,
    userinfoUrl: `${issuer}/userinfo`,
    tokenManager: { storage: 'localStorage', expireEarlySeconds: EARLY },
  });
  if (okta.tokenManager.getTokensSync().accessToken === undefined) {
    const now = Math.floor(Date.now() / 1000);
    okta.tokenManager.setTokens({
      accessToken: {
        accessToken: token,
        expiresAt: now + EARLY + Math.round(keepAliveMs / 1000),
        tokenType: 'Bearer',
        scopes,
        claims: {},
        userinfoUrl: `${issuer}/userinfo`,
        authorizeUrl: urls.authorizeUrl,
      },
      refreshToken: { refreshToken: token, expiresAt: now + 86_400, scopes, issuer, ...urls },
    });
  }
  okta.tokenManager.on('renewed', () => onLead());
  await okta.start();
  return { stop: () => okta.stop() };
}
