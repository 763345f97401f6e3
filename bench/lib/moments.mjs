/** Times of what may not have happened. */
import { figure } from './report.mjs';
import { summary } from './stats.mjs';

/**
 * The median with its spread, in seconds, and in how many rounds it did not happen.
 * @param {(number | undefined)[]} each in milliseconds; undefined where it did not within the limit
 * @param {number} limitMs
 * @returns {string}
 */
export function seconds(each, limitMs) {
  const came = each.filter((one) => one !== undefined);
  if (came.length === 0) return `never in ${limitMs / 1000} s`;
  const { median, low, high } = summary(came.map((ms) => ms / 1000));
  const range = came.length > 1 ? ` (${figure(low)} to ${figure(high)})` : '';
  const never = each.length - came.length;
  return `${figure(median)}${range}${never > 0 ? `, ${never} of ${each.length} never` : ''}`;
}

/**
 * How much later than one interval after the request before, in milliseconds. Undefined where none came.
 * @param {number | undefined} gapMs between the two
 * @param {number} intervalMs
 */
export const late = (gapMs, intervalMs) =>
  gapMs === undefined ? undefined : Math.max(0, gapMs - intervalMs);
