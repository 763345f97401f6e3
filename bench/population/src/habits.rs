//! What one user does, and when: stretches of work with inputs, pauses, absences.

use crate::assumptions::Assumptions;

/// What a user does with the contexts that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// An input.
    Key,
    /// Changes to another tab, where there is one.
    Switch,
}

/// A user at work. The moments are drawn as they are asked for, in milliseconds.
#[derive(Debug, Clone)]
pub struct Habits {
    rng: oorandom::Rand64,
    busy: bool,
    /// When the stretch, the pause or the absence is over.
    until: f64,
    key_at: f64,
    switch_at: f64,
}

impl Habits {
    /// A user in the middle of a working day: at `now`, in what they do most of the time.
    #[must_use]
    pub fn at(now: f64, seed: u128, assumed: &Assumptions) -> Self {
        let rng = oorandom::Rand64::new(seed);
        let mut habits = Self { rng, busy: false, until: now, key_at: now, switch_at: now };
        let away = assumed.away_share * assumed.away_s;
        let reading = (1.0 - assumed.away_share) * assumed.reading_s;
        let at = habits.rng.rand_float() * (assumed.busy_s + away + reading);
        // Whatever is exponential is as long from any moment on as it is from its beginning.
        if at < assumed.busy_s {
            habits.work(now, assumed);
        } else if at < assumed.busy_s + away {
            habits.until = now + habits.exponential(assumed.away_s);
        } else {
            habits.until = now + habits.exponential(assumed.reading_s);
        }
        habits
    }

    /// When the next thing happens and what it is.
    pub fn next(&mut self, assumed: &Assumptions) -> (f64, Doing) {
        loop {
            if self.busy {
                let at = self.key_at.min(self.switch_at);
                if at < self.until {
                    return if self.key_at <= self.switch_at {
                        self.key_at = at + self.exponential(assumed.key_s);
                        (at, Doing::Key)
                    } else {
                        self.switch_at = at + self.exponential(assumed.switch_s);
                        (at, Doing::Switch)
                    };
                }
                self.busy = false;
                let away = self.rng.rand_float() < assumed.away_share;
                let mean = if away { assumed.away_s } else { assumed.reading_s };
                self.until += self.exponential(mean);
            } else {
                self.work(self.until, assumed);
            }
        }
    }

    /// A random number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.rng.rand_range(0..end.max(1) as u64) as usize
    }

    /// A random number from 0 to 1.
    pub fn chance(&mut self) -> f64 {
        self.rng.rand_float()
    }

    fn work(&mut self, from: f64, assumed: &Assumptions) {
        self.busy = true;
        self.until = from + self.exponential(assumed.busy_s);
        self.key_at = from + self.exponential(assumed.key_s);
        self.switch_at = from + self.exponential(assumed.switch_s);
    }

    /// Milliseconds with that mean, given in seconds.
    fn exponential(&mut self, mean_s: f64) -> f64 {
        -(1.0 - self.rng.rand_float()).ln() * mean_s * 1000.0
    }
}
