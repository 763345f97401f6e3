//! The only exports to JavaScript. `js/index.ts` is their only caller.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::browser::events::Listening;
use crate::browser::http::KeepAlive;
use crate::browser::shell::{Shell, Start};
use crate::browser::view;
use crate::core::ended::EndedBecause;
use crate::core::facts::{Kind, Wish};
use crate::core::input::Input;

/// One context, as `js/index.ts` drives it.
#[wasm_bindgen]
pub struct Machine {
    shell: Rc<Shell>,
}

#[wasm_bindgen]
impl Machine {
    /// Starts a context. `wish` holds idle timeout, warning time and keep-alive interval in
    /// milliseconds, 0 for none; `listening` the bits keystrokes, clicks, scroll, pointer moves.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(
        channel: Option<String>,
        id: u64,
        seed: u64,
        wish: &[u32],
        listening: u8,
        keep_alive: KeepAlive,
        emit: Function,
    ) -> Self {
        let wished = |at: usize| wish.get(at).filter(|ms| **ms > 0).map(|ms| u64::from(*ms));
        let listening = Listening {
            keystrokes: listening & 1 > 0,
            clicks: listening & 2 > 0,
            scroll: listening & 4 > 0,
            pointer_move: listening & 8 > 0,
        };
        let wish =
            Wish { idle_timeout_ms: wished(0), warn_before_ms: wished(1), keepalive_ms: wished(2) };
        let start = Start { channel, id, seed, wish, listening, keep_alive, emit };
        Self { shell: Shell::start(start) }
    }

    /// Activity that the app vouches for.
    pub fn note(&self) {
        self.shell.count(Kind::Note);
    }

    /// The answer to the warning.
    pub fn stay(&self) {
        self.shell.tell(Input::Stay);
    }

    /// Signs out everywhere. `false` for a reason that does not exist.
    pub fn end(&self, because: &str) -> bool {
        let because = EndedBecause::parse(because);
        if let Some(because) = because {
            self.shell.tell(Input::End(because));
        }
        because.is_some()
    }

    /// Takes or renews a hold.
    pub fn hold(&self, id: u64, reason: &str, ttl_ms: f64) {
        self.shell.tell(Input::Hold { id, reason, ttl_ms: ttl_ms as u64 });
    }

    /// Releases a hold.
    pub fn release(&self, id: u64) {
        self.shell.tell(Input::Release(id));
    }

    /// The token was rotated: another channel, the same facts.
    #[wasm_bindgen(js_name = "moveTo")]
    pub fn move_to(&self, channel: Option<String>) {
        self.shell.move_to(channel);
    }

    /// Leaves and unhooks everything.
    pub fn close(&self) {
        self.shell.tell(Input::Close);
    }

    /// See `browser/view.rs`.
    pub fn status(&self) -> Vec<f64> {
        self.shell.look(view::status).unwrap_or_default()
    }

    /// See `browser/view.rs`.
    pub fn contexts(&self) -> Vec<f64> {
        self.shell.look(view::contexts).unwrap_or_default()
    }

    /// See `browser/view.rs`.
    pub fn holds(&self) -> Vec<f64> {
        self.shell.look(view::holds).unwrap_or_default().0
    }

    /// See `browser/view.rs`.
    pub fn reasons(&self) -> String {
        self.shell.look(view::holds).unwrap_or_default().1
    }
}
