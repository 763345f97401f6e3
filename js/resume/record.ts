/**
 * A record as it stands in storage: encrypted, and worth nothing to anybody but its user. No storage
 * and no page here.
 */

const LONGEST_MS = 86_400_000;

const utf8 = (text: string) => new TextEncoder().encode(text);
const decode = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function encode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** A salt, or a name for a page: 18 bytes, so that its base64 has no padding. */
export const word = () => encode(random(18));

export const isWord = (value: unknown): value is string => /^[a-z\d+/]{24}$/i.test(`${value}`);

/** What a user's records of one salt are sealed with, and what tells whose they are. */
export interface Keys {
  readonly salt: string;
  readonly check: string;
  readonly key: CryptoKey;
}

/** Gives the keys of one user for a salt. */
export type KeysOf = (salt: string) => Promise<Keys>;

/** Why HKDF: docs/decisions/kept-work.md. */
export async function keysOf(user: string, secret: string | undefined): Promise<KeysOf> {
  const { subtle } = crypto;
  const whose = utf8(JSON.stringify([user, secret]));
  const base = await subtle.importKey('raw', whose, 'HKDF', false, ['deriveBits']);
  const info = utf8(`stillhere/resume 1 ${location.origin}`);
  return async (salt) => {
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: decode(salt), info };
    const bits = new Uint8Array(await subtle.deriveBits(hkdf, base, 8 * 50));
    const uses: KeyUsage[] = ['encrypt', 'decrypt'];
    const key = await subtle.importKey('raw', bits.slice(0, 32), 'AES-GCM', false, uses);
    return { salt, check: encode(bits.slice(32)), key };
  };
}

/** `r`: its page is open. `e`: the session ended. `g`: on the way back. `l`: left by the person. */
export type State = 'r' | 'e' | 'g' | 'l';

/** A record, taken apart. */
export interface Sealed {
  /** Not sealed, for it must be changed at once. It decides no more than when its user is shown it. */
  readonly state: State;
  /** When it is worth nothing any more, by the wall clock. */
  readonly until: string;
  readonly salt: string;
  readonly check: string;
  readonly text: string;
}

/** `undefined` for what is no record. */
export function parse(record: string): Sealed | undefined {
  const [head, until, salt, check, text] = record.split('.') as [string, ...string[]];
  return text && head.endsWith('1')
    ? ({ state: head[0], until, salt, check, text } as Sealed)
    : undefined;
}

/** How long it may still live; 0 for one that would live longer than any, after a clock was set back. */
export function leftMs({ until }: Sealed): number {
  const left = Number(until) - Date.now();
  return left > 0 && left <= LONGEST_MS ? left : 0;
}

/** All of a record but its state, which is put before it. What is to be seen of it is sealed too. */
export async function seal({ key, salt, check }: Keys, plain: string, at: number): Promise<string> {
  const iv = random(12);
  const gcm = { name: 'AES-GCM', iv, additionalData: utf8(`${at}`) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm, key, utf8(plain)));
  return `1.${at}.${salt}.${check}.${encode(iv)}${encode(sealed)}`;
}
