// What the snippets of the docs take from the app around them (tests/docs-snippets.test.mjs).
import type { Agent, AgentOptions } from 'stillhere';
import type { Fetch, TokenResponse } from 'stillhere/presets';
import type { Work } from 'stillhere/resume';

declare global {
  const agent: Agent;
  const options: AgentOptions;
  const token: string;
  const authority: string;
  const sessionId: string;
  /** Of somebody, as the app names them. */
  const user: string;
  const secret: string;
  const banner: HTMLElement;
  const warning: HTMLElement;
  const notice: HTMLElement;
  const toast: (text: string) => void;
  const work: Work;
  const router: { replace(path: string): Promise<void> };
  /** Of an OpenID provider, and what the app keeps of it. */
  const tokenEndpoint: string;
  const introspectionEndpoint: string;
  const revocationEndpoint: string;
  const clientId: string;
  const sid: string;
  const accessToken: string;
  const idleTimeoutMs: number;
  const refreshToken: () => string;
  const onTokens: (tokens: TokenResponse) => void;
  const store: (accessToken: string, refreshToken?: string) => void;
  const signed: Fetch;
  /** The global of the vendor's own SDK (docs/genesys.md). */
  /** What the desktop app puts into its windows (docs/desktop.md). */
  interface Window {
    stillhereDesktop?: EventTarget & {
      token(): Promise<SignIn | null>;
      signIn(): Promise<void>;
      attach(agent: Agent): void;
      addEventListener(type: 'sign-in', listener: (event: CustomEvent<SignIn>) => void): void;
    };
  }
  interface SignIn {
    token: string;
    user: string;
  }
  const start: (signIn: SignIn) => void;
  const button: HTMLButtonElement;
  // biome-ignore lint/suspicious/noExplicitAny: it ships no types of its own
  const platformClient: any;
}
