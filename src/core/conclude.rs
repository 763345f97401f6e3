//! What a context concludes from the facts: that the session is over, that there is something to tell,
//! and what the app is told of it.

use super::agent::Agent;
use super::ended::EndedBecause;
use super::output::{Event, What};
use super::rules::{self, Phase};
use super::share::{News, Share};

/// Activity beyond what the authority acknowledged.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Untold {
    /// Since when this context knows of it; 0 while there is none.
    pub(super) since: u64,
    /// What was acknowledged then.
    acknowledged: u64,
}

impl Agent {
    /// Ends the session when the deadline has passed and the authority was asked since.
    pub(super) fn conclude(&mut self) {
        if self.facts.ended.is_none() && !self.is_checking() {
            let now = self.now();
            // Of ends that are only observed, that of the shift may have come after one of the idle time.
            while let Some(due) = self.due().filter(|due| now >= due.end_at) {
                let because = if rules::answered_since(&self.facts, due.end_at) {
                    Some(if due.scheduled { EndedBecause::Schedule } else { EndedBecause::Idle })
                } else if rules::failed_since(&self.facts, due.end_at) {
                    Some(EndedBecause::AuthorityUnreachable)
                } else {
                    None
                };
                match because {
                    Some(because) if due.observed => self.observe(because, due.end_at),
                    Some(because) => {
                        self.end(because);
                        break;
                    }
                    None => break,
                }
            }
        }
        let Some(because) = self.facts.ended.filter(|_| !self.wound_down) else {
            self.tell_end = false;
            return;
        };
        self.wound_down = true;
        // A key that nobody has heard of yet may keep another token of the group.
        let untold = !self.told_end || self.share.news != News::None;
        self.stop_sending();
        self.leave_stream();
        self.share = Share::NOTHING;
        if self.tell_end {
            self.request(What::End(because));
        }
        if untold {
            self.urgent();
        }
    }

    /// Notes since when the authority does not know of the newest activity.
    pub(super) fn look_for_news(&mut self) {
        let times = &self.facts.times;
        let Untold { since, acknowledged } = self.untold;
        if times.activity <= times.acknowledged {
            self.untold = Untold::default();
        } else if since == 0 || acknowledged != times.acknowledged {
            self.untold = Untold { since: self.now(), acknowledged: times.acknowledged };
        }
    }

    /// Writes down that the session is over.
    pub(super) fn end(&mut self, because: EndedBecause) {
        // Once ended stays ended; of two ends at once all contexts show the same.
        if !self.wound_down {
            self.facts.ended = Some(self.facts.ended.map_or(because, |known| known.min(because)));
        }
    }

    pub(super) fn announce(&mut self) {
        if self.facts.times.activity > self.said_activity {
            self.said_activity = self.facts.times.activity;
            if self.facts.ended.is_none() {
                self.emit(Event::Activity);
            }
        }
        let phase = self.phase();
        if phase != self.said_phase {
            self.said_phase = phase;
            self.emit(Event::Phase(phase));
            if let (Phase::Ended, Some(because)) = (phase, self.facts.ended) {
                self.emit(Event::Ended(because));
            }
        }
    }
}
