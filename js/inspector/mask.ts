/**
 * Addresses without what could be a secret or somebody's name: queries and fragments go, and parts of a
 * path that look like a name of something.
 */

const HIDDEN = '*';
/** A word of a route: what is longer or has other characters may be a key (ASVS 7.2.3: from 16 on). */
const WORD = /^(?:[a-z]{1,15}(?:[._-][a-z]{1,15}){0,2}|v\d{1,2}(?:\.\d)?)$/i;
/** One after which, by the custom of REST, the name of one thing or person comes. */
const OF =
  /(s|account|client|contact|customer|employee|mail|member|name|patient|people|person|user|^u)$/i;

/** Nothing where it is no address of a server. */
export function mask(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    return undefined;
  }
  const parts = url.pathname.split('/').map((part) => (!part || WORD.test(part) ? part : HIDDEN));
  return url.origin + parts.join('/');
}

/** For eyes elsewhere, from what `mask` gave: also without a word that may be the name of one thing. */
export function maskMore(address: string): string {
  const { origin, pathname } = new URL(address);
  const parts = pathname.split('/');
  return (
    origin +
    parts
      .map((part, at) =>
        part && OF.test(parts[at - 1] ?? '') && !/^v\d/.test(part) ? HIDDEN : part,
      )
      .join('/')
  );
}
