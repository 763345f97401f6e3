/** react-idle-timer at its best: its documentation names 200 ms for tabs that stay in step. */
import { withOptions } from './react-idle-timer.js';

export const start = withOptions({ syncTimers: 200 });
