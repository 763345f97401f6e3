//! One timeline out of two clocks.
//!
//! Idle time is the larger of what the wall clock and the monotonic clock say has passed
//! (docs/architecture.md, "Clocks and eras"): the wall clock goes on while a laptop sleeps, the
//! monotonic one cannot be set back. Contexts of one machine share the wall clock, so its
//! milliseconds are the values that facts carry.

/// How far the clocks may disagree before the context checks with its peers and the authority.
pub const JUMP_MS: u64 = 3000;

/// What both clocks showed at one moment, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Since the Unix epoch (`Date.now()`).
    pub wall: u64,
    /// Since any fixed moment, never running back (`performance.now()`).
    pub mono: u64,
}

/// A disagreement of the two clocks by more than [`JUMP_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// The wall clock went ahead: the machine slept, or its clock was set forward.
    Ahead {
        /// The last moment before the jump.
        from: u64,
        /// How much further than the monotonic clock it went, in milliseconds.
        by: u64,
    },
    /// The wall clock was set back. Times known so far must move back by as much.
    Back {
        /// By how many milliseconds the timeline moved.
        by: u64,
    },
}

/// The merged clock of one context.
#[derive(Debug, Clone)]
pub struct Timeline {
    now: u64,
    mono: u64,
}

impl Timeline {
    /// Starts at the wall clock's time.
    #[must_use]
    pub const fn new(reading: Reading) -> Self {
        Self { now: reading.wall, mono: reading.mono }
    }

    /// The newest moment seen.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Moves to `reading` by the larger of both clocks' steps and says whether they disagree.
    pub fn advance(&mut self, reading: Reading) -> Option<Jump> {
        let step = reading.mono.saturating_sub(self.mono);
        let by_mono = self.now.saturating_add(step);
        let before = self.now;
        self.mono = self.mono.max(reading.mono);
        if reading.wall > by_mono.saturating_add(JUMP_MS) {
            self.now = reading.wall;
            return Some(Jump::Ahead { from: before, by: reading.wall - by_mono });
        }
        if reading.wall.saturating_add(JUMP_MS) < by_mono {
            self.now = reading.wall;
            return Some(Jump::Back { by: by_mono - reading.wall });
        }
        self.now = by_mono.max(reading.wall);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: u64, mono: u64) -> Reading {
        Reading { wall, mono }
    }

    #[test]
    fn the_larger_step_counts() {
        let mut line = Timeline::new(at(10_000, 0));
        assert_eq!(line.advance(at(11_000, 900)), None);
        assert_eq!(line.now(), 11_000);
        assert_eq!(line.advance(at(11_500, 1_900)), None);
        assert_eq!(line.now(), 12_000);
    }

    #[test]
    fn sleep_and_a_clock_set_forward_look_the_same() {
        let mut line = Timeline::new(at(10_000, 0));
        assert_eq!(line.advance(at(30_000, 500)), Some(Jump::Ahead { from: 10_000, by: 19_500 }));
        assert_eq!(line.now(), 30_000);
    }

    #[test]
    fn a_clock_set_back_moves_the_timeline_once() {
        let mut line = Timeline::new(at(100_000, 0));
        let jump = line.advance(at(40_000, 1_000));
        assert_eq!(jump, Some(Jump::Back { by: 61_000 }));
        assert_eq!(line.advance(at(41_000, 2_000)), None);
        assert_eq!(line.now(), 41_000);
    }

    #[test]
    fn three_seconds_are_no_jump_and_a_millisecond_more_is_one() {
        let after = |wall: u64| {
            let mut line = Timeline::new(at(100_000, 0));
            let jump = line.advance(at(wall, 1_000));
            (jump, line.now())
        };
        assert_eq!(after(104_000), (None, 104_000));
        assert_eq!(after(104_001), (Some(Jump::Ahead { from: 100_000, by: 3_001 }), 104_001));
        assert_eq!(after(98_000), (None, 101_000));
        assert_eq!(after(97_999), (Some(Jump::Back { by: 3_001 }), 97_999));
    }

    #[test]
    fn slow_drift_is_no_jump() {
        let mut line = Timeline::new(at(0, 0));
        for second in 1..=10_000 {
            assert_eq!(line.advance(at(second * 1001, second * 1000)), None);
        }
        assert_eq!(line.now(), 10_010_000);
    }
}
