/** Servers that render pages load the module where there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

/** The first function of each entry that needs no framework. */
const FIRST = {
  index: 'createAgent',
  host: 'attachHost',
  resume: 'keepWork',
  presets: 'slidingCookie',
  inspector: 'openInspector',
};

for (const [name, first] of Object.entries(FIRST)) {
  test(`dist/${name}.js can be loaded without a page`, async () => {
    const page = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    // Node has one from version 21 on.
    if (page) Reflect.deleteProperty(globalThis, 'navigator');
    try {
      const module = await import(`../dist/${name}.js`);
      assert.equal(typeof module[first], 'function');
    } finally {
      if (page) Object.defineProperty(globalThis, 'navigator', page);
    }
  });
}
