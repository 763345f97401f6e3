//! The only exports to JavaScript, by the plain C ABI of the platform; `js/` is their only caller
//! (docs/decisions/seam.md). An instance of the module is one context, so no call names it.
//!
//! Arguments are numbers. Rows of numbers and messages lie in a room that [`room`] makes: JavaScript
//! fills it, and the next call takes what is in it.
#![expect(
    unsafe_code,
    reason = "an export is named by an unsafe attribute, and a static must be shareable"
)]

use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use crate::browser::shell::Shell;
use crate::browser::view;
use crate::core::agent::Config;
use crate::core::ended::EndedBecause;
use crate::core::facts::{Kind, Wish};
use crate::core::input::{Departure, Grant, Input, Refusal};
use crate::core::policy::Mode;

/// In the order of `js/status.ts` and `js/page.ts`.
const KINDS: [Kind; 4] = [Kind::Keystroke, Kind::Click, Kind::Heartbeat, Kind::Note];
const REFUSALS: [Refusal; 4] =
    [Refusal::Untrusted, Refusal::Origin, Refusal::Rate, Refusal::Malformed];
const GRANTS: [Grant; 3] = [Grant::Granted, Grant::Busy, Grant::Lost];

/// What an instance has one of.
struct Single<T>(T);

// SAFETY: the module has no threads: it is built without atomics and shares no memory.
unsafe impl<T> Sync for Single<T> {}

static SHELL: Single<OnceCell<Shell>> = Single(OnceCell::new());
static ROOM: Single<RefCell<Vec<u8>>> = Single(RefCell::new(Vec::new()));

/// Before the start there is nobody to tell.
fn with(work: impl FnOnce(&Shell)) {
    if let Some(shell) = SHELL.0.get() {
        work(shell);
    }
}

/// Both halves of a name.
fn whole(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Starts the context: both halves of its name and of its seed; the wished idle timeout, warning time
/// and keep-alive interval in milliseconds, 0 for none; whether it wishes to observe only; the name of
/// its token; whether the authority has an event stream, and whether the page can be seen.
#[unsafe(no_mangle)]
extern "C" fn start(
    id_high: u32,
    id_low: u32,
    seed_high: u32,
    seed_low: u32,
    idle_timeout_ms: u32,
    warn_before_ms: u32,
    keepalive_ms: u32,
    observe: u32,
    token: u32,
    listens: u32,
    visible: u32,
) {
    let wished = |ms: u32| Some(u64::from(ms)).filter(|ms| *ms > 0);
    let config = Config {
        id: whole(id_high, id_low),
        seed: whole(seed_high, seed_low),
        wish: Wish {
            idle_timeout_ms: wished(idle_timeout_ms),
            warn_before_ms: wished(warn_before_ms),
            keepalive_ms: wished(keepalive_ms),
            mode: if observe > 0 { Mode::Observe } else { Mode::Enforce },
        },
        token,
        listens: listens > 0,
        visible: visible > 0,
    };
    if SHELL.0.set(Shell::new(config)).is_ok() {
        with(Shell::start);
    }
}

/// That many activities of that kind were counted by the page within the span that it was given, the newest at
/// `wall` by the wall clock.
#[unsafe(no_mangle)]
extern "C" fn counted(kind: u32, times: u32, wall: f64) {
    if let Some(kind) = KINDS.get(kind as usize) {
        with(|shell| shell.counted(*kind, times, wall as u64));
    }
}

/// Tells of what the app and the browser do; `js/page.ts` names the numbers. An activity has a kind
/// and, if that is known, the moment by the page's monotonic clock; a hold a name in two halves, a
/// time to live, and a reason in the room.
#[unsafe(no_mangle)]
extern "C" fn tell(what: u32, first: u32, second: f64, third: u32) {
    with(|shell| {
        let id = whole(first, second as u32);
        let reason;
        let input = match what {
            0 => match KINDS.get(first as usize) {
                Some(kind) => return shell.activity(*kind, second),
                None => return,
            },
            1 => Input::Stay,
            2 => Input::Close,
            3 => {
                reason = ROOM.0.take();
                Input::Hold { id, reason: &reason, ttl_ms: third.into() }
            }
            4 => Input::Release(id),
            5 => match REFUSALS.get(first as usize) {
                Some(refusal) => Input::Refused(*refusal),
                None => return,
            },
            6 => return shell.fired(first),
            7 => match GRANTS.get(second as usize) {
                Some(grant) => return shell.granted(first, *grant),
                None => return,
            },
            8 => Input::Visible(first > 0),
            9 => Input::Leaving(if first > 0 { Departure::Frozen } else { Departure::Hidden }),
            10 => Input::Returned,
            11 => Input::StreamBroke,
            12 => return shell.move_to(first),
            _ => match EndedBecause::ALL.get(what as usize - 13) {
                Some(because) => Input::End(*because),
                None => return,
            },
        };
        shell.tell(input);
    });
}

/// Makes room for that many bytes and says where it is.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    let mut room = ROOM.0.borrow_mut();
    room.clear();
    room.resize(length, 0);
    room.as_mut_ptr()
}

/// The room holds a message of the channel. None of ours is empty, so what is no byte array comes as
/// an empty one.
#[unsafe(no_mangle)]
extern "C" fn hear() {
    with(|shell| shell.tell(Input::Message(&ROOM.0.take())));
}

/// The room holds what came back for that request, or over the event stream for 0: numbers in the
/// order of [`crate::core::flat::answer`].
#[unsafe(no_mangle)]
extern "C" fn answer(id: u32) {
    let bytes = ROOM.0.take();
    let numbers: Vec<f64> =
        bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    with(|shell| shell.answer(id, &numbers));
}

/// Shows numbers that `js/status.ts` gives names to: status or contexts (`browser/view.rs`).
#[unsafe(no_mangle)]
extern "C" fn look(what: u32) {
    with(|shell| shell.look(if what == 0 { view::status } else { view::contexts }));
}
