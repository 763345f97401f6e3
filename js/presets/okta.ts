import type { KeepAlive } from 'stillhere';
import type { OktaOptions } from 'stillhere/presets';
import { dated } from './dates.ts';
import { base, COMMON, checked, policyOf, sender } from './options.ts';
import { type Build, sliding } from './sliding.ts';

export function okta(options: OktaOptions): KeepAlive {
  const { url, fetch } = checked(options, ['url', ...COMMON]);
  const session = `${base('url', url)}/api/v1/sessions/me`;
  const policy = policyOf(options);
  const to =
    (method: string, path = ''): Build =>
    (init) =>
      new Request(session + path, { ...init, method, credentials: 'include' });
  return sliding({
    send: sender(fetch),
    policy: () => policy,
    touch: to('POST', '/lifecycle/refresh'),
    ask: to('GET'),
    end: to('DELETE'),
    isDead: ({ status }) => status === 404,
    life: dated('expiresAt'),
  });
}
