//! One thing that people or fate do.

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Kind;
use stillhere::core::input::{Departure, Input, Refusal};
use stillhere::core::policy::{Mode, Policy};

use super::Stage;
use crate::checks::Dry;
use crate::world::{START, Trouble};

impl Stage {
    /// Does one thing, and lets some time pass.
    pub(super) fn act(&mut self) {
        if self.story.desktop && self.below(8) == 0 {
            self.desktop();
        }
        match self.below(100) {
            0..38 => self.type_some(),
            38..46 => self.single_input(),
            46..50 => self.refused(),
            50..56 => self.look_away(),
            56..60 => self.open(),
            60..63 => self.close(),
            63..70 => self.hold(),
            70..72 => self.rubbish(),
            72..74 => self.change_policy(),
            74..76 => self.rotate(),
            76 => self.end(),
            77..89 if self.story.faults.stops => self.stop(),
            89..94 if self.story.faults.clocks => self.set_a_clock(),
            94..100 if self.story.faults.outages => self.outage(),
            _ => {}
        }
        let idle = self.story.policy.idle_timeout_ms;
        let pause = match self.below(12) {
            0..5 => self.time(1_000),
            5..8 => self.time(idle / 8),
            8..10 => self.time(idle / 3),
            10 => idle / 2 + self.time(idle / 2),
            _ if self.below(8) == 0 => idle + self.time(idle / 4),
            _ => 0,
        };
        self.world.run(pause);
        self.move_some();
    }

    /// A page that runs and is looked at, if there is one.
    pub(super) fn somebody(&mut self) -> Option<usize> {
        let count = self.world.contexts.len() as u32;
        for _ in 0..20 {
            let at = self.below(count) as usize;
            if self.world.contexts[at].hears() {
                return Some(at);
            }
        }
        None
    }

    fn type_some(&mut self) {
        let Some(at) = self.somebody() else { return };
        let pace = 60 + self.time(700);
        for _ in 0..=self.below(25) {
            if !self.world.contexts[at].hears() {
                return;
            }
            self.world.key(at);
            self.world.run(pace);
        }
    }

    fn single_input(&mut self) {
        let Some(at) = self.somebody() else { return };
        let input = match self.below(4) {
            0 => Input::Activity { kind: Kind::Click, age_ms: 0 },
            1 => Input::Activity { kind: Kind::Note, age_ms: 0 },
            2 => Input::Activity { kind: Kind::Heartbeat, age_ms: 0 },
            _ => Input::Stay,
        };
        self.world.tell(at, input);
    }

    /// What the operating system tells: of input in other programs, or that the screen is locked.
    fn desktop(&mut self) {
        let Some(at) = self.somebody() else { return };
        let idle = self.story.policy.idle_timeout_ms;
        if self.below(3) > 0 {
            // Not before the sign-in.
            let longest = (idle / 2).min(self.world.now - START);
            let age_ms = if self.below(2) == 0 { 0 } else { self.time(longest) };
            self.world.tell(at, Input::Activity { kind: Kind::System, age_ms });
            return;
        }
        self.faults += 1;
        self.world.tell(at, Input::Locked);
        // Whoever locks it goes, and may come back soon.
        let ms = match self.below(3) {
            0 => self.time(2_000),
            1 => self.time(self.story.policy.warn_before_ms),
            _ => self.story.policy.warn_before_ms + 4_000,
        };
        self.world.run(ms);
    }

    fn refused(&mut self) {
        let Some(at) = self.somebody() else { return };
        let which = [Refusal::Untrusted, Refusal::Origin, Refusal::Rate, Refusal::Malformed];
        let refusal = which[self.below(4) as usize];
        self.world.tell(at, Input::Refused(refusal));
    }

    fn look_away(&mut self) {
        let Some(at) = self.somebody() else { return };
        let visible = self.below(2) == 0;
        self.world.tell(at, Input::Visible(visible));
    }

    fn open(&mut self) {
        if self.world.contexts.len() < 2 * self.story.contexts + 10 {
            self.faults += 1;
            let partition = self.below(self.story.partitions as u32) as usize;
            let (visible, wish) = (self.below(2) == 0, self.wish());
            let Some(token) = self.token(false) else { return };
            let at = self.world.open_with(token, partition, visible, wish);
            if self.below(2) == 0 {
                // Somebody types before the page knows where the session stands.
                let ms = self.time(400);
                self.world.run(ms);
                self.world.key(at);
            }
        }
    }

    fn close(&mut self) {
        let Some(at) = self.somebody() else { return };
        self.faults += 1;
        self.world.close(at);
    }

    fn hold(&mut self) {
        if self.below(2) == 0 {
            let Some(at) = self.somebody() else { return };
            let id = u64::from(self.below(u32::MAX)) + 1;
            let ttl_ms = if self.below(3) == 0 { 0 } else { 1_000 + self.time(30_000) };
            self.world.tell(at, Input::Hold { id, reason: b"call", ttl_ms });
            self.holds.push((at, id));
        } else if !self.holds.is_empty() {
            let which = self.below(self.holds.len() as u32) as usize;
            let (at, id) = self.holds[which];
            if !self.world.contexts[at].hears() {
                return;
            }
            if self.below(3) == 0 {
                let ttl_ms = 1_000 + self.time(20_000);
                self.world.tell(at, Input::Hold { id, reason: b"call", ttl_ms });
            } else {
                self.holds.swap_remove(which);
                self.world.tell(at, Input::Release(id));
            }
        }
    }

    fn rubbish(&mut self) {
        let Some(at) = self.somebody() else { return };
        let length = self.below(60);
        let mut bytes: Vec<u8> = (0..length).map(|_| self.below(256) as u8).collect();
        if let Some(version) = bytes.first_mut().filter(|_| length.is_multiple_of(2)) {
            *version = stillhere::core::wire::VERSION;
        }
        self.world.rubbish(at, &bytes);
    }

