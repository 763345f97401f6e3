/**
 * Stand-ins, no real servers: they behave as the vendors' documents say, with windows of a few seconds.
 * Each keeps one session, and counts idle time as its vendor does.
 */
import { text } from 'node:stream/consumers';

/** @typedef {import('./front.mjs').Handler} Handler */
/** @typedef {import('node:http').ServerResponse} Response */

/** @param {Response} response @param {number} status @param {object} [body] */
function say(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body && JSON.stringify(body));
}

/** A session that lives until a window after it was slid last. @param {number} windowMs */
function session(windowMs) {
  let slidAt = -Infinity;
  return {
    alive: () => performance.now() < slidAt + windowMs,
    /** Which part of the window is over. */
    part: () => (performance.now() - slidAt) / windowMs,
    leftMs: () => slidAt + windowMs - performance.now(),
    slide() {
      slidAt = performance.now();
    },
    end() {
      slidAt = -Infinity;
    },
  };
}

/**
 * ASP.NET Core's cookie authentication with sliding expiration, and Salesforce: a request slides the session
 * only when more than half of its window is over.
 * @param {number} windowMs
 */
export function halfWindow(windowMs) {
  const cookie = session(windowMs);
  /** @type {Handler} */
  const serve = ({ url }, response) => {
    if (url === '/sign-in') cookie.slide();
    else if (url === '/sign-out') cookie.end();
    // A page asks for the login page then; what it is, nobody reads.
    else if (!cookie.alive()) return response.writeHead(302, { Location: '/login' }).end();
    else if (cookie.part() > 0.5) cookie.slide();
    return say(response, 200, {});
  };
  return { cookie, serve: () => serve };
}

/**
 * An Okta organization's sessions API: a refresh slides, a question does not, and who has no session is told
 * 404. @param {number} windowMs
 */
export function okta(windowMs) {
  const cookie = session(windowMs);
  /** @type {Handler} */
  const serve = ({ method, url }, response) => {
    if (url === '/sign-in') {
      cookie.slide();
      return say(response, 200, {});
    }
    if (!cookie.alive()) return say(response, 404, { errorCode: 'E0000007' });
    if (method === 'DELETE') {
      cookie.end();
      return say(response, 204);
    }
    if (method === 'POST' && url === '/api/v1/sessions/me/lifecycle/refresh') cookie.slide();
    else if (url !== '/api/v1/sessions/me') return say(response, 405);
    const expiresAt = new Date(Date.now() + cookie.leftMs()).toISOString();
    return say(response, 200, { id: 'me', status: 'ACTIVE', expiresAt });
  };
  return { cookie, serve: () => serve };
}

/**
 * A Keycloak realm: the refresh grant slides the session, whose refresh tokens can be used again. Calls with an
 * access token slide nothing. @param {number} windowMs
 */
export function keycloak(windowMs) {
  const sso = session(windowMs);
  let number = 0;
  const root = '/realms/clinic/protocol/openid-connect';
  /** @type {Handler} */
  const serve = async (request, response) => {
    if (request.url === '/sign-in') {
      sso.slide();
      return say(response, 200, {});
    }
    if (request.url === '/api') return say(response, 200, {});
    const form = new URLSearchParams(await text(request));
    const known = form.get('client_id') === 'app' && form.get('refresh_token')?.startsWith('r');
    if (!known || !sso.alive()) return say(response, 400, { error: 'invalid_grant' });
    if (request.url === `${root}/logout`) {
      sso.end();
      return say(response, 204);
    }
    if (request.url !== `${root}/token` || form.get('grant_type') !== 'refresh_token') {
      return say(response, 400, { error: 'unsupported_grant_type' });
    }
    sso.slide();
    number += 1;
    const tokens = {
      access_token: `a${number}`,
      refresh_token: `r${number}`,
      token_type: 'Bearer',
    };
    return say(response, 200, tokens);
  };
  return { cookie: sso, serve: () => serve };
}
