/** react-idle-timer with `crossTab` alone: what most people copy. */
import { withOptions } from './react-idle-timer.js';

export const start = withOptions({});