    fn change_policy(&mut self) {
        if !self.story.policy_changes {
            return;
        }
        let (shortest, longest) = (self.story.shortest_idle_ms(), self.story.longest_idle_ms());
        let idle_timeout_ms = if self.below(2) == 0 { shortest } else { longest };
        let version = self.world.policy.version + 1;
        let policy = Policy {
            version,
            idle_timeout_ms,
            warn_before_ms: idle_timeout_ms / u64::from(3 + self.below(3)),
            mode: self.next_mode(),
            ..self.world.policy.clone()
        };
        self.world.change_policy(policy);
    }

    /// What the administrator sets next.
    fn next_mode(&mut self) -> Mode {
        let mode = self.world.policy.mode;
        match (self.story.dry, mode) {
            (Dry::Flips, Mode::Observe) => Mode::Enforce,
            (Dry::Flips, Mode::Enforce) => Mode::Observe,
            _ => mode,
        }
    }

    fn rotate(&mut self) {
        if self.story.own_tokens {
            // A page is given another token, and the others keep theirs.
            let Some(at) = self.somebody() else { return };
            self.faults += self.world.contexts.len() as u64;
            if self.issue() {
                self.world.take_new_token(at);
            }
        }
        if self.story.rotates && self.behind.is_empty() && !self.all_over() {
            self.faults += self.world.contexts.len() as u64;
            self.world.rotate();
            self.behind = (0..self.world.contexts.len()).collect();
        }
    }

    /// Pages that are behind take the newest token one after the other.
    fn move_some(&mut self) {
        for _ in 0..self.behind.len().div_ceil(2) {
            let which = self.below(self.behind.len() as u32) as usize;
            let at = self.behind.swap_remove(which);
            let context = &self.world.contexts[at];
            if context.hears() {
                self.world.take_new_token(at);
                let ms = self.time(200);
                self.world.run(ms);
            } else if context.alive {
                self.behind.push(at);
            }
        }
    }

    fn all_over(&self) -> bool {
        self.world.session.ended().is_some()
    }

    /// Somebody signs out, or an administrator revokes the token: rarely.
    fn end(&mut self) {
        if self.below(4) > 0 {
            return;
        }
        if self.below(2) == 0 {
            self.world.revoke();
        } else if let Some(at) = self.somebody() {
            self.world.tell(at, Input::End(EndedBecause::SignedOut));
        }
    }

    fn stop(&mut self) {
        self.faults += self.world.contexts.len() as u64;
        let Some(at) = self.somebody() else { return };
        let idle = self.story.policy.idle_timeout_ms;
        let for_ms = match self.below(3) {
            0 => self.time(2_000),
            1 => self.time(idle),
            _ => idle / 2 + self.time(2 * idle),
        };
        match self.below(6) {
            0 => self.world.crash(at),
            1 => {
                // Its process stands, and a key waits for it.
                self.world.freeze(at);
                self.world.run(for_ms);
                self.world.wake_up(at);
                let age_ms = self.time(for_ms + 1);
                self.world.tell(at, Input::Activity { kind: Kind::Keystroke, age_ms });
            }
            2 | 3 => {
                let frozen = self.below(2) == 0;
                let departure = if frozen { Departure::Frozen } else { Departure::Hidden };
                self.world.leave(at, departure);
                self.world.run(for_ms);
                self.world.come_back(at);
                self.world.key(at);
            }
            _ => {
                let mono = self.below(2) == 0;
                let partition = self.world.contexts[at].partition;
                self.world.suspend(partition, for_ms, mono);
                self.world.run(for_ms);
                if self.below(2) == 0 {
                    // The key that woke the machine comes before everything that waited.
                    self.world.wake_up(at);
                    self.world.key(at);
                }
            }
        }
    }

    fn set_a_clock(&mut self) {
        self.faults += self.world.contexts.len() as u64;
        let partition = self.below(self.story.partitions as u32) as usize;
        let by = match self.below(4) {
            0 => self.time(3_000),
            1 => self.time(20_000),
            2 => self.time(self.story.policy.idle_timeout_ms * 2),
            _ => 3_600_000,
        };
        let by = i64::try_from(by).unwrap_or(0);
        let back = self.below(2) == 0;
        self.world.set_clock(partition, if back { -by } else { by });
    }

    fn outage(&mut self) {
        self.faults += self.world.contexts.len() as u64;
        let (up, trouble) = match self.below(6) {
            0 | 1 => (false, Trouble::None),
            2 => (true, Trouble::Hangs),
            3 => (true, Trouble::Later(None)),
            4 => (true, Trouble::Later(Some(self.time(20_000)))),
            _ => (true, Trouble::Nonsense),
        };
        self.trouble(up, trouble);
        let ms = match self.below(3) {
            0 => self.time(3_000),
            1 => self.time(self.story.policy.idle_timeout_ms / 2),
            _ => self.time(self.story.policy.idle_timeout_ms * 2),
        };
        // Somebody may work on meanwhile.
        let at = self.somebody().filter(|_| self.below(3) > 0);
        let mut left = ms;
        while left > 0 {
            let step = left.min(400 + self.time(1_500));
            self.world.run(step);
            left -= step;
            // A long outage of a long session is not typed through.
            if let Some(at) = at.filter(|at| ms < 60_000 && self.world.contexts[*at].hears()) {
                self.world.key(at);
            }
            if at.is_none() || ms >= 60_000 {
                self.world.run(left);
                left = 0;
            }
        }
        self.trouble(true, Trouble::None);
    }
}
