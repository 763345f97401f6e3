/** What responses say, whoever sent them. */
import type { Answer } from 'stillhere';

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value as string) - Date.now() : seconds * 1000;
  return value && ms > 0 ? ms : undefined;
}

/** What a response says that says "later", and nothing of the session. */
export function later(response: Response): Answer | undefined {
  const { status } = response;
  return status === 429 || status >= 500
    ? { state: 'unreachable', retryAfterMs: retryAfter(response), status }
    : undefined;
}

/** A token that was only used without the server's newest nonce is not dead. */
function asksForNonce({ status, headers }: Response): boolean {
  return status === 401 && `${headers.get('www-authenticate')}`.includes('use_dpop_nonce');
}

/**
 * Sends, and once more where the server asked for its newest nonce: whoever signs requests (a preset's
 * hook, a service worker) has it now (RFC 9449, 9).
 */
export async function withNonce(
  once: () => Promise<Response>,
  asks: (response: Response) => boolean | Promise<boolean> = asksForNonce,
): Promise<Response> {
  const response = await once();
  return (await asks(response)) ? once() : response;
}
