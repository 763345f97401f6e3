import type { TokenSource } from 'stillhere';

/** The token in force, or `null`: at once, unless the app itself makes one wait for it. */
export function readToken(source: TokenSource): string | null | Promise<string | null> {
  const token = typeof source === 'function' ? source() : source;
  if (typeof token === 'object' && token) {
    return Promise.resolve(token).then((later) => later || null);
  }
  return token || null;
}

/** What channel and locks are called: nothing on insecure pages, which have neither. */
export interface Names {
  readonly channel?: string;
  /** That of the token; that of its event stream. */
  readonly locks: readonly string[];
  /** The token's name in its group: 0 where all have the same. */
  readonly token: number;
}

/**
 * `stillhere:` and the first 22 characters of base64url(SHA-256(group or token)), so that the token
 * itself is never seen outside of the Authorization header (docs/contract.md, 4). Where a group has
 * many tokens each has locks of its own.
 */
export async function names(token: string, group: string | undefined): Promise<Names> {
  if (!globalThis.crypto?.subtle) {
    return { locks: [], token: 0 };
  }
  const hash = async (secret: string) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)));
  const name = (digest: Uint8Array) =>
    `stillhere:${btoa(String.fromCharCode(...digest))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .slice(0, 22)}`;
  const own = await hash(token);
  const lock = name(own);
  return {
    channel: group ? name(await hash(group)) : lock,
    locks: [lock, `${lock}:stream`],
    token: group ? (new Uint32Array(own.buffer)[0] as number) : 0,
  };
}
