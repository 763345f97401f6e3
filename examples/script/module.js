import { createAgent } from '/dist/index.js';
import { attachWarning } from '/dist/warning.js';
import { show } from '../common/plain.js';

show(async (token) => {
  const agent = await createAgent({ token, authority: location.origin });
  attachWarning(agent, { signIn: './module.html' });
  return agent;
});
