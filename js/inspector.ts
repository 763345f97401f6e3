import type * as Public from 'stillhere';
import { StillhereError } from 'stillhere';
import type { StillhereInspector as Declared, InspectorOptions } from 'stillhere/inspector';
import { maskMore } from './inspector/mask.ts';
import { Network } from './inspector/network.ts';
import type { Panel } from './inspector/panel.ts';
import { Recorder } from './inspector/recorder.ts';
import { report } from './inspector/report.ts';
import { Labels, type Snapshot } from './inspector/snapshot.ts';
import { short } from './inspector/words.ts';

const NAME = 'stillhere-inspector';
const SAYINGS = ['phase', 'activity', 'keepalive', 'policy', 'refused', 'ended'];

/** Makes room beside or under the page for a docked one, as the element's own style places it. */
const ROOM =
  'html{padding-block-end:60vh!important}@media(min-width:1024px){html{padding-block-end:0!important;padding-inline-end:480px!important}}';

const HOST = ':host{display:block}:host([hidden]){display:none}';

/** Not at once: the module can be loaded where there is no page. */
function sheet(text: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

/** Only this package makes them, so its types have no constructor. */
const Failure = StillhereError as unknown as new (
  code: Public.ErrorCode,
  message: string,
  option: string,
) => StillhereError;

/** What a property can be, besides nothing, in words too. */
const CHECKS: Record<string, [(value: unknown) => boolean, string]> = {
  agent: [
    (value) => value instanceof EventTarget && 'status' in value && 'contexts' in value,
    'what createAgent() gave',
  ],
  agentOptions: [(value) => typeof value === 'object', 'the options that the agent was made with'],
  nameOf: [(value) => typeof value === 'function', 'a function from a context to a short label'],
  watchNetwork: [(value) => typeof value === 'boolean', 'true or false'],
};
const PROPERTIES = Object.keys(CHECKS) as (keyof InspectorOptions | 'agent')[];

function check(name: string, value: unknown): void {
  const [is, expected] = CHECKS[name] ?? [() => false, 'an object'];
  if (value != null && !is(value)) {
    throw new Failure('bad-option', `${name} must be ${expected}`, name);
  }
}

const Base = globalThis.HTMLElement ?? class {};

export class StillhereInspector extends Base implements Declared {
  static readonly observedAttributes = ['watch-network'];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #network = new Network();
  readonly #labels = new Labels();
  #agent: Public.Agent | undefined;
  #agentOptions: Partial<Public.AgentOptions> = {};
  #recorder = new Recorder();
  #panel: Panel | undefined;
  #unhooked: AbortController | undefined;
  /** It has a size: neither it nor what it stands in is hidden. */
  #seen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #soon = false;
  #room: CSSStyleSheet | undefined;
  /** The focus is to go in once there is something to go to. */
  #wanted = false;
  /** Where the focus was before it came in. */
  #from: HTMLElement | undefined;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet(HOST)];
    const log = (text: string) => this.#recorder.log.add(Date.now(), text);
    this.#network.onFault = log;
    this.#network.onPoll = ({ address }, every) => {
      const { pathname } = new URL(maskMore(address));
      log(`${pathname} is polled every ${short(every)}: that does not count`);
    };
    this.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && this.hasAttribute('docked')) {
        this.close();
      }
    });
    this.addEventListener('focusin', ({ relatedTarget }) => {
      this.#from = relatedTarget instanceof HTMLElement ? relatedTarget : undefined;
    });
  }

  get agent(): Public.Agent | undefined {
    return this.#agent;
  }

  set agent(agent: Public.Agent | null | undefined) {
    check('agent', agent);
    if (agent !== this.#agent) {
      this.#unhook();
      this.#agent = agent ?? undefined;
      this.#recorder = new Recorder();
      this.#panel = undefined;
      this.#root.replaceChildren();
      this.#hook();
    }
  }

  get agentOptions(): Partial<Public.AgentOptions> {
    return this.#agentOptions;
  }

  set agentOptions(options: Partial<Public.AgentOptions> | null | undefined) {
    check('agentOptions', options);
    this.#agentOptions = options ?? {};
    this.#network.authority = this.#agentOptions.authority;
    if (this.#network.watching) {
      this.#network.watch(this.#agentOptions.token);
    }
  }

  get nameOf(): InspectorOptions['nameOf'] {
    return this.#labels.nameOf;
  }

  set nameOf(nameOf: InspectorOptions['nameOf'] | null) {
    check('nameOf', nameOf);
    this.#labels.nameOf = nameOf ?? undefined;
  }

  get watchNetwork(): boolean {
    return this.hasAttribute('watch-network');
  }

  set watchNetwork(on: boolean) {
    if (on !== this.watchNetwork) {
      this.toggleAttribute('watch-network', on);
    }
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) {
      // Set before the element was defined, it hides the setter.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete (this as Partial<this>)[name];
        Object.assign(this, { [name]: value });
      }
    }
    if (this.hasAttribute('docked')) {
      this.#room = sheet(ROOM);
      document.adoptedStyleSheets.push(this.#room);
    }
    this.#hook();
  }

  disconnectedCallback(): void {
    this.#unhook();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== this.#room);
  }

  attributeChangedCallback(): void {
    if (!this.#unhooked) {
      return;
    }
    if (this.watchNetwork) {
      this.#network.watch(this.#agentOptions.token);
    } else {
      this.#network.unwatch();
    }
    this.#look();
  }

  #hook(): void {
    const agent = this.#agent;
    if (!agent || !this.isConnected || this.#unhooked) {
      return;
    }
    this.#unhooked = new AbortController();
    const { signal } = this.#unhooked;
    for (const name of SAYINGS) {
      agent.addEventListener(name, () => this.#lookSoon(), { signal });
    }
    agent.addEventListener(
      'fault',
      ({ detail }) => this.#recorder.log.add(Date.now(), detail.message, 'ended'),
      { signal },
    );
    agent.addEventListener(
      'observed',
      (event) => {
        this.#recorder.wouldEnd(Date.now(), (event as CustomEvent).detail);
        this.#lookSoon();
      },
      { signal },
    );
    document.addEventListener('visibilitychange', () => this.#look(), { signal });
    const sizes = new ResizeObserver(([entry]) => {
      this.#seen = (entry?.contentRect.width ?? 0) > 0;
      this.#look();
    });
    sizes.observe(this);
    signal.addEventListener('abort', () => sizes.disconnect());
    this.attributeChangedCallback();
    this.#network.start();
  }

  #unhook(): void {
    if (this.#unhooked) {
      this.#unhooked.abort();
      this.#unhooked = undefined;
      this.#seen = false;
      clearTimeout(this.#timer);
      this.#network.stop();
    }
  }

  /** Once the agent is done with what it was doing, however much it said. */
  #lookSoon(): void {
    if (!this.#soon) {
      this.#soon = true;
      queueMicrotask(() => {
        this.#soon = false;
        this.#look();
      });
    }
  }

  #snapshot(): Snapshot | undefined {
    const agent = this.#agent;
    if (!agent) {
      return undefined;
    }
    const contexts = agent.contexts();
    const { status } = agent;
    this.#labels.take(contexts);
    this.#network.idleTimeoutMs = status.policy.idleTimeoutMs;
    return { at: Date.now(), status, contexts, label: this.#labels.of };
  }

  /** Remembers always, so that a tab that was hidden knows; draws only what can be seen. */
  #look(): void {
    const now = this.#unhooked && this.#snapshot();
    clearTimeout(this.#timer);
    if (!now) {
      return;
    }
    this.#recorder.take(now);
    if (!this.#seen || document.hidden) {
      return;
    }
    if (this.#panel) {
      this.#panel.show(now, this.#agentOptions);
      // With the second of the countdown, so that all tabs show the same.
      const wait = ((now.status.remainingMs ?? 0) % 1000) + 10;
      this.#timer = setTimeout(() => this.#look(), wait < 200 ? wait + 1000 : wait);
    } else {
      this.#load();
    }
  }

  /** What is seen is loaded when it is first seen: a hidden one only records. */
  async #load(): Promise<void> {
    const agent = this.#agent;
    try {
      const { Panel, styles } = await import('./inspector/panel.ts');
      if (agent !== this.#agent || this.#panel) {
        return;
      }
      this.#panel = new Panel(this.#recorder, this.#network, {
        report: () => this.report(),
        close: () => this.close(),
        toggleWatcher: () => {
          this.watchNetwork = !this.watchNetwork;
        },
      });
      this.#root.adoptedStyleSheets.push(styles());
      this.#root.replaceChildren(this.#panel.node);
      this.#look();
      if (this.#wanted) {
        this.focus();
      }
    } catch {
      // Offline, say: the next look tries again, and all that is to be said can be read meanwhile.
      const text = document.createElement('pre');
      text.textContent = this.report();
      this.#root.replaceChildren(text);
    }
  }

  report(): string {
    const now = this.#snapshot();
    if (!now) {
      return '';
    }
    this.#recorder.take(now);
    const [recorder, network, wishes] = [this.#recorder, this.#network, this.#agentOptions];
    return report({ now, recorder, network, wishes });
  }

  override focus(): void {
    this.#wanted = !this.#panel;
    this.#panel?.focus();
  }

  close(): void {
    const inside = this.matches(':focus-within');
    const from = this.#from;
    this.remove();
    if (inside) {
      from?.focus();
    }
    this.dispatchEvent(new Event('close'));
  }
}

if (globalThis.customElements && !customElements.get(NAME)) {
  customElements.define(NAME, StillhereInspector as unknown as CustomElementConstructor);
}

export function openInspector(
  agent: Public.Agent,
  options: InspectorOptions = {},
): StillhereInspector {
  check('agent', agent ?? 0);
  if (typeof options !== 'object' || !options) {
    check('options', 0);
  }
  for (const [name, value] of Object.entries(options)) {
    const known = PROPERTIES.slice(1);
    if (!known.includes(name as (typeof known)[number])) {
      throw new Failure('unknown-option', `${name} is none of ${known.join(', ')}`, name);
    }
    check(name, value);
  }
  const open = document.querySelector<StillhereInspector>(`${NAME}[docked]`);
  const inspector = open ?? (document.createElement(NAME) as StillhereInspector);
  Object.assign(inspector, options, { agent });
  if (!open) {
    inspector.setAttribute('docked', '');
    // Beside the body: no framework renders over it, and what covers the app at its end can leave it out.
    document.documentElement.append(inspector);
  }
  return inspector;
}
