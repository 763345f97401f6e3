//! The authority: the real rule of a session behind a network.

use stillhere::core::answer::{Alive, Answer};
use stillhere::core::output::{Report, Request, What};
use stillhere::core::policy::Policy;
use stillhere::core::sender::BOUND_MS;
use stillhere_session::report as wire;
use stillhere_session::session::Standing;

use super::{Happening, Trouble, World};

/// Least time between two pushes to the streams of a token, in milliseconds.
const PUSH_PAUSE_MS: u64 = 1000;

impl World {
    pub(super) fn at_authority(&mut self, at: usize, token: usize, request: &Request) {
        let latency = self.network.latency;
        // The shell does not wait longer.
        let rest = BOUND_MS.saturating_sub(latency);
        let failed = |retry_after_ms| Answer::Unreachable { retry_after_ms };
        let (after, refused) = match self.trouble {
            _ if !self.authority_up => (latency, failed(None)),
            Trouble::Hangs => (rest, failed(None)),
            Trouble::Later(retry_after_ms) => (latency, failed(retry_after_ms)),
            Trouble::Nonsense => (latency, Answer::Invalid),
            Trouble::None => {
                let now = self.now;
                let real = self.wire.as_mut().and_then(|wire| wire.request(now, &request.what));
                let answer = real.unwrap_or_else(|| self.answer(token, request));
                if latency < rest {
                    self.plan(latency, Happening::Answer(at, request.id, answer));
                } else {
                    self.plan(rest, Happening::Answer(at, request.id, failed(None)));
                }
                return;
            }
        };
        self.plan(after, Happening::Answer(at, request.id, refused));
    }

    fn answer(&mut self, token: usize, request: &Request) -> Answer {
        let (now, policy) = (self.now, self.rules());
        let session = self.session_of(token);
        let was_over = session.settle(now, &policy).is_some();
        let (held, active_at) = (session.hold_changes(), session.active_at());
        match &request.what {
            What::KeepAlive { report, .. } => {
                self.tally.keepalives += 1;
                *self.tally.keepalives_of.entry(token).or_default() += 1;
                // An end is told by the state below.
                let _ = self.session_of(token).touch(now, &policy, &to_wire(report));
            }
            What::Ask => self.tally.questions += 1,
            What::End(because) => {
                self.tally.ends += 1;
                self.session_of(token).end(now, &policy, *because);
            }
        }
        self.watch(token);
        let answer = self.state_of(token);
        let session = self.session_of(token);
        let over = !was_over && session.ended().is_some();
        if over || session.hold_changes() != held {
            self.tell_listeners_of(token, &answer);
        } else if session.active_at() > active_at {
            self.activity_moved(token);
            if let Some(checks) = &mut self.checks {
                checks.heard(token, now, active_at);
            }
        }
        answer
    }

    /// Plans the next look at a deadline.
    pub fn watch(&mut self, token: usize) {
        let policy = self.rules();
        if self.enforces
            && let Some(at) = self.session_of(token).deadline(&policy)
            && self.watched.insert(token, at) != Some(at)
        {
            self.plan(at.saturating_sub(self.now), Happening::Deadline(token));
        }
    }

    pub(super) fn enforce(&mut self, token: usize) {
        let (now, policy) = (self.now, self.rules());
        let session = self.session_of(token);
        let held = session.hold_changes();
        let was_over = session.ended().is_some();
        let over = session.settle(now, &policy).is_some();
        let changed = session.hold_changes() != held || (over && !was_over);
        if changed {
            self.watch(token);
            let answer = self.state_of(token);
            self.tell_listeners_of(token, &answer);
        }
    }

    /// What the authority says of the newest token now.
    pub fn state(&mut self) -> Answer {
        let token = self.newest();
        self.state_of(token)
    }

    fn state_of(&mut self, token: usize) -> Answer {
        let (now, policy) = (self.now, self.rules());
        let state = self.session_of(token).state(now, &policy);
        match state.standing {
            Standing::Ended(because) => Answer::Gone(because),
            standing => Answer::Alive(Alive {
                idle_ms: Some(state.idle_ms),
                remaining_ms: state.remaining_ms.filter(|_| !self.own_server),
                held: standing == Standing::Held,
                policy: Some(self.policy.clone()),
            }),
        }
    }

    pub(super) fn listen(&mut self, at: usize) {
        let context = &mut self.contexts[at];
        context.stops_listening();
        context.streams += 1;
        context.stream = Some(context.streams);
        let stream = context.streams;
        self.plan(self.network.latency, Happening::StreamBegins(at, stream));
    }

