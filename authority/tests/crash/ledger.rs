//! What was acknowledged, and what answers may say after that.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::authority::TIMEOUT;

/// How long what was acknowledged is told apart from what came before. Longer than anything that a
/// server may lose.
const RECENT: Duration = Duration::from_secs(5);

/// A call that was acknowledged.
#[derive(Debug, Clone, Copy)]
struct Acknowledged {
    sent: Instant,
    at: Instant,
}

/// What is known of one token.
#[derive(Debug, Clone, Default)]
pub struct Token {
    registered: Option<Instant>,
    /// Activity that was acknowledged, its registration included: the recent, and one before.
    active: Vec<Acknowledged>,
    /// When the newest activity that was ever sent can have arrived at the latest.
    attempted: Option<Instant>,
    /// Calls under way that may be activity.
    pending: u32,
    /// A revocation was sent, and acknowledged.
    revoking: bool,
    revoked: Option<Instant>,
    /// An acknowledged revocation may have been lost.
    undone: bool,
}

impl Token {
    fn acknowledged(&self) -> Option<Instant> {
        self.active.iter().map(|call| call.sent).max()
    }
}

/// One policy: of what was written, what may be in force.
#[derive(Debug, Default)]
struct Policy {
    /// Version, value and call of what was acknowledged.
    written: Vec<(u64, u64, Acknowledged)>,
    /// Values whose writing failed or may have been lost, and when that was known.
    unknown: Vec<(u64, Instant)>,
}

/// How far times may be off.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance {
    /// A session may end earlier than acknowledged activity says by that and so many times the
    /// slowest call that waits for the disk, ...
    pub early: Duration,
    pub of_slowest: u32,
    /// ... and later by that.
    pub late: Duration,
}

/// What an answer about a token has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It lives, as it must.
    MustLive,
    Over,
    /// It lives since its acknowledged revocation was lost, as far as that is allowed.
    Undone,
    /// Nothing that had to be.
    Nothing,
}

pub struct Ledger {
    pub tokens: HashMap<String, Token>,
    policies: HashMap<String, Policy>,
    tolerance: Tolerance,
    /// The server lost something before that: an answer to what was sent earlier says nothing.
    lost_until: Option<Instant>,
    /// The longest time that a call took which waits for the disk.
    slowest: Duration,
}

impl Ledger {
    pub fn new(tolerance: Tolerance) -> Self {
        Self {
            tokens: HashMap::new(),
            policies: HashMap::new(),
            tolerance,
            lost_until: None,
            slowest: Duration::ZERO,
        }
    }

    /// By how much earlier than acknowledged activity says a session may end.
    pub fn window(&self) -> Duration {
        self.tolerance.early + self.tolerance.of_slowest * self.slowest
    }

    /// A call that waits for the disk took so long.
    pub fn waited(&mut self, long: Duration) {
        self.slowest = self.slowest.max(long);
    }

    /// What is known of a token now.
    pub fn token(&self, name: &str) -> Token {
        self.tokens.get(name).cloned().unwrap_or_default()
    }

    fn entry(&mut self, name: &str) -> &mut Token {
        self.tokens.entry(name.to_owned()).or_default()
    }

    /// A call that may be activity is about to be sent. What was known of the token before.
    pub fn extending(&mut self, name: &str) -> Token {
        let before = self.token(name);
        self.entry(name).pending += 1;
        before
    }

    /// That call came to its end, and its activity was acknowledged or not.
    pub fn extended(&mut self, name: &str, sent: Instant, acknowledged: bool) {
        let counts = acknowledged && self.counts(sent);
        let (token, at) = (self.entry(name), Instant::now());
        token.pending -= 1;
        token.attempted = Some(at);
        if counts {
            token.active.push(Acknowledged { sent, at });
            let is_old = |call: &Acknowledged| call.at + RECENT < at;
            let old = token.active.iter().filter(|call| is_old(call)).count();
            token.active.drain(..old.saturating_sub(1));
        }
    }

    pub fn registered(&mut self, name: &str, sent: Instant) {
        self.entry(name).registered = Some(Instant::now()).filter(|_| self.counts(sent));
    }

    pub fn revoking(&mut self, name: &str) {
        self.entry(name).revoking = true;
    }

    pub fn revoked(&mut self, name: &str, sent: Instant) {
        let counts = self.counts(sent);
        let token = self.entry(name);
        token.revoked = Some(Instant::now()).filter(|_| counts);
        token.undone = !counts;
    }

    /// Whether an answer to what was sent then holds still.
    fn counts(&self, sent: Instant) -> bool {
        self.lost_until.is_none_or(|until| sent >= until)
    }

