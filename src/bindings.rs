//! The only exports to JavaScript. `js/` is their only caller: few calls that take many kinds, since
//! each export costs the module its own checks (docs/decisions/size.md).

use wasm_bindgen::prelude::*;
use web_sys::Event;

use crate::browser::events;
use crate::browser::page::Page;
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

/// One context.
#[wasm_bindgen]
pub struct Machine {
    shell: Shell,
}

#[wasm_bindgen]
impl Machine {
    /// Starts a context. `numbers` are both halves of its name and of its seed; the wished idle
    /// timeout, warning time and keep-alive interval in milliseconds, 0 for none; whether it wishes to
    /// observe only; the name of its token; whether the authority has an event stream, and whether the page can be seen.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(page: Page, numbers: &[u32]) -> Self {
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        let long = |at: usize| u64::from(number(at)) << 32 | u64::from(number(at + 1));
        let wished = |at: usize| Some(u64::from(number(at))).filter(|ms| *ms > 0);
        let config = Config {
            id: long(0),
            seed: long(2),
            wish: Wish {
                idle_timeout_ms: wished(4),
                warn_before_ms: wished(5),
                keepalive_ms: wished(6),
                mode: if number(7) > 0 { Mode::Observe } else { Mode::Enforce },
            },
            token: number(8),
            listens: number(9) > 0,
            visible: number(10) > 0,
        };
        Self { shell: Shell::start(page, config) }
    }

    /// An input event of that kind, which counts if it is trusted.
    pub fn input(&self, kind: u32, event: &Event) {
        if let Some(kind) = KINDS.get(kind as usize) {
            events::input(&self.shell, *kind, event);
        }
    }

    /// Tells of what the app and the browser do; `js/page.ts` names the numbers. An activity has a kind
    /// and, if that is known, the moment by the page's monotonic clock; a hold a name in two halves, a
    /// time to live, and a reason, byte by byte.
    pub fn tell(&self, what: u32, numbers: &[u32]) {
        let shell = &self.shell;
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        let first = number(0) as usize;
        let id = u64::from(number(0)) << 32 | u64::from(number(1));
        let input = match what {
            0 => {
                let Some(kind) = KINDS.get(first) else { return };
                return shell.count(*kind, || f64::from(number(1)));
            }
            1 => Input::Stay,
            2 => Input::Close,
            3 => {
                let bytes = numbers.get(3..).unwrap_or_default();
                let reason: Vec<u8> = bytes.iter().map(|byte| *byte as u8).collect();
                let ttl_ms = number(2).into();
                return shell.tell(Input::Hold { id, reason: &reason, ttl_ms });
            }
            4 => Input::Release(id),
            5 => match REFUSALS.get(first) {
                Some(refusal) => Input::Refused(*refusal),
                None => return,
            },
            6 => return shell.fired(number(0)),
            7 => match GRANTS.get(number(1) as usize) {
                Some(grant) => return shell.granted(number(0), *grant),
                None => return,
            },
            8 => Input::Visible(first > 0),
            9 => Input::Leaving(if first > 0 { Departure::Frozen } else { Departure::Hidden }),
            10 => Input::Returned,
            11 => Input::StreamBroke,
            12 => return shell.move_to(number(0)),
            _ => match EndedBecause::ALL.get(what as usize - 13) {
                Some(because) => Input::End(*because),
                None => return,
            },
        };
        shell.tell(input);
    }

    /// A message on the channel. None of ours is empty, so what is no byte array comes as an empty one.
    pub fn hear(&self, message: &[u8]) {
        self.shell.tell(Input::Message(message));
    }

    /// What came back for that request, or over the event stream for 0, in the order of
    /// [`crate::core::flat::answer`].
    pub fn answer(&self, id: u32, numbers: &[f64]) {
        self.shell.answer(id, numbers);
    }

    /// Shows numbers that `js/status.ts` gives names to: status, contexts, holds
    /// (`browser/view.rs`).
    pub fn look(&self, what: u32) {
        self.shell.look(match what {
            0 => view::status,
            1 => view::contexts,
            _ => view::holds,
        });
    }
}
