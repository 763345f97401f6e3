/**
 * `stillhere/inspector`: why somebody was logged out, or was not. A panel that shows what counted, what
 * was refused, which network calls there were and that they did not count, what the deadline is and
 * why; and the same as a text for a ticket. It only looks: it counts nothing and sends nothing.
 *
 * Importing it defines the element `<stillhere-inspector>`.
 */
import type { Agent, AgentOptions, ContextStatus } from 'stillhere';

export interface InspectorOptions {
  /**
   * The options that the agent was made with, or some of them. `authority`, if it is a URL, tells which
   * calls are the agent's own; `token` which calls carried it, compared in memory while the network is
   * watched (a function is called once when that is switched on); the rest is shown as what the page
   * wished for.
   */
  agentOptions?: Partial<AgentOptions>;
  /**
   * Whether to wrap `fetch` and `XMLHttpRequest` of this page, to see which calls carry the token or an
   * `Authorization` header; false by default. A button of the panel switches it as well.
   */
  watchNetwork?: boolean;
  /**
   * What a tab is called, at most 4 characters; an empty string while that is not known yet. By default
   * the first digits of its `id`, which are the same in every tab. It is in the report: no names of
   * people.
   */
  nameOf?: (context: ContextStatus) => string;
}

/** The events of an inspector. */
export interface InspectorEvents {
  /** It was closed, by its button, Escape or `close()`. */
  close: Event;
}

/**
 * The element. It works while it is in the page and has an agent; taken out, or given another agent or
 * none, it lets go of everything. While it cannot be seen it draws nothing and runs no timer. With the
 * attribute `docked` it stands at the side of the page, without it where the app places it. What the app
 * puts into it is shown under the last minute.
 *
 * @throws {StillhereError} `bad-option` when a property is set to what it cannot be.
 */
export class StillhereInspector extends HTMLElement {
  get agent(): Agent | undefined;
  set agent(agent: Agent | null | undefined);
  get agentOptions(): Partial<AgentOptions>;
  set agentOptions(options: Partial<AgentOptions> | null | undefined);
  get nameOf(): InspectorOptions['nameOf'];
  set nameOf(nameOf: InspectorOptions['nameOf'] | null);
  /** As the attribute `watch-network`. Switched off, `fetch` and `XMLHttpRequest` are as before. */
  watchNetwork: boolean;
  /**
   * What it shows as plain English text, for a ticket. Never a token, a key that was pressed, a query,
   * the reason of a hold or the name of a user. Empty without an agent.
   */
  report(): string;
  /** Moves the focus to its title; opened, it leaves the focus where it is. */
  override focus(): void;
  /** Takes it out of the page. The focus, if it was inside, goes back to where it came from. */
  close(): void;
}

/**
 * Opens it beside the page: at the side, or at the bottom of a narrow page. One that is open already is
 * given this agent and these options.
 *
 * @throws {StillhereError} `bad-option` or `unknown-option`, before anything is opened.
 */
export function openInspector(agent: Agent, options?: InspectorOptions): StillhereInspector;

declare global {
  interface HTMLElementTagNameMap {
    'stillhere-inspector': StillhereInspector;
  }
}
