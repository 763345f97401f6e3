/** What the file of the agent has, and every page that uses a preset has that file. */
import * as agent from 'stillhere';
import type { authority as Authority } from '../authority.ts';
import type * as Http from '../http.ts';
import type { readToken as ReadToken } from '../name.ts';
import type * as Options from '../options.ts';

interface Inside
  extends Pick<typeof Options, 'bad' | 'checkDuration' | 'checkToken' | 'onlyKnown'>,
    Pick<typeof Http, 'later' | 'withNonce'> {
  authority: typeof Authority;
  readToken: typeof ReadToken;
}

export const { authority, bad, checkDuration, checkToken, later, onlyKnown, readToken, withNonce } =
  agent as unknown as Inside;
