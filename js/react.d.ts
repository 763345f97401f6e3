/**
 * `stillhere/react`: an agent for a React app, from version 18 on. Safe in StrictMode (one agent, one
 * context) and on servers (nothing is started there).
 */
import type { DetailedHTMLProps, HTMLAttributes, ReactNode } from 'react';
import type { Agent } from 'stillhere';
import type { StillhereWarning } from 'stillhere/warning';
import type { Session, SessionOptions } from './adapters/types.js';

export type { Session, SessionOptions };

export interface StillhereProviderProps {
  /**
   * What to start an agent with, or `null` while nobody is signed in. They are compared by value, so
   * they may be written in place. Another `token` is a rotation; any other option with another value,
   * and a new token after the end, closes the agent and starts a new one.
   */
  options?: SessionOptions | null | undefined;
  /** An agent that the app made, and closes, itself; `options` are ignored then. */
  agent?: Agent | null | undefined;
  children?: ReactNode;
}

/** Starts the agent when it is mounted, and closes it when it is unmounted. */
export function StillhereProvider(props: StillhereProviderProps): ReactNode;

/**
 * The session of the nearest provider; renders again with each of the agent's events.
 *
 * @throws {Error} outside of a `StillhereProvider`.
 */
export function useStillhere(): Session;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      /** The element of `stillhere/warning`. React sets its properties from version 19 on. */
      'stillhere-warning': DetailedHTMLProps<HTMLAttributes<StillhereWarning>, StillhereWarning> &
        Partial<Omit<StillhereWarning, keyof HTMLElement>> & {
          'sign-in'?: string;
          notify?: boolean;
          'no-cover'?: boolean;
        };
    }
  }
}
