// What wasm-bindgen makes of src/bindings.rs, as far as js/ uses it.

import type { Page } from './page.ts';

export class Machine {
  constructor(page: Page, numbers: number[]);
  input(kind: number, event: Event): void;
  tell(what: number, numbers: readonly number[]): void;
  hear(message: Uint8Array): void;
  answer(id: number, numbers: Float64Array): void;
  look(what: number): void;
}

// The two halves of wasm-bindgen's `init`, between which js/index.ts loads the module.
export function __wbg_get_imports(): WebAssembly.Imports;
export function __wbg_finalize_init(
  instance: WebAssembly.Instance,
  module: WebAssembly.Module,
): unknown;
