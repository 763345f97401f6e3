import { type Agent, StillhereError } from 'stillhere';
import type { KeepOptions, Who } from 'stillhere/resume';
import type { StillhereError as Made } from '../error.ts';

/** The one class that apps know, with a constructor that they don't. */
const Failure = StillhereError as unknown as typeof Made;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Options that were checked. */
export interface Checked {
  user: string;
  secret: string | undefined;
  forMs: number;
  go: (address: string) => unknown;
  onReturn: (who: Who) => void;
}

type Rule = [allowed: (value: unknown) => boolean, expected: string];

const aFunction: Rule = [(value) => typeof value === 'function', 'a function'];
const text = (least: number): Rule => [
  (value) => typeof value === 'string' && value.length >= least,
  `a string of at least ${least} characters`,
];
const RULES: Record<string, Rule> = {
  user: text(1),
  // 128 bits are 22 characters of base64url: what is shorter than this is a word.
  secret: text(16),
  forMs: [
    (value) => Number.isInteger(value) && Number(value) >= MINUTE_MS && Number(value) <= DAY_MS,
    `a whole number of milliseconds from ${MINUTE_MS} to ${DAY_MS}`,
  ],
  go: aFunction,
  onReturn: aFunction,
};

function check(option: string, value: unknown, [allowed, expected]: Rule): void {
  if (!allowed(value)) {
    throw new Failure('bad-option', `${option} must be ${expected}`, option);
  }
}

const reload = () => location.reload();

/** Checks everything that a page hands over, before anything is hooked. */
export function checkOptions(agent: Agent, options: KeepOptions): Checked {
  check('agent', agent, [(given) => !!(given as Agent)?.status, 'what createAgent() gave']);
  check('options', options, [(given) => Object(given) === given, 'an object with at least user']);
  for (const [option, value] of Object.entries(options)) {
    const rule = Object.hasOwn(RULES, option) && RULES[option];
    if (!rule) {
      const message = `${option} is none of ${Object.keys(RULES).join(', ')}`;
      throw new Failure('unknown-option', message, option);
    }
    if (value !== undefined) {
      check(option, value, rule);
    }
  }
  check('user', options.user, RULES.user as Rule);
  return {
    user: options.user,
    secret: options.secret,
    forMs: options.forMs ?? HOUR_MS,
    // With the origin before it: a path may begin with two slashes.
    go: options.go ?? ((address) => location.replace(location.origin + address)),
    onReturn: checkReturn(options.onReturn),
  };
}

export function checkReturn(onReturn: ((who: Who) => void) | undefined): (who: Who) => void {
  const given = onReturn ?? reload;
  check('onReturn', given, aFunction);
  return given;
}
