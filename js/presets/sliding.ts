/** What the presets share whose server slides a session with a request of its own. */
import type { Answer, KeepAlive, Policy } from 'stillhere';
import type { Fetch } from 'stillhere/presets';
import { later, withNonce } from './agent.ts';

/** Requests are built anew for each try, so that each can be signed. */
export type Build = (init: RequestInit) => Request;

/** Until when the session lives, on any clock, and how long that is: NaN if it can't be said. */
export interface Life {
  readonly until: number;
  readonly leftMs: number;
}

export interface Sliding {
  send: Fetch;
  /** The rules, once they are known. */
  policy(): Policy | undefined;
  /** Asks for them until they are. */
  rules?: (signal: AbortSignal) => Promise<Policy | undefined>;
  touch: Build;
  /** A question that extends nothing, if there is one. */
  ask?: Build | undefined;
  end?: Build | undefined;
  isDead(response: Response): boolean | Promise<boolean>;
  /**
   * Reads the answer to a touch or to a question that began at that time, where what the server says is
   * about people: where nothing that runs by itself extends the session.
   */
  life?: ((response: Response, began?: number) => Life | Promise<Life | undefined>) | undefined;
  /** From which part of the window on a touch extends the session. */
  slidesFrom?: number;
}

/** Rounding of two clocks to whole milliseconds. */
const ROUNDING_MS = 20;

const now = () => performance.now();

/** A moment on both clocks: one stands still while the machine sleeps, the other can be set. */
const moment = (): [number, number] => [Date.now(), now()];
const since = ([wall, mono]: [number, number]) => Math.max(Date.now() - wall, now() - mono);

/** Sends, and once more where the server asks for its newest nonce. */
export const call = (
  send: Fetch,
  build: Build,
  init: RequestInit,
  asks?: (response: Response) => Promise<boolean>,
): Promise<Response> => withNonce(() => send(build({ cache: 'no-store', ...init })), asks);

/** What a response says that is neither "alive" nor "gone". The machine reports a bad answer. */
export const refusal = (response: Response): Answer =>
  later(response) ?? ({ state: 'invalid', status: response.status } as never);

/** Why a server that does not say it ended a session: nobody was heard of for as long as it waits. */
export function reason() {
  let then: [number, number];
  let left: number | undefined;
  return {
    alive(leftMs?: number) {
      then = moment();
      left = leftMs;
    },
    gone: (status?: number) =>
      ({
        state: 'gone',
        because: left && since(then) >= left - ROUNDING_MS ? 'idle' : 'revoked',
        status,
      }) as Answer,
  };
}

export function sliding(server: Sliding): KeepAlive {
  const { send, slidesFrom = 0, life } = server;
  const why = reason();
  /** This page's own newest touch, as far as it is remembered. */
  let touched: [number, number] | undefined;
  let own: (Life & { readonly at: number; readonly ageMs: number }) | undefined;

  async function asked(
    policy: Policy | undefined,
    build: Build,
    init: RequestInit,
    alive: (response: Response) => Promise<number | undefined>,
  ): Promise<Answer> {
    const response = await call(send, build, init);
    const { status, ok } = response;
    if (await server.isDead(response)) {
      return why.gone(status);
    }
    if (!ok) {
      return refusal(response);
    }
    why.alive(policy?.idleTimeoutMs);
    return lives(policy, await alive(response), status);
  }

  /**
   * How long nobody was active. A touch tells of activity that was a while ago; what the server counts
   * from this page's own is no news.
   */
  function idle(policy: Policy, { until, leftMs }: Life): number | undefined {
    // Both are too little at the most: a `Date` has whole seconds, a clock may have stood still.
    const stated = leftMs >= 0 ? policy.idleTimeoutMs - leftMs : -Infinity;
    const reckoned = own ? now() - own.at - (until - own.until) : -Infinity;
    const since = Math.max(stated, reckoned);
    const mine = own && until <= own.until + ROUNDING_MS ? own.ageMs : 0;
    return since > -Infinity ? Math.max(0, since + mine) : undefined;
  }

  return {
    async send({ ageMs, holds, flush }, signal) {
      // A page that is being closed may run no promise any more (Firefox): what it can send at once it does.
      const policy = server.policy() ?? (await server.rules?.(signal));
      const slides = slidesFrom * (policy?.idleTimeoutMs ?? 0);
      const age = holds.some(({ ttlMs }) => ttlMs > 0) ? 0 : ageMs;
      // A touch that came too soon counts for what was done before the window's second part began, and
      // one in each half of the first part is enough to be there in time.
      const early = slides > 0 && age < slides;
      if (early && touched && !flush && since(touched) < slides / 2) {
        return lives(policy, since(touched) + slides);
      }
      const began = moment();
      return asked(policy, server.touch, { keepalive: flush, signal }, async (response) => {
        touched = began;
        const read = policy && (await life?.(response));
        own = read && { ...read, at: now(), ageMs };
        return early ? since(began) + slides : undefined;
      });
    },
    async ask(signal) {
      const { ask } = server;
      const policy = server.policy() ?? (await server.rules?.(signal));
      if (!ask) {
        return lives(policy);
      }
      const began = now();
      return asked(policy, ask, { signal }, async (response) => {
        const read = policy && (await life?.(response, began));
        const idleMs = read && idle(policy, read);
        why.alive(policy && idleMs && policy.idleTimeoutMs - idleMs);
        return idleMs;
      });
    },
    async end(_because, signal) {
      if (server.end) {
        await call(send, server.end, { keepalive: true, signal });
      }
      return { state: 'unreachable' };
    },
  };
}

/** It lives; of what is not known nothing is said. */
export const lives = (policy?: Policy, idleMs?: number, status?: number): Answer =>
  ({ state: 'alive', policy, idleMs, status }) as Answer;
