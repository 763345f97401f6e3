import type { KeepAlive } from 'stillhere';
import type { AuthorityOptions } from 'stillhere/presets';
import { checkToken, authority as client } from './agent.ts';
import { address, checked, sender } from './options.ts';

export function authority(options: AuthorityOptions): KeepAlive {
  const { url, token, fetch } = checked(options, ['url', 'token', 'fetch']);
  const source = checkToken(token);
  const send = sender(fetch);
  return client(
    new URL(address('url', url)),
    () => source,
    (url, init) => send(new Request(url, init)),
  );
}
