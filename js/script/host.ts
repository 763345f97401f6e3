// host.script.js: `stillhere.attachHost` for a page without modules.
import { attachHost } from '../host.ts';
import { add } from './global.ts';

add({ attachHost });
