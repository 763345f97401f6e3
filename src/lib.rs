//! The Stillhere agent: logs out absent people, never present ones.
//!
//! - [`core`] is the machine: facts that merge, and the decisions that follow
//!   from them. Pure Rust; start reading at [`core::agent`].
//! - `browser` (wasm32 only) carries the machine's effects out and turns the
//!   page's events into its inputs. It decides nothing.
//! - `bindings` (wasm32 only) holds the only exports to JavaScript.
//!
//! The picture is in `docs/architecture.md`.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod core;

/// The smallest that gives memory back (docs/decisions/size.md).
#[cfg(target_arch = "wasm32")]
#[global_allocator]
#[expect(unsafe_code, reason = "the crate asks for the promise below")]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> = {
    // SAFETY: the module has no threads: it is built without atomics and shares no memory.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) }
};

/// A panic is a trap: the page gets a `RuntimeError`, and the machine brings along no text for it.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &::core::panic::PanicInfo<'_>) -> ! {
    ::core::arch::wasm32::unreachable()
}
