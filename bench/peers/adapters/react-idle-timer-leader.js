/** react-idle-timer in step and with its leader election, so that one tab sends. */
import { withOptions } from './react-idle-timer.js';

export const start = withOptions({ syncTimers: 200, leaderElection: true });
