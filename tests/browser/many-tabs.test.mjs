/** One keep-alive per token per interval, however many tabs (docs/architecture.md, rules 1, 5 and 8). */
import { describe } from 'node:test';
import { engine } from './lib/engine.mjs';
import { withTabs } from './lib/with-tabs.mjs';

if (engine === 'chromium') {
  // Side by side: most of their time is waiting. Fifty tabs have a file of their own.
  describe('few', { concurrency: 2 }, () => {
    withTabs(1);
    withTabs(10);
  });
} else {
  // Ten are enough to see that another engine does not differ, and as much as there is time for.
  withTabs(10);
}
