/** activity-detector; it knows its own tab alone and keeps nothing alive. */
import createActivityDetector from 'activity-detector';

export function start({ idleMs, onState, onEnd }) {
  // A tab that is not in front has not lost its user.
  const detector = createActivityDetector({ timeToIdle: idleMs, inactivityEvents: [] });
  detector.on('active', () => onState('active'));
  detector.on('idle', () => {
    onState('ended');
    onEnd('idle');
  });
  return { stop: () => detector.stop() };
}
