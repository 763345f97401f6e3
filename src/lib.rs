//! The Stillhere agent: logs out absent people, never present ones.
//!
//! - [`core`] is the machine: facts that merge, and the decisions that follow
//!   from them. Pure Rust; start reading at [`core::agent`].
//! - `browser` (wasm32 only) carries the machine's effects out and turns the
//!   page's events into its inputs. It decides nothing.
//! - `bindings` (wasm32 only) holds the only exports to JavaScript.
//!
//! The picture is in `docs/architecture.md`.

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod core;

/// A tenth of the standard allocator's size (docs/decisions/size.md).
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
