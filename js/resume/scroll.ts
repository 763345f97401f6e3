/** Where the window stands, and containers that have an id or that the app marked. */

export type Offset = readonly [left: number, top: number];

export const MARKED = '[data-stillhere~=scroll]';

/** By what a container is found again. */
function keyOf(element: Element): string | undefined {
  if (element === document.scrollingElement) {
    return '';
  }
  const nth = [...document.querySelectorAll(MARKED)].indexOf(element);
  return element.id ? `#${element.id}` : nth < 0 ? undefined : `${nth}`;
}

/** Where those stand that were scrolled, as far as they are there and not at their beginning. */
export function offsets(scrolled: Iterable<EventTarget>): Record<string, Offset> {
  const found: Record<string, Offset> = {};
  for (const target of scrolled) {
    const element = target === document ? document.scrollingElement : (target as Element);
    const key = element?.isConnected && keyOf(element);
    if (typeof key === 'string' && (element?.scrollLeft || element?.scrollTop)) {
      found[key] = [element.scrollLeft, element.scrollTop];
    }
  }
  return found;
}
