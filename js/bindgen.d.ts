// What wasm-bindgen makes of src/bindings.rs, as far as js/ uses it.

import type { KeepAlive } from 'stillhere';

export class Machine {
  constructor(
    channel: string | undefined,
    id: bigint,
    seed: bigint,
    wish: Uint32Array,
    listening: number,
    keepAlive: KeepAlive,
    emit: (name: string, code?: string) => void,
  );
  note(): void;
  stay(): void;
  end(because: string): boolean;
  hold(id: bigint, reason: string, ttlMs: number): void;
  release(id: bigint): void;
  moveTo(channel: string | undefined): void;
  close(): void;
  status(): Float64Array;
  contexts(): Float64Array;
  holds(): Float64Array;
  reasons(): string;
}

// The two halves of wasm-bindgen's `init`, between which js/index.ts loads the module.
export function __wbg_get_imports(): WebAssembly.Imports;
export function __wbg_finalize_init(
  instance: WebAssembly.Instance,
  module: WebAssembly.Module,
): unknown;
