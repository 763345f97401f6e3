import type { Life } from './sliding.ts';

/**
 * Reads from a JSON body the date at which a session will be over. Dates are the server's: only with its
 * own `Date` beside it, where that may be read, is one a duration.
 */
export function dated(field: string) {
  return async (response: Response): Promise<Life | undefined> => {
    const until = Date.parse((await response.json())[field]);
    const leftMs = until - Date.parse(response.headers.get('date') as string);
    return until ? { until, leftMs } : undefined;
  };
}
