/** What the desktop app asks for in the address of this page (RFC 6749, 4.1.1; RFC 7636, 4.3). */

/** Where codes go. Never read from the address, which anybody can write. */
const REDIRECT_URI = 'stillhere://signed-in';

const EXACTLY = {
  response_type: 'code',
  client_id: 'stillhere-desktop',
  redirect_uri: REDIRECT_URI,
  code_challenge_method: 'S256',
};
/** Base64url of a SHA-256; printable characters, as the standard has it, in an address of bounded length. */
const LIKE = { code_challenge: /^[\w-]{43}$/, state: /^[ -~]{1,512}$/ };

/** All of it by name. Throws an Error that names what is wrong. */
export function readRequest(search) {
  const query = new URLSearchParams(search);
  const request = {};
  for (const name of [...Object.keys(EXACTLY), ...Object.keys(LIKE)]) {
    const [value, second] = query.getAll(name);
    if (!value) throw new Error(`Its address lacks ${name}.`);
    if (second !== undefined) throw new Error(`Its address names ${name} twice.`);
    if (name in EXACTLY && value !== EXACTLY[name]) {
      throw new Error(`In its address ${name} must be ${EXACTLY[name]}.`);
    }
    if (name in LIKE && !LIKE[name].test(value)) {
      throw new Error(`In its address ${name} is not of the right form.`);
    }
    request[name] = value;
  }
  return request;
}

/** The address that opens the desktop app. */
export const deepLink = (code, state) => `${REDIRECT_URI}?${new URLSearchParams({ code, state })}`;
