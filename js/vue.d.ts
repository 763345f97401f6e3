/** `stillhere/vue`: an agent for a Vue app, from version 3.5 on. Nothing is started on servers. */
import type { MaybeRefOrGetter, Plugin, ShallowRef } from 'vue';
import type { Session, SessionOptions, SessionSource } from './adapters/types.js';

export type { Session, SessionOptions, SessionSource };

/** What is known of the session; the refs change with each of the agent's events. */
export interface StillhereRefs {
  readonly agent: Readonly<ShallowRef<Session['agent']>>;
  readonly status: Readonly<ShallowRef<Session['status']>>;
  readonly error: Readonly<ShallowRef<Session['error']>>;
}

/**
 * `app.use(stillhere, source)`: an agent for the whole app, until it is unmounted. The source is what
 * `useStillhere` takes.
 */
export const stillhere: Plugin<[source: MaybeRefOrGetter<SessionSource>]>;

/**
 * Without a source: the session of the plugin, or of the component around this one that gave a source.
 *
 * With one: an agent for this component and those within it, closed with the component's scope. The
 * source is options, an agent of the app's own, `null` while nobody is signed in, or a ref or getter of
 * those, which is followed. Options are compared by value: another `token` is a rotation; any other
 * option with another value, and a new token after the end, closes the agent and starts a new one.
 *
 * @throws {Error} without a source where nobody gave one.
 */
export function useStillhere(source?: MaybeRefOrGetter<SessionSource>): StillhereRefs;
