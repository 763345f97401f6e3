/** On a server that renders pages the adapters start nothing, and what they render is what comes first. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildExamples } from '../../scripts/examples.mjs';
import { examples } from '../../scripts/lib/project.mjs';

/** As the examples find it. @param {string} name */
const required = (name) => createRequire(path.join(examples, 'package.json'))(name);
/** @param {string} entry @returns {Promise<any>} */
const imported = (entry) =>
  import(pathToFileURL(path.join(examples, 'node_modules/stillhere/dist', `${entry}.js`)).href);

const options = {
  authority: 'https://authority.example',
  token() {
    throw new Error('a server asked for a token');
  },
};

before(() => buildExamples(['react', 'vue', 'svelte']));

/** What was started would have gone wrong by then. */
const aMoment = () => new Promise((done) => setTimeout(done, 20));

test('react', async () => {
  const { createElement } = required('react');
  const { renderToString } = required('react-dom/server');
  const { StillhereProvider, useStillhere: session } = await imported('react');
  const shown = () => Object.values(session()).filter(Boolean).length;
  const app = createElement(StillhereProvider, { options }, createElement(shown));
  assert.equal(renderToString(app), '0');
  assert.throws(() => renderToString(createElement(shown)), /needs a <StillhereProvider>/);
});

test('vue', async () => {
  const { createSSRApp } = required('vue');
  const { renderToString } = required('vue/server-renderer');
  const { stillhere, useStillhere: session } = await imported('vue');
  /** @type {any} */
  let refs;
  const shown = {
    setup() {
      refs = session();
      return () => 'shown';
    },
  };
  assert.equal(await renderToString(createSSRApp(shown).use(stillhere, options)), 'shown');
  await aMoment();
  assert.deepEqual(
    [refs.agent, refs.status, refs.error].map(({ value }) => value),
    [undefined, undefined, undefined],
  );
  const alone = createSSRApp(shown);
  alone.config.warnHandler = () => {};
  await assert.rejects(renderToString(alone), /needs app.use\(stillhere, options\)/);
});

test('svelte', async () => {
  const { stillhere } = await imported('svelte');
  /** @type {object[]} */
  const seen = [];
  const leave = stillhere(options).subscribe((/** @type {object} */ session) => seen.push(session));
  await aMoment();
  leave();
  assert.deepEqual(seen, [{ agent: undefined, status: undefined, error: undefined }]);
});
