import type { KeepAlive } from 'stillhere';
import type { Place, SlidingCookieOptions } from 'stillhere/presets';
import { bad } from './agent.ts';
import { address, COMMON, callable, checked, policyOf, sender } from './options.ts';
import { type Build, sliding } from './sliding.ts';

const KNOWN = ['touch', 'ask', 'end', 'slidesFrom', 'isDead', 'remainingMs', ...COMMON];

/** A login page instead of an answer is what many servers give to who is signed out. */
const signedOut = ({ status, type }: Response) => status === 401 || type === 'opaqueredirect';

export function slidingCookie(options: SlidingCookieOptions): KeepAlive {
  const { isDead = signedOut, remainingMs, slidesFrom = 0 } = checked(options, KNOWN);
  if (!(slidesFrom >= 0 && slidesFrom <= 0.5)) {
    throw bad('slidesFrom', 'from 0 to 0.5');
  }
  callable('isDead', isDead);
  if (remainingMs !== undefined) {
    callable('remainingMs', remainingMs);
  }
  const to = (name: 'touch' | 'ask' | 'end', otherwise: string): Build | undefined => {
    const place = options[name];
    if (place === undefined && name !== 'touch') {
      return undefined;
    }
    const asked: Partial<Exclude<Place, string>> =
      typeof place === 'object' ? place : { url: place };
    const url = address(name, asked.url);
    const { method = otherwise } = asked;
    if (!/^[A-Z]+$/.test(method)) {
      throw bad(`${name}.method`, 'a method, such as POST');
    }
    return (init) =>
      new Request(url, { ...init, method, credentials: 'include', redirect: 'manual' });
  };
  // Where a touch has to wait for its part of the window, it is looked at a few times until then.
  const interval = slidesFrom ? (slidesFrom * options.idleTimeoutMs) / 4 : undefined;
  const policy = policyOf(options, interval && Math.floor(interval));
  const window = policy.idleTimeoutMs;
  return sliding({
    send: sender(options.fetch),
    policy: () => policy,
    touch: to('touch', 'GET') as Build,
    ask: to('ask', 'GET'),
    end: to('end', 'POST'),
    isDead,
    slidesFrom,
    life:
      remainingMs &&
      (async (response, began) => {
        if (began === undefined) {
          return { until: performance.now() + window, leftMs: window };
        }
        const leftMs = await remainingMs(response);
        return leftMs === undefined ? undefined : { until: began + leftMs, leftMs };
      }),
  });
}
