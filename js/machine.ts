/** What the module exports (src/bindings.rs says what each takes), and how an instance is made. */
import { StillhereError } from './error.ts';
import type { Page } from './page.ts';

/** One context. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  start(...numbers: number[]): void;
  counted(kind: number, times: number, wall: number): void;
  tell(what: number, first: number, second: number, third: number): void;
  room(length: number): number;
  hear(): void;
  answer(id: number): void;
  look(what: number): void;
}

let loading: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const response = await fetch(new URL('./stillhere.wasm', import.meta.url));
  if (!response.ok) {
    throw new Error(`${response.url}: ${response.status}`);
  }
  // At this size streaming gains nothing, and this needs no `application/wasm` of the server.
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Loads the module once; a load that failed is tried again by the next call. */
export function load(): Promise<WebAssembly.Module> {
  loading ??= compile().catch((cause: unknown) => {
    loading = undefined;
    const message = `stillhere.wasm did not load (${cause}); serve it beside index.js and allow 'wasm-unsafe-eval' in the Content-Security-Policy.`;
    throw new StillhereError('wasm-unavailable', message);
  });
  return loading;
}

/** A machine for that page. It calls nobody before it is started. */
export async function instantiate(module: WebAssembly.Module, page: Page): Promise<Machine> {
  const imports = page as unknown as WebAssembly.ModuleImports;
  const { exports } = await WebAssembly.instantiate(module, { page: imports });
  return exports as unknown as Machine;
}

/** Puts bytes where the next call of the machine finds them. */
export function fill(machine: Machine, bytes: ArrayLike<number>): void {
  const at = machine.room(bytes.length);
  new Uint8Array(machine.memory.buffer, at, bytes.length).set(bytes);
}
