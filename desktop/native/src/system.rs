//! The operating system's idle time as a source of activity (`system`): when it is looked at.
//!
//! It says when somebody last touched any program, so one look tells as much as many would: it is looked
//! at shortly before the warning would be due, and not before. That costs no wake-up while nobody needs
//! to know ([why](../../../docs/decisions/desktop.md)).

use std::time::Duration;

use async_trait::async_trait;
use stillhere::core::{
    agent::Agent,
    rules,
    time::{JUMP_MS, Reading},
};

use crate::clock::Clock;

/// How long before the warning is due the first look is: whoever else would warn asks the authority
/// then, and it must have been told.
const LEAD_MS: u64 = 5_000;
/// Between two looks when the warning is near.
const PAUSE_MS: u64 = 1_000;
/// How long before the deadline the last look is: the authority keeps the same deadline, and must have
/// been told by then.
const LAST_MS: u64 = 250;
/// Input that is not newer by this much than the activity that is known is the same.
const SAME_MS: u64 = 1_000;
/// Longest time that the system has to say it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the operating system's idle time comes from.
#[async_trait]
pub trait IdleTime: Send + Sync + 'static {
    /// How long nobody has touched the machine. None where the system does not say.
    async fn idle(&self) -> Option<Duration>;
}

/// By the monotonic clock, when the machine slept, and for how long.
type Sleep = (u64, u64);

/// Remembers when it looked, and how the clocks ran.
#[derive(Debug)]
pub(crate) struct Looks {
    /// On the machine's timeline.
    looked_at: u64,
    /// What the machine was told of the clocks last.
    told: Reading,
    slept: Option<Sleep>,
}

impl Looks {
    pub(crate) fn new(told: Reading) -> Self {
        Self { looked_at: 0, told, slept: None }
    }

    /// The machine is told of `reading`.
    pub(crate) fn note(&mut self, reading: Reading) {
        self.slept = self.slept(reading);
        self.told = reading;
    }

    /// The newest sleep by `reading`.
    fn slept(&self, reading: Reading) -> Option<Sleep> {
        let mono = reading.mono.saturating_sub(self.told.mono);
        let by = reading.wall.saturating_sub(self.told.wall).saturating_sub(mono);
        if by > JUMP_MS { Some((self.told.mono, by)) } else { self.slept }
    }

    /// The moment of `reading` on the timeline of the machine.
    pub(crate) fn now(&self, agent: &Agent, reading: Reading) -> u64 {
        let mono = reading.mono.saturating_sub(self.told.mono);
        let wall = reading.wall.saturating_sub(self.told.wall);
        agent.now().saturating_add(mono.max(wall))
    }

    /// When to look next, on the machine's timeline. None where the policy does not count it, while held
    /// and once it is over.
    pub(crate) fn next(&self, agent: &Agent) -> Option<u64> {
        if !agent.policy().counts.system || agent.facts().ended.is_some() {
            return None;
        }
        let due = agent.due()?;
        let basis = rules::basis(agent.facts(), agent.now());
        let lead = LEAD_MS.min(due.warn_at.saturating_sub(basis) / 2);
        let next = due.warn_at.saturating_sub(lead).max(self.looked_at.saturating_add(PAUSE_MS));
        let last = due.end_at.saturating_sub(LAST_MS);
        Some(if self.looked_at < last { next.min(last) } else { next })
    }

    /// Looks, and gives the age in milliseconds of input that is newer than any activity that is known.
    pub(crate) async fn look(
        &mut self,
        agent: &Agent,
        idle: &dyn IdleTime,
        clock: &dyn Clock,
    ) -> Option<u64> {
        let idle = tokio::time::timeout(PATIENCE, idle.idle()).await;
        let reading = clock.read();
        let now = self.now(agent, reading);
        self.looked_at = now;
        let idle = u64::try_from(idle.ok().flatten()?.as_millis()).unwrap_or(u64::MAX);
        // The system's idle time stands still while the machine sleeps (an X server counts by the
        // monotonic clock): what was before the sleep is older than it says.
        let before = |(at, _): &Sleep| reading.mono.saturating_sub(idle) <= *at;
        let asleep = self.slept(reading).filter(before).map_or(0, |(_, by)| by);
        let age = idle.saturating_add(asleep);
        let known = rules::basis(agent.facts(), now);
        (now.saturating_sub(age) > known.saturating_add(SAME_MS)).then_some(age)
    }
}
