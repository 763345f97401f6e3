/** Whether it is an origin as `MessageEvent.origin` spells it. A page that has none says "null". */
export function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}
