/** The same agent: the line stands in the page's head. */
export { start } from './stillhere.js';
