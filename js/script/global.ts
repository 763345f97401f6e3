/** What the classic scripts share: one global, whichever of them comes first. */
export function add(functions: object): void {
  const page = globalThis as { stillhere?: object };
  page.stillhere = Object.assign(page.stillhere ?? {}, functions);
}
