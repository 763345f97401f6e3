/**
 * Whether it is an origin as `MessageEvent.origin` spells it. A page that has none says "null", and a
 * pattern is none, though WebKit parses it as one.
 */
export function isOrigin(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    !value.includes('*') &&
    URL.canParse(value) &&
    new URL(value).origin === value
  );
}
