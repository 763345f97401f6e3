//! The page's side, as js/page.ts makes it: numbers go out here and come in at `bindings.rs`, and js/
//! gives them names. Nothing of it ever throws.
#![expect(unsafe_code, reason = "imports stand in an unsafe block; all of them are safe to call")]

// Imported under these names from the page that an instance is made with.
#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// The wall clock, in milliseconds.
    pub(super) safe fn wall() -> f64;

    /// The monotonic clock, in milliseconds and fractions of them.
    pub(super) safe fn monotonic() -> f64;

    /// From when to when, in milliseconds of the wall clock, an input needs nothing but counting: the page does
    /// that by itself, and says so with the next call.
    pub(super) safe fn count(from: f64, until: f64);

    /// Tells the app of an event: its number and its code, in the order of `js/page.ts`.
    pub(super) safe fn emit(event: u32, code: u32);

    /// Opens the channel, if it is not open. 0 where there is none, or no locks.
    pub(super) safe fn open() -> u32;

    /// Closes the channel.
    pub(super) safe fn shut();

    /// Asks for a lock, if it is free or by force. It is never waited for, and of an older request
    /// for it nothing counts any more.
    pub(super) safe fn take(lock: u32, steal: u32);

    /// Lets go of it, or gives up a request that is under way.
    pub(super) safe fn drop(lock: u32);

    /// Sets that timer, instead of what it was set to. `ms` is at most 2^31 - 1.
    pub(super) safe fn wait(timer: u32, ms: u32);

    /// Clears that timer.
    pub(super) safe fn clear(timer: u32);

    /// Aborts that request, unless it is over.
    pub(super) safe fn abort(id: u32);

    /// Reads its event stream, until it ends or is left.
    pub(super) safe fn listen();

    /// Leaves the event stream.
    pub(super) safe fn leave();
}

/// What comes with a place in memory, where it is only there during the call.
mod raw {
    #[link(wasm_import_module = "page")]
    unsafe extern "C" {
        pub(super) safe fn post(message: *const u8, length: usize);
        pub(super) safe fn request(what: u32, id: u32, detail: *const f64, length: usize);
        pub(super) safe fn show(flat: *const f64, length: usize);
    }
}

/// Sends that on the channel.
pub(super) fn post(message: &[u8]) {
    raw::post(message.as_ptr(), message.len());
}

/// Asks the `KeepAlive` of the page.
pub(super) fn request(what: u32, id: u32, detail: &[f64]) {
    raw::request(what, id, detail.as_ptr(), detail.len());
}

/// Shows what [`super::shell::Shell::look`] saw.
pub(super) fn show(flat: &[f64]) {
    raw::show(flat.as_ptr(), flat.len());
}
