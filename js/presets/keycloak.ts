import type { KeycloakOptions, OidcRefresh } from 'stillhere/presets';
import { OIDC, oidc } from './oidc-refresh.ts';
import { base, checked, named } from './options.ts';

export function keycloak(options: KeycloakOptions): OidcRefresh {
  const { url, realm } = checked(options, ['url', 'realm', ...OIDC]);
  const name = encodeURIComponent(named('realm', realm));
  const root = `${base('url', url)}/realms/${name}/protocol/openid-connect`;
  // Unless the realm revokes them, its refresh tokens may be used more than once.
  return oidc(
    { reuse: true, ...options },
    {
      token: `${root}/token`,
      end: { url: `${root}/logout`, name: 'refresh_token' },
    },
  );
}