    /// A stream begins with the state, as the authority's does.
    pub(super) fn stream_begins(&mut self, at: usize, stream: u32) {
        if self.contexts[at].stream != Some(stream) {
            return;
        }
        if self.authority_up && self.trouble == Trouble::None {
            self.contexts[at].stream_began = Some(self.now);
            let now = self.now;
            let real = self.wire.as_mut().and_then(|wire| wire.listen(now, at));
            let answer = real.unwrap_or_else(|| self.state_of(self.contexts[at].token));
            self.plan(self.network.latency, Happening::News(at, stream, 0, answer));
        } else {
            self.plan(self.network.latency, Happening::StreamBroke(at, stream));
        }
    }

    /// The authority tells whoever reads the event stream of the newest token.
    pub fn tell_listeners(&mut self, news: &Answer) {
        self.tell_listeners_of(self.newest(), news);
    }

    fn tell_listeners_of(&mut self, token: usize, news: &Answer) {
        for at in 0..self.contexts.len() {
            let context = &self.contexts[at];
            if let (true, Some(stream), Some(began)) =
                (context.is_told(token), context.stream, context.stream_began)
            {
                let news = Happening::News(at, stream, self.now - began, news.clone());
                self.plan(self.network.latency, news);
            }
        }
    }

    /// Activity moved: the streams of the token are told, unless there is only one, and at most once a
    /// second (authority/src/routes/events.rs).
    fn activity_moved(&mut self, token: usize) {
        let streams = self.contexts.iter().filter(|context| context.is_told(token)).count();
        let quiet_until = self.quiet_until.get(&token).copied().unwrap_or(0);
        if streams > 1 && quiet_until <= self.now + PUSH_PAUSE_MS {
            let at = quiet_until.max(self.now);
            self.quiet_until.insert(token, at + PUSH_PAUSE_MS);
            self.plan(at - self.now, Happening::Push(token));
        }
    }

    pub(super) fn push(&mut self, token: usize) {
        let answer = self.state_of(token);
        self.tell_listeners_of(token, &answer);
    }

    /// An administrator changes the rules; live sessions have them at once.
    pub fn change_policy(&mut self, policy: Policy) {
        self.note(|| format!("the policy is {policy:?}"));
        if let Some(checks) = &mut self.checks {
            checks.mode_is(policy.mode, self.now);
        }
        self.policy = policy;
        for token in 0..=self.newest() {
            self.watch(token);
            let news = self.state_of(token);
            self.tell_listeners_of(token, &news);
        }
    }

    /// An administrator revokes the newest token.
    pub fn revoke(&mut self) {
        let (now, policy) = (self.now, self.rules());
        self.session.end(now, &policy, stillhere::core::ended::EndedBecause::Revoked);
        let answer = self.state();
        self.tell_listeners(&answer);
    }

    /// The authority goes down or comes back. Streams break off when it goes, and when a proxy before it
    /// says that it is away.
    pub fn set_trouble(&mut self, up: bool, trouble: Trouble) {
        self.note(|| format!("the authority is up {up}, trouble {trouble:?}"));
        (self.authority_up, self.trouble) = (up, trouble);
        if !up || trouble == Trouble::Later(None) {
            for at in 0..self.contexts.len() {
                if let Some(stream) = self.contexts[at].stream {
                    self.contexts[at].stream_began = None;
                    self.plan(1, Happening::StreamBroke(at, stream));
                }
            }
        }
    }

    /// Somebody whom these contexts can't hear was active `age_ms` ago: another browser, say.
    pub fn active_elsewhere(&mut self, age_ms: u64) {
        self.report_elsewhere(age_ms, Vec::new());
    }

    /// Somebody whom these contexts can't hear takes a hold, and was active a second ago.
    pub fn hold_elsewhere(&mut self, ttl_ms: u64) {
        let hold = wire::HoldReport { id: "elsewhere".into(), reason: "call".into(), ttl_ms };
        self.report_elsewhere(1_000, vec![hold]);
    }

    fn report_elsewhere(&mut self, age_ms: u64, holds: Vec<wire::HoldReport>) {
        let counts = wire::Counts::default();
        let report = wire::Report { age_ms, counts, contexts: 1, holds, agent: "elsewhere".into() };
        let (now, policy) = (self.now, self.rules());
        assert!(self.session.touch(now, &policy, &report).is_ok(), "it is alive");
    }
}

fn to_wire(report: &Report) -> wire::Report {
    let holds = report.holds.iter().map(|hold| wire::HoldReport {
        id: hold.id.to_string(),
        reason: String::from_utf8_lossy(&hold.reason).into_owned(),
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
            system: counts.system.into(),
        },
        contexts: report.contexts,
        holds: holds.collect(),
        agent: "simulator".into(),
    }
}
