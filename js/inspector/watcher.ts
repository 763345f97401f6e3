/**
 * Sees what the calls of `fetch` and `XMLHttpRequest` carry, while it is on, and changes nothing about
 * them: arguments and what comes of a call are handed through as they are, and nothing is read that
 * could be read only once.
 */

export type Carried = 'token' | 'authorization' | 'neither';

export interface Seen {
  readonly address: string;
  /** Names in small letters. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

type Listener = (seen: Seen) => void;
// biome-ignore lint/suspicious/noExplicitAny: whatever the page calls
type AnyFunction = (...args: any[]) => unknown;

const listeners = new Set<Listener>();
let undo: (() => void) | undefined;

function tell(see: () => Seen | undefined): void {
  try {
    const seen = see();
    if (seen) {
      for (const listener of listeners) {
        listener(seen);
      }
    }
  } catch {
    // The page's call must go on, whatever it was made of; Resource Timing has it in any case.
  }
}

/** A property of the object's own that is no getter: to read it has no effect. */
const plain = (object: unknown, name: string): unknown =>
  Object.getOwnPropertyDescriptor(Object(object), name)?.value;

function headersOf(given: unknown): [string, string][] {
  if (given instanceof Headers) {
    return [...given];
  }
  // Any other iterable could be one that gives its values once.
  const pairs = Array.isArray(given)
    ? given
    : Object.keys(Object(given)).map((name) => [name, plain(given, name)]);
  return pairs.flatMap(([name, value]) =>
    typeof name === 'string' && typeof value === 'string'
      ? [[name.toLowerCase(), value] as [string, string]]
      : [],
  );
}

function ofFetch([input, init]: unknown[]): Seen | undefined {
  const request = input instanceof Request ? input : undefined;
  if (!request && typeof input !== 'string' && !(input instanceof URL)) {
    return undefined;
  }
  const address = request ? request.url : new URL(input as string | URL, document.baseURI).href;
  // Headers that are given beside a Request replace its own (Fetch, 5.4).
  const given = plain(init, 'headers');
  return {
    address,
    headers: given === undefined && request ? [...request.headers] : headersOf(given),
  };
}

/** Puts a proxy in the place of a function, which stays a function of the same name and length. */
function wrap(
  holder: object,
  name: string,
  before: (self: object, args: unknown[]) => void,
): () => void {
  const original = Reflect.get(holder, name) as AnyFunction;
  let on = true;
  const proxy = new Proxy(original, {
    apply(target, self, args) {
      if (on) {
        before(self, args);
      }
      // Its promise is handed on untouched: whoever listens to it would hide that nobody does.
      return Reflect.apply(target, self, args);
    },
  });
  Reflect.set(holder, name, proxy);
  return () => {
    on = false;
    // Somebody may have wrapped it meanwhile; then it is one that only passes through.
    if (Reflect.get(holder, name) === proxy) {
      Reflect.set(holder, name, original);
    }
  };
}

function wrapAll(): () => void {
  const requests = new WeakMap<object, { address: string; headers: [string, string][] }>();
  const xhr = XMLHttpRequest.prototype;
  const undos = [
    wrap(window, 'fetch', (_, args) => tell(() => ofFetch(args))),
    wrap(xhr, 'open', (self, [, url]) => {
      requests.delete(self);
      if (typeof url === 'string' || url instanceof URL) {
        tell(() => {
          requests.set(self, { address: new URL(url, document.baseURI).href, headers: [] });
          return undefined;
        });
      }
    }),
    wrap(xhr, 'setRequestHeader', (self, [name, value]) => {
      if (typeof name === 'string' && typeof value === 'string') {
        requests.get(self)?.headers.push([name.toLowerCase(), value]);
      }
    }),
    wrap(xhr, 'send', (self) => tell(() => requests.get(self))),
  ];
  return () => {
    for (const each of undos) {
      each();
    }
  };
}

/** Calls back for each call that begins, until what it gives is called. */
export function watch(listener: Listener): () => void {
  listeners.add(listener);
  undo ??= wrapAll();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      undo?.();
      undo = undefined;
    }
  };
}
