import { StillhereError } from 'stillhere';
import type { WarningTexts } from 'stillhere/warning';

/** The names of the texts, in the order in which each language has them. */
export const TEXTS =
  'warning text left stay signOut offline checking ended signIn idle schedule revoked signed-out authority-unreachable token-missing'.split(
    ' ',
  ) as (keyof WarningTexts)[];

/** What each option must be; most end in what `typeof` says. */
const EXPECTED: Record<string, string> = {
  agent: 'what createAgent() gave',
  signIn: 'an http(s) address or a function',
  texts: 'an object',
  lang: 'a string',
  notify: 'a boolean',
  cover: 'a boolean',
};
const EXPECTED_TEXTS = Object.fromEntries(TEXTS.map((name) => [name, 'a string']));

/** A `javascript:` address would be run by whoever could write this one. */
function isAddress(value: unknown): boolean {
  if (typeof value !== 'string') {
    return false;
  }
  const link = document.createElement('a');
  link.href = value;
  return /^https?:/.test(link.protocol);
}

/** Checks everything, before anything is changed. `undefined` and `null` stand for what is not given. */
export function check(values: object, expected = EXPECTED, prefix = ''): void {
  for (const [name, value] of Object.entries(values)) {
    const option = prefix + name;
    const is = expected[name];
    if (!is) {
      const message = `${option} is none of ${Object.keys(expected).join(', ')}`;
      throw new StillhereError('unknown-option', message, option);
    }
    const holds =
      value == null ||
      (option === 'agent' ? value.stay : is.endsWith(typeof value)) ||
      (option === 'signIn' && isAddress(value));
    if (!holds) {
      throw new StillhereError('bad-option', `${option} must be ${is}`, option);
    }
    if (option === 'texts') {
      check(value ?? {}, EXPECTED_TEXTS, 'texts.');
    }
  }
}
