/** Watched or not, a page's calls do what they do; afterwards they are as before. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthority } from './lib/authority.mjs';
import { startBrowser } from './lib/engine.mjs';
import { inspect, rowsOf } from './lib/inspector.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @type {Awaited<ReturnType<typeof startAuthority>>} */
let authority;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {Page} */
let tab;
let token = '';

before(async () => {
  authority = await startAuthority({ idle: '300s', warn: '20s', keepAlive: '20s' });
  browser = await startBrowser();
  token = await authority.token();
  [tab] = /** @type {[Page]} */ (await browser.openAll(1, `${authority.base}/?token=${token}`));
  await tab.evaluate(`window.originals = [fetch, XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send,
    XMLHttpRequest.prototype.setRequestHeader]; window.token = '${token}';`);
  const calls = { behaviour, fetches, readings, failures, requests };
  for (const [name, call] of Object.entries(calls)) await tab.evaluate(`window.${name} = ${call}`);
  await inspect(tab, "{ agentOptions: { token, authority: '/' } }");
});
after(async () => {
  await browser?.close();
  await authority?.stop();
});

/** What calls of all kinds come to, in the page. */
async function behaviour() {
  const { token } = /** @type {any} */ (window);
  const bearer = { Authorization: `Bearer ${token}` };
  /** @type {Record<string, unknown>} */
  const out = {};
  /** @param {string} name @param {() => unknown} call */
  const is = async (name, call) => {
    try {
      out[name] = await call();
    } catch (error) {
      out[name] = /** @type {Error} */ (error).name;
    }
  };
  const { fetches, readings, failures, requests } = /** @type {any} */ (window);
  for (const each of [fetches, readings, failures, requests]) await each(is, bearer);
  return out;
}

/** @param {(name: string, call: () => unknown) => Promise<void>} is @param {{ Authorization: string }} bearer */
async function fetches(is, bearer) {
  await is('text', async () => (await fetch('/healthz')).status);
  await is('url', async () => (await fetch(new URL('/healthz', location.href))).status);
  await is(
    'object',
    async () => (await fetch(/** @type {any} */ ({ toString: () => '/healthz' }))).status,
  );
  await is('headers', async () => (await fetch('/v1/session', { headers: bearer })).status);
  await is('request', async () => {
    const request = new Request('/v1/keepalive', {
      method: 'POST',
      headers: { ...bearer, 'Content-Type': 'application/json' },
      body: '{"age_ms":0,"counts":{"keystrokes":0,"clicks":0,"heartbeats":0,"notes":0},"contexts":1,"holds":[],"agent":"x"}',
    });
    return [(await fetch(request)).status, request.bodyUsed];
  });
}

/** @param {(name: string, call: () => unknown) => Promise<void>} is @param {{ Authorization: string }} bearer */
async function readings(is, bearer) {
  // Headers that can be read once arrive, and a getter is read as often as without.
  await is('once', async () => {
    function* once() {
      yield ['Authorization', bearer.Authorization];
    }
    return (await fetch('/v1/session', { headers: /** @type {any} */ (once()) })).status;
  });
  await is('getter', async () => {
    let reads = 0;
    const init = {
      get headers() {
        reads += 1;
        return bearer;
      },
    };
    return [(await fetch('/v1/session', init)).status, reads];
  });
}

