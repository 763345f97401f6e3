//! Holds: leases that say "an interaction is open" (docs/architecture.md, "hold").

use alloc::string::String;

use super::agent::Agent;
use super::facts::{Hold, HoldId, MAX_REASON};

/// Holds that one group can have open, and that a report can name.
pub const MAX_HOLDS: usize = 64;
/// How long a hold that is over is remembered, so that a late message does not take it up again,
/// in milliseconds.
const REMEMBERED_MS: u64 = 10 * 60 * 1000;

impl Agent {
    /// Whether a hold of this group lived at or after `moment`.
    pub(super) fn knows_a_hold(&self, moment: u64) -> bool {
        let mut holds = self.facts.times.holds.values();
        holds.any(|hold| hold.expires >= moment)
    }

    pub(super) fn on_hold(&mut self, id: HoldId, reason: &str, ttl_ms: u64) {
        let now = self.now();
        let over = self.due().is_some_and(|due| now >= due.end_at);
        self.forget_holds();
        let live = self.facts.times.holds.values().filter(|hold| hold.lives(now)).count();
        if over || self.facts.ended.is_some() || live >= MAX_HOLDS {
            return;
        }
        let mut name = String::new();
        for character in reason.chars() {
            if name.len() + character.len_utf8() > MAX_REASON {
                break;
            }
            name.push(character);
        }
        let expires = now.saturating_add(ttl_ms.min(self.policy().max_hold_ms));
        let hold = Hold { released: false, expires, reason: name };
        match self.facts.times.holds.get_mut(id) {
            Some(known) if !known.released => known.expires = known.expires.max(expires),
            Some(_) => return,
            None => {
                self.facts.times.holds.insert(id, hold);
            }
        }
        self.hold_news = true;
        self.urgent();
    }

    /// Drops what is over and says nothing about the idle time any more.
    fn forget_holds(&mut self) {
        let now = self.now();
        let activity = self.facts.times.activity;
        self.facts.times.holds.retain(|_, hold| {
            let counts = !hold.released && hold.expires > activity;
            counts || hold.expires + REMEMBERED_MS > now
        });
    }

    pub(super) fn on_release(&mut self, id: HoldId) {
        let now = self.now();
        let Some(hold) = self.facts.times.holds.get_mut(id) else { return };
        if hold.released || hold.expires <= now || self.facts.ended.is_some() {
            return;
        }
        hold.released = true;
        hold.expires = now;
        self.hold_news = true;
        self.active(now);
        self.urgent();
    }
}
