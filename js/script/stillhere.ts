// stillhere.script.js: the package for a page without modules. It loads the modules beside it when they
// are first needed; a nonce of the script element goes with them.
import type * as Public from 'stillhere';
import { add } from './global.ts';

const script = document.currentScript as HTMLScriptElement | null;
if (!script?.src) {
  throw new Error(
    'stillhere.script.js must be loaded by a <script src> element, without type="module": it looks for its modules beside it.',
  );
}
const base = script.src;

/** The module of an entry of the package, such as `presets`. */
const load = (entry: string) => import(new URL(`${entry}.js`, base).href);

add({
  load,
  createAgent: async (options: Public.AgentOptions) => (await load('index')).createAgent(options),
  attachWarning: async (agent: Public.Agent, options?: object) =>
    (await load('warning')).attachWarning(agent, options),
});
