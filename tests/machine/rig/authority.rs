//! The rig's authority: the real rule of a session behind a network.

use stillhere::core::answer::{Alive, Answer};
use stillhere::core::output::{Report, Request, What};
use stillhere_authority::report as wire;
use stillhere_authority::session::Standing;

use super::{Happening, World};

impl World {
    pub(super) fn at_authority(&mut self, at: usize, request: Request) {
        if !self.authority_up {
            let answer = Answer::Unreachable { retry_after_ms: None };
            self.plan(self.network.latency, Happening::Answer(at, request.id, answer));
            return;
        }
        let (now, policy) = (self.now, self.policy.clone());
        let was_over = self.session.settle(now, &policy).is_some();
        match &request.what {
            What::KeepAlive { report, .. } => {
                self.tally.keepalives += 1;
                // An end is told by the state below.
                let _ = self.session.touch(now, &policy, &to_wire(report));
            }
            What::Ask => self.tally.questions += 1,
            What::End(because) => {
                self.tally.ends += 1;
                self.session.end(now, &policy, *because);
            }
        }
        let answer = self.state();
        if !was_over && self.session.ended().is_some() {
            self.tell_listeners(&answer);
        }
        self.plan(self.network.latency, Happening::Answer(at, request.id, answer));
    }

    /// What the authority says now.
    pub fn state(&self) -> Answer {
        let state = self.session.state(self.now, &self.policy);
        match state.standing {
            Standing::Ended(because) => Answer::Gone(because),
            standing => Answer::Alive(Alive {
                idle_ms: Some(state.idle_ms),
                remaining_ms: state.remaining_ms,
                held: standing == Standing::Held,
                policy: Some(self.policy.clone()),
            }),
        }
    }

    /// The authority tells whoever reads its event stream.
    pub fn tell_listeners(&mut self, news: &Answer) {
        for at in 0..self.contexts.len() {
            if self.contexts[at].listening && self.contexts[at].alive {
                self.plan(self.network.latency, Happening::News(at, news.clone()));
            }
        }
    }

    /// Somebody whom these contexts can't hear was active `age_ms` ago: another browser, say.
    pub fn active_elsewhere(&mut self, age_ms: u64) {
        let report = wire::Report {
            age_ms,
            counts: wire::Counts::default(),
            contexts: 1,
            holds: Vec::new(),
            agent: "elsewhere".into(),
        };
        let (now, policy) = (self.now, self.policy.clone());
        assert!(self.session.touch(now, &policy, &report).is_ok(), "it is alive");
    }
}

fn to_wire(report: &Report) -> wire::Report {
    let holds = report.holds.iter().map(|hold| wire::HoldReport {
        id: hold.id.to_string(),
        reason: hold.reason.clone(),
        ttl_ms: hold.ttl_ms,
    });
    let counts = report.counts;
    wire::Report {
        age_ms: report.age_ms,
        counts: wire::Counts {
            keystrokes: counts.keystrokes.into(),
            clicks: counts.clicks.into(),
            heartbeats: counts.heartbeats.into(),
            notes: counts.notes.into(),
        },
        contexts: report.contexts,
        holds: holds.collect(),
        agent: "rig".into(),
    }
}
