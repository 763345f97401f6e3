import type { Answer, EndedBecause, KeepAlive, Policy, TokenSource } from 'stillhere';
import { readEvents } from './events.ts';
import { later, withNonce } from './http.ts';
import { readToken } from './name.ts';

const AGENT = 'stillhere-js/0.1.0';

/** The state and the problem, as the authority words them (docs/contract.md, 3). */
interface Wire {
  state?: string;
  because?: EndedBecause;
  idle_ms?: number;
  remaining_ms?: number | null;
  at_ms?: number;
  policy?: {
    version: number;
    idle_timeout_ms: number;
    warn_before_ms: number;
    keepalive_ms: number;
    logout_at?: string;
    mode: Policy['mode'];
    counts: Policy['counts'];
    max_hold_ms: number;
    on_lock?: Policy['onLock'];
  };
}

/** `Date.parse` throws where no string can be made of a value. */
function toMoment(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

function toPolicy(policy: Wire['policy']): Policy | undefined {
  return (
    policy && {
      version: policy.version,
      idleTimeoutMs: policy.idle_timeout_ms,
      warnBeforeMs: policy.warn_before_ms,
      keepAliveMs: policy.keepalive_ms,
      ...(policy.logout_at && { logoutAt: toMoment(policy.logout_at) }),
      mode: policy.mode,
      counts: policy.counts,
      maxHoldMs: policy.max_hold_ms,
      onLock: policy.on_lock,
    }
  );
}

/** Names only: whether the values make sense is for the machine to judge. */
function toAnswer(wire: Wire | null, status?: number): Answer {
  const state = wire?.state;
  if (state === 'ended') {
    return { state: 'gone', because: wire?.because ?? 'revoked', status };
  }
  const known = state === 'alive' || state === 'held';
  return {
    state: known ? 'alive' : 'invalid',
    idleMs: wire?.idle_ms,
    remainingMs: wire?.remaining_ms,
    held: state === 'held',
    policy: toPolicy(wire?.policy),
    status,
  } as Answer;
}

async function toJson(response: Response): Promise<Wire | null> {
  try {
    return await response.json();
  } catch (fault) {
    // A connection that broke off in the middle is a network that failed, unless what counts has
    // arrived with the head: a 401 ends.
    if (response.ok && (fault as Error).name !== 'SyntaxError') {
      throw fault;
    }
    // A body that is no JSON says nothing; the machine reports it as a bad answer.
    return null;
  }
}

/** The authority as a `KeepAlive`: what `authority: 'https://…'` stands for. */
export function authority(
  base: URL,
  token: () => TokenSource,
  // Looked up when it is used: a page may replace it.
  send = (url: string, init: RequestInit) => fetch(url, init),
): KeepAlive {
  const root = base.href.replace(/\/*$/, '/v1/');

  async function call(path: string, init: RequestInit): Promise<Response | undefined> {
    // A page that is being closed may run no promise any more (Firefox): what it has at hand it sends
    // in the same turn.
    let bearer = readToken(token());
    if (bearer !== null && typeof bearer === 'object') {
      bearer = await bearer;
    }
    if (bearer === null) {
      return undefined;
    }
    const request: RequestInit = {
      ...init,
      headers: {
        Authorization: `Bearer ${bearer}`,
        ...(init.body ? { 'Content-Type': 'application/json' } : {}),
      },
      // No word of a cache: the answers say themselves that none keeps them, and for a request that says
      // so Chromium asks again whether it may send it, each time (docs/decisions/preflights.md).
      credentials: 'omit',
    };
    return withNonce(() => send(root + path, request));
  }

  async function answer(path: string, init: RequestInit): Promise<Answer> {
    const response = await call(path, init);
    if (!response) {
      return { state: 'gone', because: 'token-missing' };
    }
    const { status } = response;
    if (status === 401) {
      const because = (await toJson(response))?.because ?? 'revoked';
      return { state: 'gone', because, status };
    }
    return later(response) ?? toAnswer(response.ok ? await toJson(response) : null, status);
  }

  return {
    send: ({ ageMs, counts, contexts, holds, flush }, signal) =>
      answer('keepalive', {
        method: 'POST',
        body: JSON.stringify({
          age_ms: ageMs,
          counts,
          contexts,
          holds: holds.map(({ id, reason, ttlMs }) => ({ id, reason, ttl_ms: ttlMs })),
          agent: AGENT,
        }),
        keepalive: flush,
        signal,
      }),
    ask: (signal) => answer('session', { signal }),
    end: (because, signal) =>
      answer('session', {
        method: 'DELETE',
        body: JSON.stringify({ because }),
        keepalive: true,
        signal,
      }),
    listen: async (onState, signal) => {
      const response = await call('events', { headers: { Accept: 'text/event-stream' }, signal });
      if (response?.status === 401) {
        onState({ state: 'gone', because: (await toJson(response))?.because ?? 'revoked' });
      } else if (response?.ok && response.body) {
        await readEvents(response.body, (event, data) => {
          const wire = JSON.parse(data) as Wire;
          // `policy` carries the rules alone.
          const state = event === 'policy' ? { state: 'alive', policy: wire as never } : wire;
          onState({ ...toAnswer(state), atMs: wire.at_ms });
        });
      }
    },
  };
}
