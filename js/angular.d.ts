/**
 * `stillhere/angular`: an agent for an Angular app, from version 20 on, with or without zones. Nothing is
 * started on servers.
 */
import type { EnvironmentProviders, InjectionToken, Signal } from '@angular/core';
import type { Session, SessionOptions, SessionSource } from './adapters/types.js';

export type { Session, SessionOptions, SessionSource };

/** What is known of the session; the signals change with each of the agent's events. */
export interface StillhereSignals {
  readonly agent: Signal<Session['agent']>;
  readonly status: Signal<Session['status']>;
  readonly error: Signal<Session['error']>;
}

/** Injects the session: `inject(STILLHERE).status()`. Its agent starts with the first that injects it. */
export const STILLHERE: InjectionToken<StillhereSignals>;

/**
 * For the `providers` of the app or of a route. The factory is called once, where `inject` works, and
 * gives options, an agent of the app's own, `null` while nobody is signed in, or a signal (or any
 * function) that gives those and is followed:
 * `provideStillhere(() => inject(SignIn).options)`.
 *
 * Options are compared by value: another `token` is a rotation; any other option with another value, and
 * a new token after the end, closes the agent and starts a new one. It is closed with its injector.
 */
export function provideStillhere(
  factory: () => SessionSource | (() => SessionSource),
): EnvironmentProviders;
