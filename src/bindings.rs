//! The only exports to JavaScript. `js/page.ts` is their only caller: few calls that take many
//! kinds, since each export costs the module its own checks (docs/decisions/size.md).

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Document, Window};

use crate::browser::lock::LockManager;
use crate::browser::page::Page;
use crate::browser::shell::{Place, Shell};
use crate::browser::view;
use crate::core::agent::Config;
use crate::core::ended::EndedBecause;
use crate::core::facts::{Kind, Wish};
use crate::core::input::Input;

/// One context.
#[wasm_bindgen]
pub struct Machine {
    shell: Rc<Shell>,
}

#[wasm_bindgen]
impl Machine {
    /// Starts a context. Wishes are in milliseconds, 0 for none; `bits` tell what to listen to:
    /// keystrokes, clicks, scroll, pointer moves, the authority's event stream.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "an object costs a getter for each field")]
    pub fn new(
        page: Page,
        window: Window,
        document: Document,
        locks: LockManager,
        channel: JsValue,
        id: u64,
        seed: u64,
        idle_timeout_ms: u32,
        warn_before_ms: u32,
        keepalive_ms: u32,
        bits: u32,
    ) -> Self {
        let wished = |ms: u32| (ms > 0).then_some(u64::from(ms));
        let wish = Wish {
            idle_timeout_ms: wished(idle_timeout_ms),
            warn_before_ms: wished(warn_before_ms),
            keepalive_ms: wished(keepalive_ms),
        };
        let config = Config { id, seed, wish, listens: bits & 16 > 0, visible: true };
        let place = Place { page, window, document, locks, channel };
        Self { shell: Shell::start(place, config, bits) }
    }

    /// Tells of what the app does; `js/page.ts` names the numbers. A hold has a name, a time to
    /// live and a reason, character by character.
    pub fn tell(&self, what: u32, id: u64, ttl_ms: f64, reason: &[f64]) {
        let input = match what {
            0 => return self.shell.count(Kind::Note),
            1 => Input::Stay,
            2 => Input::Close,
            3 => {
                let reason: String =
                    reason.iter().filter_map(|each| char::from_u32(*each as u32)).collect();
                self.shell.tell(Input::Hold { id, reason: &reason, ttl_ms: ttl_ms as u64 });
                return;
            }
            4 => Input::Release(id),
            _ => match EndedBecause::ALL.get(what as usize - 5) {
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

    /// Numbers that `js/status.ts` gives names to: status, contexts, holds (`browser/view.rs`).
    pub fn look(&self, what: u32) -> Vec<f64> {
        self.shell.look(match what {
            0 => view::status,
            1 => view::contexts,
            _ => view::holds,
        })
    }
}
