import type { Agent } from 'stillhere';
import type * as Public from 'stillhere/warning';
import { check } from './warning/options.ts';
import { watch } from './warning/watch.ts';

const NAME = 'stillhere-warning';
const PROPERTIES = ['agent', 'texts', 'signIn'] as const;

/** Those in the document that have an agent. */
const elements = new Set<Warning>();
/** The agents that are shown, each by one of its elements. */
const watches = new Map<Agent, ReturnType<typeof watch>>();

/** Lets go of agents that an element has no more, takes those that none shows yet, shows what changed. */
function update(): void {
  for (const [agent, { element, stop }] of watches) {
    if (!element.isConnected || element.agent !== agent) {
      watches.delete(agent);
      stop();
    }
  }
  for (const element of elements) {
    const agent = element.agent as Agent;
    const known = watches.get(agent);
    known ? known.look() : watches.set(agent, watch(agent, element));
  }
}

// Servers that render pages load the module where there are no elements.
class Warning extends (globalThis.HTMLElement ?? Object) implements Public.StillhereWarning {
  declare agent: Agent | undefined;
  declare texts: Partial<Public.WarningTexts> | undefined;
  declare signIn: string | (() => void) | undefined;

  static readonly observedAttributes = ['sign-in'];

  readonly #values: Record<string, unknown> = {};

  static {
    for (const name of PROPERTIES) {
      Object.defineProperty(Warning.prototype, name, {
        get(this: Warning) {
          return this.#values[name];
        },
        set(this: Warning, value: unknown) {
          check({ [name]: value });
          this.#values[name] = value ?? undefined;
          this.#changed();
        },
      });
    }
  }

  attributeChangedCallback(_name: string, _before: string | null, value: string): void {
    this.signIn = value;
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) {
      // What a framework set before this class was known hides the property of the class.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        Reflect.deleteProperty(this, name);
        Object.assign(this, { [name]: value });
      }
    }
    this.#changed();
  }

  disconnectedCallback(): void {
    this.#changed();
  }

  #changed(): void {
    if (this.agent && this.isConnected) {
      elements.add(this);
    } else if (!elements.delete(this)) {
      return;
    }
    update();
  }
}

globalThis.customElements?.define(NAME, Warning);

export function attachWarning(
  agent: Agent,
  options: Public.WarningOptions = {},
): Public.StillhereWarning {
  check({ agent: agent ?? {}, ...options });
  const { lang, notify, cover, ...properties } = options;
  const element = watches.get(agent)?.element ?? document.createElement(NAME);
  element.lang = lang ?? '';
  element.toggleAttribute('notify', notify ?? false);
  element.toggleAttribute('no-cover', cover === false);
  Object.assign(element, { texts: {}, signIn: undefined, ...properties, agent });
  // Where no part of the app that is drawn anew takes it along.
  element.isConnected || document.documentElement.append(element);
  return element;
}
