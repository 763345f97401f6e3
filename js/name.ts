import type { TokenSource } from 'stillhere';

/** The token in force, or `null`. */
export async function readToken(source: TokenSource): Promise<string | null> {
  const token = typeof source === 'function' ? await source() : source;
  return token || null;
}

/**
 * The name of channel and lock: the first 22 characters of base64url(SHA-256(group or token)), so
 * that the token itself is never seen outside of the Authorization header (docs/contract.md, 4).
 * `undefined` on insecure pages, which have neither.
 */
export async function channelName(secret: string): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) {
    return undefined;
  }
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const name = text.replaceAll('+', '-').replaceAll('/', '_').slice(0, 22);
  return `stillhere:${name}`;
}