    /// An authority does not know the token.
    pub fn is_unknown(&self, name: &str, before: &Token) {
        let known = before.registered.is_some() && self.token(name).registered.is_some();
        assert!(!known, "{name} was registered and is not known");
    }

    /// Tokens whose revocation was acknowledged after that moment.
    pub fn revoked_since(&self, since: Instant) -> Vec<String> {
        let late =
            self.tokens.iter().filter(|(_, token)| token.revoked.is_some_and(|at| at > since));
        late.map(|(name, _)| name.clone()).collect()
    }

    /// A policy was written, under the version that was answered, if it was.
    pub fn policy(&mut self, user: &str, value: u64, sent: Instant, version: Option<u64>) {
        let counts = self.counts(sent);
        let (policy, at) = (self.policies.entry(user.to_owned()).or_default(), Instant::now());
        match version.filter(|_| counts) {
            Some(version) => policy.written.push((version, value, Acknowledged { sent, at })),
            None => policy.unknown.push((value, at)),
        }
    }

    /// The highest version that was acknowledged.
    pub fn version(&self) -> u64 {
        let written = self.policies.values().flat_map(|policy| &policy.written);
        written.map(|(version, ..)| *version).max().unwrap_or(0)
    }

    /// What may be in force: the newest value that was acknowledged, or one that nobody knows of
    /// whether it was written after it. None where no policy at all is possible too.
    pub fn possible(&self, user: &str) -> Vec<Option<u64>> {
        let Some(policy) = self.policies.get(user) else { return vec![None] };
        let last = policy.written.iter().max_by_key(|(version, ..)| *version);
        let first = last.map(|(_, value, _)| *value);
        let since = last.map(|(_, _, call)| call.sent);
        let later = policy.unknown.iter().filter(|(_, at)| since.is_none_or(|since| *at > since));
        std::iter::once(first).chain(later.map(|(value, _)| Some(*value))).collect()
    }

    /// What was acknowledged since then may be lost. The server is away still.
    pub fn may_be_lost(&mut self, since: Instant) {
        self.lost_until = Some(Instant::now());
        for token in self.tokens.values_mut() {
            token.registered = token.registered.filter(|at| *at <= since);
            token.active.retain(|call| call.at <= since);
            token.undone |= token.revoked.is_some_and(|at| at > since);
            token.revoked = token.revoked.filter(|at| *at <= since);
        }
        for policy in self.policies.values_mut() {
            let lost = policy.written.iter().filter(|(.., call)| call.at > since);
            policy.unknown.extend(lost.map(|(_, value, call)| (*value, call.at)));
            policy.written.retain(|(.., call)| call.at <= since);
        }
    }

    /// A round is over. Forgets what need not be asked for again: tokens that are surely over.
    pub fn tidy(&mut self) {
        let old = |token: &Token| token.attempted.is_some_and(|at| at.elapsed() > 3 * TIMEOUT);
        self.tokens.retain(|_, token| !old(token));
        self.tokens.values_mut().for_each(|token| token.undone = false);
    }

    /// Holds an answer that came just now against what was known after `sent`, before it was asked
    /// for, and is still: what changed in between may have come first. Panics where it breaks a promise.
    pub fn judge(&self, name: &str, before: &Token, sent: Instant, answer: (u16, &Value)) -> Shown {
        let ((status, body), after) = (answer, self.token(name));
        let lives = (200..300).contains(&status);
        let revoked = before.revoked.is_some() && after.revoked.is_some();
        assert!(!(lives && revoked), "{name} was revoked and lives: {body}");
        let late = self.tolerance.late;
        let run_out = before.attempted.is_none_or(|at| sent > at + TIMEOUT + late);
        let run_out = run_out && before.pending == 0;
        assert!(!(lives && run_out), "{name} had run out and lives: {body}");
        if lives && after.undone {
            return Shown::Undone;
        }
        if before.registered.is_none() || after.registered.is_none() {
            return Shown::Nothing;
        }
        if status == 401 {
            assert_eq!(body["state"], "ended", "{name} is not known any more: {body}");
        }
        let safe = before.acknowledged().min(after.acknowledged());
        let safe = safe.is_some_and(|at| Instant::now() + self.window() < at + TIMEOUT);
        let must_live = safe && !after.revoking;
        assert!(!(must_live && status == 401), "{name} lives and was lost or ended early: {body}");
        match (lives, must_live) {
            (true, true) => Shown::MustLive,
            (false, _) if status == 401 => Shown::Over,
            _ => Shown::Nothing,
        }
    }
}
