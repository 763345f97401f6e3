import type { Answer, KeepAlive, Policy } from 'stillhere';
import type { GenesysCloudOptions } from 'stillhere/presets';
import { bad, checkToken, readToken } from './agent.ts';
import { dated } from './dates.ts';
import { base, checked, policyOf, sender } from './options.ts';
import { type Build, call, sliding } from './sliding.ts';

const KNOWN = ['api', 'region', 'token', 'idleTimeoutMs', 'maxHoldMs', 'trustIdle', 'fetch'];

/** `GET /api/v2/tokens/timeout`, as far as it is read. */
interface Timeout {
  idleTokenTimeoutSeconds: number;
  enableIdleTokenTimeout: boolean;
}

function apiOf({ api, region }: GenesysCloudOptions): string {
  if (!api === !region) {
    throw bad('api', 'an http(s) URL, or give a region');
  }
  return region ? base('region', `https://api.${region}`) : base('api', api);
}

export function genesysCloud(options: GenesysCloudOptions): KeepAlive {
  const { token, trustIdle, idleTimeoutMs, maxHoldMs } = checked(options, KNOWN);
  const root = `${apiOf(options)}/api/v2/tokens/`;
  const source = checkToken(token);
  const send = sender(options.fetch);
  // Whatever is wrong with the other time is said now, not with the first answer.
  const stated = policyOf({ maxHoldMs, idleTimeoutMs: idleTimeoutMs ?? 28_800_000 });
  let policy = idleTimeoutMs === undefined ? undefined : stated;
  let bearer: string | null;

  const to =
    (path: string, method = 'GET'): Build =>
    (init) =>
      new Request(root + path, {
        ...init,
        method,
        credentials: 'omit',
        headers: { Authorization: `Bearer ${bearer}` },
      });

  /** The organization's timeout. */
  async function rules(signal: AbortSignal): Promise<Policy | undefined> {
    const response = await call(send, to('timeout'), { signal });
    if (response.ok) {
      const { idleTokenTimeoutSeconds, enableIdleTokenTimeout } =
        (await response.json()) as Timeout;
      const idle = idleTokenTimeoutSeconds * 1000;
      policy = {
        ...(enableIdleTokenTimeout
          ? policyOf({ maxHoldMs, idleTimeoutMs: idle, dev: true })
          : { ...stated, mode: 'observe' }),
        // A page that reads it later knows better.
        version: Math.floor(Date.now() / 1000),
      };
    }
    return policy;
  }

  const server = sliding({
    send,
    policy: () => policy,
    rules,
    touch: to('me'),
    ask: to('me?preserveIdleTTL=true'),
    end: to('me', 'DELETE'),
    isDead: ({ status }) => status === 401,
    life: trustIdle ? dated('dateTokenIdles') : undefined,
  });
  /** Without a token there is nobody to ask for. */
  async function withToken(call: () => Promise<Answer>): Promise<Answer> {
    const given = readToken(source);
    bearer = given instanceof Promise ? await given : given;
    return bearer === null ? { state: 'gone', because: 'token-missing' } : call();
  }
  return {
    send: (report, signal) => withToken(() => server.send(report, signal)),
    ask: (signal) => withToken(() => server.ask(signal)),
    end: (because, signal) => withToken(() => server.end?.(because, signal) as Promise<Answer>),
  };
}