/** @param {(name: string, call: () => unknown) => Promise<void>} is @param {{ Authorization: string }} bearer */
async function failures(is, bearer) {
  await is('aborted', () => fetch('/healthz', { signal: AbortSignal.abort() }));
  await is('aborted later', () => {
    const abort = new AbortController();
    const call = fetch('/v1/events', { headers: bearer, signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    return call.then((answer) => answer.text());
  });
  await is('unreachable', () => fetch('http://localhost:1/'));
  await is('no address', () => /** @type {any} */ (fetch)());
  await is('bad address', () => fetch('http://'));
  await is('thrown or rejected', () =>
    /** @type {any} */ (fetch)('http://').catch(() => 'rejected'),
  );
  await is('stream', async () => {
    const reader = (await fetch('/page.js')).body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    return (first?.value?.length ?? 0) > 0;
  });
  await is('unhandled', async () => {
    const heard = new Promise((done) => {
      addEventListener('unhandledrejection', (event) => done(event.reason.name), { once: true });
      setTimeout(() => done('never'), 2_000);
    });
    fetch('http://');
    return heard;
  });
  await is('shape', () => {
    const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
    const shape = [fetch, open, send, setRequestHeader].map(({ name, length }) => [name, length]);
    const property = Object.getOwnPropertyDescriptor(window, 'fetch');
    return [shape, fetch('/healthz') instanceof Promise, { ...property, value: 0 }];
  });
  await is('elsewhere', () => /** @type {any} */ (fetch).call({}, '/healthz').then(() => 'went'));
}

/** @param {(name: string, call: () => unknown) => Promise<void>} is @param {{ Authorization: string }} bearer */
async function requests(is, bearer) {
  /** @param {(request: XMLHttpRequest) => void} use */
  const xhr = (use) =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      /** @type {string[]} */
      const events = [];
      for (const name of ['loadstart', 'load', 'error', 'abort', 'loadend']) {
        request.addEventListener(name, () => events.push(name));
      }
      request.addEventListener('loadend', () => setTimeout(() => done([events, request.status])));
      use(request);
    });
  await is('xhr', () =>
    xhr((request) => {
      request.open('GET', '/v1/session');
      request.setRequestHeader('Authorization', bearer.Authorization);
      request.send();
    }),
  );
  await is('xhr aborted', () =>
    xhr((request) => {
      request.open('GET', '/healthz');
      request.send();
      request.abort();
    }),
  );
  await is('xhr unreachable', () =>
    xhr((request) => {
      request.open('GET', 'http://localhost:1/');
      request.send();
    }),
  );
  await is('xhr at once', () => {
    const request = new XMLHttpRequest();
    request.open('GET', '/healthz', false);
    request.send();
    return request.status;
  });
  await is('xhr unopened', () => new XMLHttpRequest().send());
  await is('xhr bad address', () => new XMLHttpRequest().open('GET', 'http://'));
  await is('xhr no arguments', () => /** @type {any} */ (new XMLHttpRequest()).open());
}

const asBefore = `[fetch, XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send,
  XMLHttpRequest.prototype.setRequestHeader].every((each, at) => each === originals[at])`;

/** Its code is loaded when it is first wanted. */
async function switchOn() {
  await tab.evaluate('inspector.watchNetwork = true');
  await tab.waitForFunction(`!(${asBefore})`);
}

test('calls do the same while they are watched, and afterwards', async () => {
  const without = /** @type {Record<string, unknown>} */ (await tab.evaluate('behaviour()'));
  assert.equal(without.headers, 200);
  assert.deepEqual(without.request, [200, true]);
  assert.equal(without.aborted, 'AbortError');
  assert.equal(without.unhandled, 'TypeError');
  await switchOn();
  assert.deepEqual(await tab.evaluate('behaviour()'), without);
  await tab.evaluate('inspector.watchNetwork = false');
  assert.equal(await tab.evaluate(asBefore), true);
  assert.deepEqual(await tab.evaluate('behaviour()'), without);
});

