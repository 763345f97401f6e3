/** Servers that render pages load the module where there is none. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packed } from '../scripts/lib/project.mjs';

/** @type {Record<string, string>} an entry, and a function of it */
const entries = {
  index: 'createAgent',
  host: 'attachHost',
  warning: 'attachWarning',
  resume: 'keepWork',
  presets: 'slidingCookie',
  inspector: 'openInspector',
  svelte: 'stillhere',
  vue: 'useStillhere',
  angular: 'provideStillhere',
};

for (const [name, call] of Object.entries(entries)) {
  test(`${name}.js of the package can be loaded without a page`, async () => {
    const page = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    // Node has one from version 21 on.
    if (page) Reflect.deleteProperty(globalThis, 'navigator');
    try {
      const module = await import(pathToFileURL(path.join(packed, 'dist', `${name}.js`)).href);
      assert.equal(typeof module[call], 'function');
    } finally {
      if (page) Object.defineProperty(globalThis, 'navigator', page);
    }
  });
}
