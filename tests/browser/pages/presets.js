// @ts-nocheck: a page of its own, served beside the package that it tests.
// An app before a server that its team has: its sign-in, its poll, its tokens.

import './page.js';
import * as presets from '/dist/presets.js';
import * as DPoP from '/dpop/index.js';

window.presets = presets;

/** Starts an agent with a preset by name. Its `token` is a name of the session, the same in each tab. */
window.startWith = (name, options, agentOptions = {}) => {
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: nothing is bundled here
  window.preset = presets[name](options);
  return window.start({ token: 'the session of ann', authority: window.preset, ...agentOptions });
};

/** What an app should not do, and does. */
window.poll = (url, init) => {
  window.polls = [];
  return setInterval(async () => window.polls.push((await fetch(url, init)).status), 1000);
};

// The app keeps its refresh token where all tabs read it, and hands the access token to each.
const told = new BroadcastChannel('tokens of the app');
const take = ({ data }) => {
  window.accessToken = data;
};
told.onmessage = take;
window.tokens = {
  refreshToken: () => localStorage.getItem('refresh'),
  onTokens(tokens) {
    localStorage.setItem('refresh', tokens.refresh_token ?? localStorage.getItem('refresh'));
    take({ data: tokens.access_token });
    told.postMessage(tokens.access_token);
  },
};

/** Signs each request with a key of this page (RFC 9449), and with the newest nonce that it was given. */
window.signing = async () => {
  const pair = await DPoP.generateKeyPair('ES256');
  let nonce;
  window.signed = [];
  return async (request) => {
    const proof = await DPoP.generateProof(pair, request.url, request.method, nonce);
    request.headers.set('DPoP', proof);
    const response = await fetch(request);
    nonce = response.headers.get('DPoP-Nonce') ?? nonce;
    window.signed.push(response.status);
    return response;
  };
};
