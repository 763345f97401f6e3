/** What the tests of presets share: a server by hand, and options that are right. */

export const { signal } = new AbortController();
/** @type {any} */
export const report = { ageMs: 0, counts: {}, contexts: 1, holds: [], flush: false };
export const MINUTE = 60_000;

/**
 * A server by hand: each request gets the next answer, the last one again and again.
 * @param {...(Response | (() => Response))} answers
 */
export function server(...answers) {
  /** @type {Request[]} */
  const asked = [];
  return {
    asked,
    what: () => asked.map(({ method, url }) => `${method} ${url}`),
    fetch: async (/** @type {Request} */ request) => {
      asked.push(request);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return typeof answer === 'function' ? answer() : /** @type {Response} */ (answer).clone();
    },
  };
}
export const ok = () => new Response('{}');

export const oidc = {
  tokenEndpoint: 'https://id.example/token',
  clientId: 'app',
  refreshToken: () => 'r1',
  onTokens: () => {},
  idleTimeoutMs: 20 * MINUTE,
};
