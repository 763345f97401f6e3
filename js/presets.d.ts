/**
 * Stillhere: presets for servers that teams have.
 *
 * Each gives the object that `createAgent({ authority })` takes, and states its rules in its answers, so
 * that pages need no times of their own. What each server allows, and what the agent does where it does
 * not, is in docs/presets.md. All durations are whole milliseconds and end in `Ms`.
 *
 * Every preset throws a `StillhereError` (`bad-option`, `unknown-option`, `token-missing`) for options that
 * are wrong, and nothing is sent.
 */
import type { Answer, KeepAlive, TokenSource } from 'stillhere';

/**
 * The app's own way to send, for what it adds to a request: proof of possession (DPoP, RFC 9449), a signature,
 * a CSRF token. A server that answers `use_dpop_nonce` is sent one more request, a fresh one: the
 * hook has seen the response, and signs with its `DPoP-Nonce`. It must reject for a network that failed, and
 * never follow redirects that the request does not follow.
 */
export type Fetch = (request: Request) => Promise<Response>;

/** The rules that a preset states. */
export interface Times {
  /** The server's idle timeout; 300,000 to 28,800,000 ms. A page may ask the agent for less. */
  idleTimeoutMs: number;
  /** Time before the deadline at which people are warned; at least 20,000 ms, 60,000 unless set. */
  warnBeforeMs?: number;
  /** Least time between two touches; at least 1,000 ms, 30,000 unless set. */
  keepAliveMs?: number;
  /** Longest that a hold can live; up to 86,400,000 ms, an hour unless set. */
  maxHoldMs?: number;
  /** For tests: times from 1,000 ms on, and a warning of any length. */
  dev?: boolean;
}

/** An address, or an address and a method. It may be relative to the page. */
export type Place = string | { readonly url: string; readonly method?: string };

export interface SlidingCookieOptions extends Times {
  /** A request that slides the session, such as `/session`; GET unless a method is given. */
  touch: Place;
  /** A request that tells a live session from a dead one and does not slide it, if there is one; GET. */
  ask?: Place;
  /** Ends the session on the server; POST. Without it a session that the app polls lives on there. */
  end?: Place;
  /**
   * From which part of the server's window on a touch slides it, 0 to 0.5; 0 unless set. ASP.NET Core and
   * Salesforce: 0.5. Then `idleTimeoutMs` must be the server's own, exactly.
   */
  slidesFrom?: number;
  /** Whether a response says that the session is over; 401 or a redirect unless set. */
  isDead?: (response: Response) => boolean | Promise<boolean>;
  /**
   * Reads from the answer to `ask` how long the session has left, in ms. Only where nothing that runs by
   * itself slides it: it counts as what people did in places that this page can't hear.
   */
  remainingMs?: (response: Response) => number | undefined | Promise<number | undefined>;
  fetch?: Fetch;
}

/** Sessions in a cookie, which a request extends: express-session, Django, ASP.NET Core, Rails and others. */
export function slidingCookie(options: SlidingCookieOptions): KeepAlive;

/** How long before the end people are warned, and how often it is touched, `createAgent` is told. */
export interface GenesysCloudOptions {
  /** The region's domain, such as `mypurecloud.ie`; this or `api`. */
  region?: string;
  /** Base URL of the API, such as `https://api.mypurecloud.ie`, or of an authority. */
  api?: string;
  /** The access token; with `setToken`, a function that gives the one in force. */
  token: TokenSource;
  /** The idle timeout of this user. Unless set, the organization's is read once, by each page. */
  idleTimeoutMs?: number;
  /** As in the other presets. */
  maxHoldMs?: number;
  /**
   * Nothing that runs by itself extends the token, since the administrator excluded those calls: what
   * the API says of its idle time counts as what people did elsewhere. False unless set.
   */
  trustIdle?: boolean;
  fetch?: Fetch;
}

/** Genesys Cloud, or an authority's face of that shape. */
export function genesysCloud(options: GenesysCloudOptions): KeepAlive;

export interface OktaOptions extends Times {
  /** The organization's URL, such as `https://example.okta.com`, under the site of the page. */
  url: string;
  fetch?: Fetch;
}

/** The session cookie of an Okta organization. */
export function okta(options: OktaOptions): KeepAlive;

/** What a token endpoint gives (RFC 6749, 5.1), as it came. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number;
  /** The next one, where they rotate. */
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly [name: string]: unknown;
}

interface RefreshOptions extends Times {
  clientId: string;
  /**
   * Gives the newest refresh token of the app, whichever page got it: read it from where all pages store
   * it. It is called anew for each request, under a lock.
   */
  refreshToken: () => string | null | Promise<string | null>;
  /** Stores the new tokens where `refreshToken` of all pages finds them. Awaited, under the same lock. */
  onTokens: (tokens: TokenResponse) => void | Promise<void>;
  /**
   * The provider takes a refresh token again whose answer was lost. False unless set: then none is
   * sent a second time, since that would revoke them all.
   */
  reuse?: boolean;
  fetch?: Fetch;
}

export interface OidcRefreshOptions extends RefreshOptions {
  tokenEndpoint: string;
  /** Asks without extending (RFC 7662), for providers that let the app's client ask. */
  introspectionEndpoint?: string;
  /** Ends the session at the end (RFC 7009). */
  revocationEndpoint?: string;
}

/** A `KeepAlive` whose touch is a refresh. */
export interface OidcRefresh extends KeepAlive {
  /**
   * Refreshes now, for the app: one at a time in all pages, and not at all if another page did while this
   * one waited. Use it for every refresh, so that no token is used twice.
   */
  refresh(): Promise<Answer>;
}

/** An OpenID provider whose session a refresh token extends, with rotation or without. */
export function oidcRefresh(options: OidcRefreshOptions): OidcRefresh;

export interface KeycloakOptions extends RefreshOptions {
  /** Base URL, such as `https://id.example`. */
  url: string;
  realm: string;
  /** True unless set: false for a realm with Revoke Refresh Token. */
  reuse?: boolean;
}

/** A Keycloak realm. */
export function keycloak(options: KeycloakOptions): OidcRefresh;

export interface AuthorityOptions {
  /** Base URL. */
  url: string;
  /** As for `createAgent`; with `setToken`, a function that gives the one in force. */
  token: TokenSource;
  fetch?: Fetch;
}

/** An authority as `authority: 'https://…'` gives it, for an app that signs its requests. */
export function authority(options: AuthorityOptions): KeepAlive;
