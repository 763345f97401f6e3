import type { Agent, AgentOptions, Status } from 'stillhere';

/** What an adapter starts an agent with. */
export interface SessionOptions extends AgentOptions {
  /**
   * Whose session it is, such as the user's id. Another one closes the agent and starts a new one; only
   * needed where one user follows another without `null` in between. It goes nowhere.
   */
  session?: string;
}

/**
 * Options for an agent that lives as long as they are given; or an agent of the app's own, which the app
 * closes; or nothing while nobody is signed in.
 *
 * Another `token` is a rotation (`agent.setToken`). Any other option with another value closes the agent
 * and starts a new one, and so does a new token after the end. Options are compared by value, so they may
 * be written anew each time; functions are not compared: a `token` function is called as it was last
 * given, a `KeepAlive` is the one of the start.
 */
export type SessionSource = SessionOptions | Agent | null | undefined;

/** What is known of the session. A new object with each change, and only then. */
export interface Session {
  /** Not there before it has started, on a server, and while nobody is signed in. */
  readonly agent: Agent | undefined;
  /**
   * As of the agent's newest event of `phase`, `activity`, `keepalive`, `policy` or `ended`. No timer
   * counts its times down: `agent.status` has those of now.
   */
  readonly status: Status | undefined;
  /** Why no agent could be started, or why it did not take a token: a `StillhereError`, or what the
   * token function threw. */
  readonly error: Error | undefined;
}
