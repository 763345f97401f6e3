/** Where a record is: in the session storage of this tab, which its frames of the same origin share. */
import { leftMs, parse, type Sealed } from './record.ts';

function name(): string {
  const frame = window.frameElement;
  return `stillhere/resume${frame ? `/${frame.id}` : ''}`;
}

/** Throws where storage is blocked. */
export const load = () => sessionStorage.getItem(name());

/** Throws where storage is blocked or full; then what stood there stands there still. */
export const store = (record: string) => sessionStorage.setItem(name(), record);

export function drop(): void {
  try {
    sessionStorage.removeItem(name());
  } catch {
    // Where storage is blocked there is nothing to forget; whoever keeps work is told by `store`.
  }
}

export function stored(): Sealed | undefined {
  try {
    return parse(load() ?? '');
  } catch {
    // As above.
    return undefined;
  }
}

let due: ReturnType<typeof setTimeout>;

export function forgetExpired(): void {
  clearTimeout(due);
  const sealed = stored();
  const left = sealed ? leftMs(sealed) : 0;
  if (left > 0) {
    due = setTimeout(forgetExpired, left);
  } else {
    drop();
  }
}
