//! Memory at a constant price. What a real allocator does for the same call depends on everything that
//! was allocated before, so a budget would move with changes that have nothing to do with it.
#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes for the whole run, of which a few megabytes are used.
const SIZE: usize = 256 << 20;
/// What every block is aligned to, in bytes; the program asks for no more.
const ALIGN: usize = 16;

/// Gives each block out once and takes none back.
pub struct Arena {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

impl Arena {
    /// Nothing is used yet.
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) }
    }
}

// SAFETY: no byte is given out twice, and the counter is atomic.
unsafe impl Sync for Arena {}

// SAFETY: blocks lie within `bytes`, do not overlap, and start at a multiple of `ALIGN`, which the
// first byte is rounded up to; what does not fit or asks for a larger alignment is refused with null.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.bytes.get().cast::<u8>();
        let size = layout.size().next_multiple_of(ALIGN);
        let at = self.used.fetch_add(size, Ordering::Relaxed) + base.align_offset(ALIGN);
        if at + size > SIZE || layout.align() > ALIGN {
            return null_mut();
        }
        // SAFETY: `at` is within `bytes`, see above.
        unsafe { base.add(at) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
