import { colorOf } from './snapshot.ts';

const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Record<string, string | number | boolean | undefined>;

function build<E extends Element>(node: E, attributes: Attributes, children: (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : `${value}`);
    }
  }
  node.append(...children);
  return node;
}

/** Makes an HTML element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return build(document.createElement(tag), attributes, children);
}

/** Makes an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets the text only where it changed, so that nothing is announced or laid out again in vain. */
export function say(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** The label of a tab in its colour. */
export function badge(label: string): HTMLElement {
  return h('span', { class: 'badge', 'data-tab': colorOf(label), 'aria-hidden': 'true' }, label);
}

/** Puts these children there, and touches nothing where they are there already. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  const { children } = parent;
  if (wanted.length !== children.length || wanted.some((node, at) => children[at] !== node)) {
    parent.replaceChildren(...wanted);
  }
}

/** A part of the panel with a heading. */
export function part(title: string | Element, ...children: Node[]): HTMLElement {
  return h(
    'section',
    { class: 'part' },
    typeof title === 'string' ? h('h3', {}, title) : title,
    ...children,
  );
}
