/** As few tabs, so fifty (docs/architecture.md, rules 1, 5 and 8); in a file of its own, which may begin early. */
import { withTabs } from './lib/with-tabs.mjs';

withTabs(50);
