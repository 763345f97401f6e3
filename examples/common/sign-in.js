/**
 * Who is signed in to the example, for this tab. The agent stores no token; that is the app's business.
 * An app of yours has a sign-in already, and gives its access token to the agent.
 */
const KEY = 'stillhere-example';

/** @returns {{ token: string, user: string } | null} */
export const signedIn = () => JSON.parse(sessionStorage.getItem(KEY) ?? 'null');

/** Asks the authority's demo for a token. @param {string} name */
export async function signIn(name) {
  const response = await fetch('/demo/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) throw new Error(`The authority refused: ${response.status}`);
  const { token, user } = await response.json();
  sessionStorage.setItem(KEY, JSON.stringify({ token, user }));
  return { token, user };
}

/** The token is of no more use. */
export const forget = () => sessionStorage.removeItem(KEY);

/** What the page says of the session. @param {import('stillhere').Agent} agent */
export function sentence(agent) {
  const { phase, remainingMs, counts } = agent.status;
  const left = remainingMs === null ? 'no deadline' : `${Math.ceil(remainingMs / 1000)} s left`;
  return `${phase}, ${left}, ${counts.keystrokes} keys and ${counts.clicks} clicks counted`;
}
