/** The element with this id; the page always has it. */
export const byId = (id) => document.getElementById(id);

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== null && value !== false) {
      node.setAttribute(name, value);
    }
  }
  node.append(...children);
  return node;
}

/** Makes an HTML element. */
export function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** Sets the text only where it changed, so that nothing is announced or laid out again in vain. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
