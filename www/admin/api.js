/** The administrator's calls as docs/authority.md lists them, and what a refusal says. */

/** What an `Authorization` header can carry (RFC 6750, section 2.1). */
const TOKEN = /^[\w.~+/-]+=*$/;

export class Refused extends Error {
  /**
   * @param {number} status 0 where nobody answered
   * @param {string} detail what to do, in one sentence
   * @param {string} [scope] what the token lacks
   */
  constructor(status, detail, scope) {
    super(detail);
    this.status = status;
    this.scope = scope;
  }
}

/** Path segments that are names: users and groups may hold anything. */
export const segments = (...names) => names.map(encodeURIComponent).join('/');

/** A query without what is not wanted. */
export function query(wanted) {
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== '');
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail ?? `The authority refused (${response.status}).`;
  const challenge = response.headers.get('WWW-Authenticate') ?? '';
  const scope = /scope="([^"]+)"/.exec(challenge) ?? /needs the scope (\S+)\.$/.exec(detail);
  return new Refused(response.status, detail, response.status === 403 ? scope?.[1] : undefined);
}

export class Authority {
  #base;
  #token;
  /** Called when the authority does not know the token any more. */
  onUnknown = () => {};

  /** @param {string} base @param {string} token */
  constructor(base, token) {
    if (!TOKEN.test(token)) {
      throw new Refused(401, 'This is no token: it has letters, digits and -._~+/ only.');
    }
    this.#base = base;
    this.#token = token;
  }

  get host() {
    return new URL(this.#base).host;
  }

  /**
   * @param {string} method
   * @param {string} path below /v1/admin/
   * @param {{ body?: object, headers?: Record<string, string> }} [more]
   * @returns {Promise<Response>}
   */
  async send(method, path, { body, headers = {} } = {}) {
    const url = new URL(`/v1/admin/${path}`, this.#base);
    const init = {
      method,
      headers: { ...headers, Authorization: `Bearer ${this.#token}` },
      cache: 'no-store',
      credentials: 'omit',
    };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers['Content-Type'] = 'application/json';
    }
    const response = await fetch(url, init).catch(() => {
      const advice = 'Is it running, and does it allow this page to call (--allow-origin)?';
      throw new Refused(0, `Nobody answers at ${this.#base}. ${advice}`);
    });
    if (response.ok) return response;
    const refused = await refusal(response);
    if (refused.status === 401) this.onUnknown(refused);
    throw refused;
  }

  /** @param {string} path */
  async get(path) {
    return (await this.send('GET', path)).json();
  }

  /** All policies, and the version to send back with a change. */
  async policies() {
    const response = await this.send('GET', 'policy');
    const body = await response.json();
    return { ...body, etag: response.headers.get('ETag') ?? `"${body.version}"` };
  }

  /** The layer of a group or a user; empty where there is none. */
  async layer(kind, name) {
    try {
      return await this.get(`policy/${kind}/${segments(name)}`);
    } catch (error) {
      if (error.status === 404) return {};
      throw error;
    }
  }
}
