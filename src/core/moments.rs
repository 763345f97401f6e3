//! The facts that are moments on the timeline, how they merge, and what becomes of them when a clock is set.

use super::facts::{Hold, Merge};
use super::map::IdMap;
use super::observed::Observed;

/// A request that the authority did not answer. The newest counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// When the request began.
    pub at: u64,
    /// How many failed in a row.
    pub in_a_row: u16,
    /// Before this moment nobody tries again without need.
    pub retry_at: u64,
}

/// Everything that is a moment on the timeline. What people did counts for the whole group; what the
/// authority said or was told, for one token. When the machine's clock is set back, the moments
/// known so far mean nothing any more: a new era begins, and a higher era replaces a lower one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// How often the clock was set back.
    pub era: u32,
    /// The newest activity of any context; 0 while unknown.
    pub activity: u64,
    /// When the screen of this machine was last locked; 0 while it never was. It stands until there is
    /// newer activity, whatever is done about it: that is for the policy to say.
    pub locked: u64,
    /// The newest activity that the authority is known to have: the latest moment that it can mean.
    pub acknowledged: u64,
    /// When the newest request that the authority answered began.
    pub answered: u64,
    /// When the newest keep-alive began.
    pub sent: u64,
    /// When the newest request of any kind began, as far as others wait for its lock.
    pub began: u64,
    /// Until when the authority's word "held" is taken without asking again.
    pub held_elsewhere: u64,
    /// Until when the authority lets it live, whatever the clock of this machine says.
    pub granted: u64,
    /// The newest failure.
    pub failure: Failure,
    /// The newest end that was only observed.
    pub observed: Observed,
    /// Open and closed interactions.
    pub holds: IdMap<Hold>,
}

impl Times {
    /// Moves everything before `since` by `by` milliseconds and begins a new era; no answer counts any
    /// more.
    pub fn shift(&mut self, by: i64, since: u64) {
        // 0 stands for what is not known.
        let moved = |time: u64| {
            if time > 0 && time < since { time.saturating_add_signed(by) } else { time }
        };
        self.era = self.era.saturating_add(1);
        self.activity = moved(self.activity);
        self.locked = moved(self.locked);
        self.acknowledged = moved(self.acknowledged);
        self.sent = moved(self.sent);
        self.began = moved(self.began);
        self.held_elsewhere = moved(self.held_elsewhere);
        self.granted = moved(self.granted);
        self.observed.at = moved(self.observed.at);
        self.answered = 0;
        self.failure = Failure::default();
        for hold in self.holds.values_mut() {
            // Its end lies ahead, and was set when it last changed.
            if hold.changed < since {
                hold.expires = hold.expires.saturating_add_signed(by);
                hold.changed = moved(hold.changed);
            }
            hold.taken = moved(hold.taken);
        }
    }
}

impl Times {
    /// What is left of it for whoever holds another token: what people did.
    pub fn of_the_group(self) -> Self {
        let Self { era, activity, locked, mut holds, .. } = self;
        for hold in holds.values_mut() {
            hold.told = false;
        }
        Self { era, activity, locked, holds, ..Self::default() }
    }
}

impl Merge for Times {
    fn merge(&mut self, other: &Self) {
        if other.era > self.era {
            self.clone_from(other);
            return;
        }
        if other.era < self.era {
            return;
        }
        self.activity = self.activity.max(other.activity);
        self.locked = self.locked.max(other.locked);
        self.acknowledged = self.acknowledged.max(other.acknowledged);
        self.answered = self.answered.max(other.answered);
        self.sent = self.sent.max(other.sent);
        self.began = self.began.max(other.began);
        self.held_elsewhere = self.held_elsewhere.max(other.held_elsewhere);
        self.granted = self.granted.max(other.granted);
        self.failure = self.failure.max(other.failure);
        self.observed.merge(&other.observed);
        for (id, hold) in other.holds.iter() {
            self.holds.raise(*id, hold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::hold;
    use super::*;

    #[test]
    fn moments_move_with_the_clock_but_not_those_since_nor_what_is_unknown() {
        let since = 95_000;
        let mut times = Times { era: 3, activity: 94_999, sent: since, ..Times::default() };
        let later = Hold { changed: since, ..hold(false, false) };
        times.holds.insert(1, hold(false, false));
        times.holds.insert(2, later.clone());
        times.shift(3_600_000, since);
        assert_eq!((times.era, times.activity, times.sent), (4, 3_694_999, since));
        assert_eq!((times.acknowledged, times.granted, times.began), (0, 0, 0), "unknown");
        let moved = Hold { expires: 3_700_000, changed: 3_690_000, ..hold(false, false) };
        assert_eq!(times.holds.get(1), Some(&Hold { taken: 3_680_000, ..moved }));
        assert_eq!(times.holds.get(2), Some(&Hold { taken: 3_680_000, ..later }));
    }
}
