/** The agent as its quick start sets it up, before a real authority. */
import { createAgent } from 'stillhere';

export async function start({ token, authority, onState, onEnd }) {
  const agent = await createAgent({ token, authority });
  agent.addEventListener('phase', ({ detail }) => onState(detail.phase));
  agent.addEventListener('ended', ({ detail }) => onEnd(detail.because));
  return {
    stop: () => agent.close(),
    counted: () => agent.status.counts.keystrokes,
    agent,
  };
}
