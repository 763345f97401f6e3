/** What every adapter does: starts the agent that is wanted, tells what it knows, and closes it. */
import { type Agent, createAgent, type TokenSource } from 'stillhere';
import type { Session, SessionOptions, SessionSource } from './types.d.ts';

const NOBODY: Session = Object.freeze({ agent: undefined, status: undefined, error: undefined });
const EVENTS = ['phase', 'activity', 'keepalive', 'policy', 'ended'] as const;

/** All but the token as text. What has functions is compared by being there. */
function textOf({ token: _, authority, ...others }: SessionOptions): string {
  return JSON.stringify([typeof authority === 'string' ? authority : null, others]);
}

const asError = (cause: unknown) =>
  cause instanceof Error ? cause : new Error(String(cause), { cause });

export class Life {
  #session = NOBODY;
  readonly #listeners = new Set<() => void>();
  /** What was taken last: an agent of the app's own, or the text of the options. */
  #taken: Agent | string | undefined;
  #options: SessionOptions | undefined;
  #running = new AbortController();

  get session(): Session {
    return this.#session;
  }

  /** Calls back after each change. @returns how to leave */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  take(source: SessionSource): void {
    // A server that renders the page has nobody in front of it.
    if (typeof document === 'undefined') {
      return;
    }
    if (!source) {
      this.stop();
    } else if (source instanceof EventTarget) {
      this.#adopt(source);
    } else {
      this.#want(source);
    }
  }

  stop(): void {
    this.#running.abort();
    this.#taken = this.#options = undefined;
    this.#tell(NOBODY);
  }

  #adopt(agent: Agent): void {
    if (agent !== this.#taken) {
      const signal = this.#begin(agent);
      this.#follow(agent, signal);
    }
  }

  #want(options: SessionOptions): void {
    const text = textOf(options);
    const before = this.#options;
    const { agent, error } = this.#session;
    const rotated = before && isAnother(before.token, options.token);
    if (text !== this.#taken || (rotated && (error || agent?.status.phase === 'ended'))) {
      const signal = this.#begin(text);
      this.#options = options;
      this.#start(signal);
    } else {
      this.#options = options;
      if (rotated && agent) {
        this.#rotate(agent, this.#running.signal);
      }
    }
  }

  #begin(taken: Agent | string): AbortSignal {
    this.stop();
    this.#taken = taken;
    this.#running = new AbortController();
    return this.#running.signal;
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      // What mounts, unmounts and mounts in one go (React's StrictMode) starts once.
      await undefined;
      if (signal.aborted) {
        return;
      }
      const { session: _, ...options } = this.#options as SessionOptions;
      const agent = await createAgent({ ...options, token: this.#token() });
      if (signal.aborted) {
        agent.close();
        return;
      }
      signal.addEventListener('abort', () => agent.close());
      this.#follow(agent, signal);
      if (isAnother(options.token, this.#options?.token)) {
        await this.#rotate(agent, signal);
      }
    } catch (cause) {
      this.#fail(cause, signal);
    }
  }

  /** A function is asked as it was last given: the one of the start may have seen an old token only. */
  #token(): TokenSource {
    const { token } = this.#options as SessionOptions;
    return typeof token === 'function'
      ? () => {
          const newest = this.#options?.token ?? null;
          return typeof newest === 'function' ? newest() : newest;
        }
      : token;
  }

  async #rotate(agent: Agent, signal: AbortSignal): Promise<void> {
    try {
      await agent.setToken(this.#token());
    } catch (cause) {
      this.#fail(cause, signal);
    }
  }

  #follow(agent: Agent, signal: AbortSignal): void {
    const look = () => this.#tell({ ...this.#session, agent, status: agent.status });
    for (const name of EVENTS) {
      agent.addEventListener(name, look, { signal });
    }
    look();
  }

  /** Of a run that is no longer wanted nobody wants to know. */
  #fail(cause: unknown, signal: AbortSignal): void {
    if (!signal.aborted) {
      this.#tell({ ...this.#session, error: asError(cause) });
    }
  }

  #tell(session: Session): void {
    if (session !== this.#session) {
      this.#session = Object.freeze(session);
      for (const listener of [...this.#listeners]) {
        listener();
      }
    }
  }
}

/** A function is not another one for being written anew. */
function isAnother(before: TokenSource | undefined, now: TokenSource | undefined): boolean {
  return before !== now && !(typeof before === 'function' && typeof now === 'function');
}
