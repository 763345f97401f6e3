//! The only exports to JavaScript. `js/index.ts` is their only caller: few calls that take many
//! kinds, since each export costs the module its own checks (docs/decisions/size.md).

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::lock::LockManager;
use crate::browser::page::Page;
use crate::browser::shell::{Place, Shell};
use crate::browser::view;
use crate::core::agent::Config;
use crate::core::ended::EndedBecause;
use crate::core::facts::{Kind, Wish};
use crate::core::input::{Input, Refusal};

/// Both in the order of `js/status.ts`.
const KINDS: [Kind; 4] = [Kind::Keystroke, Kind::Click, Kind::Heartbeat, Kind::Note];
const REFUSALS: [Refusal; 4] =
    [Refusal::Untrusted, Refusal::Origin, Refusal::Rate, Refusal::Malformed];

/// One context.
#[wasm_bindgen]
pub struct Machine {
    shell: Rc<Shell>,
}

#[wasm_bindgen]
impl Machine {
    /// Starts a context. `numbers` are both halves of its name and of its seed; the wished idle
    /// timeout, warning time and keep-alive interval in milliseconds, 0 for none; and the bits of
    /// what to listen to: keystrokes, clicks, scroll, pointer moves, the authority's stream.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(page: Page, locks: LockManager, channel: JsValue, numbers: &[u32]) -> Self {
        let at = |at: usize| u64::from(numbers.get(at).copied().unwrap_or_default());
        let wished = |number: usize| Some(at(number)).filter(|ms| *ms > 0);
        let wish =
            Wish { idle_timeout_ms: wished(4), warn_before_ms: wished(5), keepalive_ms: wished(6) };
        let bits = at(7) as u32;
        let config = Config {
            id: at(0) << 32 | at(1),
            seed: at(2) << 32 | at(3),
            wish,
            listens: bits & 16 > 0,
            visible: true,
        };
        let place = Place { page, locks, channel };
        Self { shell: Shell::start(place, config, bits) }
    }

    /// Tells of what the app does; `js/page.ts` names the numbers. An activity has a kind and, if that
    /// is known, the moment by the page's monotonic clock; a hold a name in two halves, a time to live,
    /// and a reason, byte by byte.
    pub fn tell(&self, what: u32, numbers: &[u32]) {
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        let id = u64::from(number(0)) << 32 | u64::from(number(1));
        let input = match what {
            0 => {
                let Some(kind) = KINDS.get(number(0) as usize) else { return };
                return self.shell.count(*kind, || f64::from(number(1)));
            }
            1 => Input::Stay,
            2 => Input::Close,
            3 => {
                let reason: Vec<u8> = numbers.iter().skip(3).map(|byte| *byte as u8).collect();
                let ttl_ms = number(2).into();
                return self.shell.tell(Input::Hold { id, reason: &reason, ttl_ms });
            }
            4 => Input::Release(id),
            5 => match REFUSALS.get(number(0) as usize) {
                Some(refusal) => Input::Refused(*refusal),
                None => return,
            },
            _ => match EndedBecause::ALL.get(what as usize - 6) {
                Some(because) => Input::End(*because),
                None => return,
            },
        };
        self.shell.tell(input);
    }

    /// The token was rotated: another channel, the same facts.
    #[wasm_bindgen(js_name = "moveTo")]
    pub fn move_to(&self, channel: JsValue) {
        self.shell.move_to(channel);
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
