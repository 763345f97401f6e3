import { createAgent } from 'stillhere';
import { attachWarning } from 'stillhere/warning';
import { show } from '../../common/plain.js';

show(async (token) => {
  const agent = await createAgent({ token, authority: location.origin });
  attachWarning(agent, { signIn: './' });
  return agent;
});
