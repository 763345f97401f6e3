//! When the machine wants to look at the clock again: one moment, with its reason.

use super::agent::{Agent, Join};
use super::errand::Errand;
use super::output::{Reason, Wakeup};
use super::rules;
use super::sender::Sender;

impl Agent {
    pub(super) fn next_wake(&self) -> Option<Wakeup> {
        if self.closed || self.away {
            return None;
        }
        let mut first = Wakeup { at: u64::MAX, reason: Reason::Greet };
        let mut wake = |at: Option<u64>, reason| {
            if let Some(at) = at.filter(|at| *at < first.at) {
                first = Wakeup { at, reason };
            }
        };
        wake(self.share.greets_at(), Reason::Greet);
        wake(self.routine_at(), Reason::Share);
        if self.facts.ended.is_none() {
            if let Join::Waiting { until } | Join::Moving { until } = self.join {
                wake(Some(until), Reason::Join);
            } else if self.sender == Sender::Rest
                && let Some((at, errand)) = self.next_errand()
            {
                wake(Some(at), reason(errand));
            }
            wake(self.sender_wakes_at(), Reason::Bound);
            wake(self.stream_wakes_at(), Reason::Stream);
            wake(rules::held_until(&self.facts, self.now()), Reason::Hold);
            wake(self.renews_at(), Reason::Hold);
        }
        (first.at < u64::MAX).then_some(first)
    }
}

const fn reason(errand: Errand) -> Reason {
    match errand {
        Errand::KeepAlive => Reason::KeepAlive,
        Errand::Check => Reason::Check,
        Errand::Warn => Reason::Warn,
        Errand::End => Reason::End,
    }
}
