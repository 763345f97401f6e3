/** The page of the examples without a framework. */
import { forget, sentence, signedIn, signIn } from './sign-in.js';

/**
 * Shows the sign-in, and the notes once somebody is signed in.
 * @param {(token: string) => Promise<import('stillhere').Agent>} start makes the agent and its warning
 */
export async function show(start) {
  const session = signedIn();
  if (!session) {
    document.querySelector('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      await signIn(document.querySelector('#name').value);
      location.reload();
    });
    // Not before somebody listens to it.
    document.querySelector('#sign-in').hidden = false;
    return;
  }
  document.querySelector('#desk').hidden = false;
  document.querySelector('#desk h1').textContent = `Notes of ${session.user}`;
  const agent = await start(session.token);
  const status = document.querySelector('.status');
  const look = () => {
    status.textContent = sentence(agent);
  };
  agent.addEventListener('phase', look);
  agent.addEventListener('ended', forget);
  setInterval(look, 1000);
  document.querySelector('#desk button').addEventListener('click', () => agent.end());
}