test('it tells which calls carried the token, another one, or none, and shows neither', async () => {
  await switchOn();
  await tab.evaluate(`(async () => {
    const calls = [
      fetch('/healthz?a', { headers: { Authorization: 'Basic other-secret-1' } }),
      fetch('/page.js?key=' + token),
      fetch('/posts.js'),
      fetch(new Request('/index.html', { headers: { 'X-Token': token } })),
    ];
    const request = new XMLHttpRequest();
    request.open('GET', '/host.js');
    request.setRequestHeader('Authorization', 'Bearer ' + token);
    await Promise.all([...calls, new Promise((done) => { request.onloadend = done; request.send(); })]);
    await Promise.all(calls.map(async (call) => (await call).text()));
  })()`);
  await tab.evaluate('inspector.agent.note()');
  await tab.waitForFunction(`/host.js/.test(inspector.report())`);
  const report = `${await tab.evaluate('inspector.report()')}`;
  /** @param {string} path */
  const about = (path) => report.split('\n').findIndex((line) => line.includes(`${path}`));
  const lines = report.split('\n');
  assert.match(`${lines[about('/host.js') + 1]}`, /this token in all of 1$/);
  assert.match(`${lines[about('/index.html') + 1]}`, /this token in all of 1$/);
  assert.match(report, /this token in 1 of |this token in all of 1/);
  assert.match(report, /another Authorization in/);
  assert.match(`${lines[about('/posts.js') + 1]}`, /no token in 1 call$/);
  const shown = `${await tab.evaluate('inspector.shadowRoot.textContent')}`;
  for (const secret of [token, 'other-secret-1', 'Bearer', 'Basic', '?a', '?key']) {
    assert.ok(!report.includes(secret) && !shown.includes(secret), secret);
  }
  assert.ok((await rowsOf(tab, '.calls')).length > 3);
  await tab.evaluate('inspector.watchNetwork = false');
});

test('wrapped by somebody else meanwhile, it becomes one that only passes through', async () => {
  await switchOn();
  const after = await tab.evaluate(`(async () => {
    const ours = fetch;
    let theirs = 0;
    window.fetch = (...args) => { theirs += 1; return ours(...args); };
    const wrapped = fetch;
    inspector.watchNetwork = false;
    const kept = fetch === wrapped;
    const answer = await fetch('/healthz?wrapped');
    const before = inspector.report().match(/watched|this token|no token/g)?.length;
    await fetch('/healthz?again');
    const now = inspector.report().match(/watched|this token|no token/g)?.length;
    window.fetch = originals[0];
    return { kept, theirs, status: answer.status, same: before === now };
  })()`);
  assert.deepEqual(after, { kept: true, theirs: 2, status: 200, same: true });
  assert.equal(await tab.evaluate(asBefore), true);
});

test('under a wrapper of somebody else and on again, it counts each call once', async () => {
  await switchOn();
  await tab.evaluate('window.ours = fetch; window.fetch = (...args) => ours(...args)');
  await tab.evaluate('inspector.watchNetwork = false; window.theirs = fetch');
  await tab.evaluate('inspector.watchNetwork = true');
  await tab.waitForFunction('fetch !== theirs');
  await tab.evaluate("fetch('/crm/one.css').then((answer) => answer.text())");
  assert.match(
    `${await tab.evaluate('inspector.report()')}`,
    /crm\/one\.css\n.*no token in 1 call\n/,
  );
  await tab.evaluate('inspector.watchNetwork = false');
  assert.equal(await tab.evaluate('fetch === theirs'), true);
  await tab.evaluate('window.fetch = originals[0]');
});

test('a token that was rotated is known beside the new one', async () => {
  await switchOn();
  await tab.evaluate(`(async () => {
    inspector.agentOptions = { token: async () => 'the-new-token-of-this-page', authority: '/' };
    await 0;
    for (const bearer of [token, 'the-new-token-of-this-page']) {
      await (await fetch('/crm/two.css', { headers: { Authorization: 'Bearer ' + bearer } })).text();
    }
  })()`);
  const report = `${await tab.evaluate('inspector.report()')}`;
  assert.match(report, /crm\/two\.css\n.*this token in all of 2\n/);
  assert.ok(!report.includes('the-new-token'));
  await tab.evaluate(
    "inspector.watchNetwork = false; inspector.agentOptions = { token, authority: '/' }",
  );
});

test('two inspectors of one page share it, and the last one that stops gives it back', async () => {
  await switchOn();
  const states = await tab.evaluate(`(async () => {
    const other = document.createElement('stillhere-inspector');
    Object.assign(other, { agent, watchNetwork: true });
    document.body.append(other);
    const is = () => ${asBefore};
    const states = [is()];
    // Its turn comes once its code is there, which it is.
    await new Promise((done) => setTimeout(done, 50));
    other.remove();
    states.push(is());
    inspector.watchNetwork = false;
    return [...states, is()];
  })()`);
  assert.deepEqual(states, [false, false, true]);
});
