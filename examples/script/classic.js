// No module and no build: stillhere.script.js has made the global `stillhere`.
import('../common/plain.js').then(({ show }) =>
  show(async (token) => {
    const agent = await stillhere.createAgent({ token, authority: location.origin });
    stillhere.attachWarning(agent, { signIn: './' });
    return agent;
  }),
);
