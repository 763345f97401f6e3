//! What is done to a store, and what it answers.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use stillhere::core::{ended::EndedBecause, policy::Policy};
use stillhere_authority::{
    calls::Calls,
    clock::{Clock, ManualClock},
    policy::Scope,
    report::{Counts, HoldReport, Report},
    session::Session,
    store::{Effect, Key, Log, Owner, Record, Rule, Store, Weight, Whose},
};

const START_MS: u64 = 1_700_000_000_000;
/// How long a test waits for what must come, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub enum Operation {
    Insert { token: u8, due_in: u64 },
    Touch { token: u8, weight: u8, hold: bool },
    End { token: u8, line: bool },
    Move { token: u8, due_in: u64 },
    Look { token: u8 },
    Remove { token: u8 },
    FindAll,
    FindUser(u8),
    FindSignIn(u8, u8),
    Advance(u64),
    Due,
    Policies(u64),
    OnePolicy(u8),
    WritePolicy { scope: u8, text: Option<String>, expected: Option<i8>, now: u64 },
    Append { log: u8, line: String },
    Lines { log: u8, before: Option<u64>, limit: usize },
    LinesAfter { log: u8, after: u64, limit: usize },
    Position(u8),
    SetPosition(u8, u64),
    Ready,
}

pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(prop_oneof![records(), reads(), journal()], 1..120)
}

fn token() -> std::ops::Range<u8> {
    0..6
}

fn records() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let due_in = || prop_oneof![4 => 0..5000_u64, 1 => Just(u64::MAX)];
    prop_oneof![
        3 => (token(), due_in()).prop_map(|(token, due_in)| Insert { token, due_in }),
        4 => (token(), 0..3_u8, any::<bool>())
            .prop_map(|(token, weight, hold)| Touch { token, weight, hold }),
        1 => (token(), any::<bool>()).prop_map(|(token, line)| End { token, line }),
        2 => (token(), due_in()).prop_map(|(token, due_in)| Move { token, due_in }),
        1 => token().prop_map(|token| Remove { token }),
    ]
}

fn reads() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        3 => token().prop_map(|token| Look { token }),
        1 => Just(FindAll),
        1 => (0..3_u8).prop_map(FindUser),
        1 => (0..3_u8, 0..3_u8).prop_map(|(user, sign_in)| FindSignIn(user, sign_in)),
        1 => (0..3000_u64).prop_map(Advance),
        1 => Just(Due),
        1 => Just(Ready),
    ]
}

fn journal() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let log = || 0..3_u8;
    let limit = || prop_oneof![0..5_usize, Just(usize::MAX)];
    let write = (0..4_u8, prop::option::of(".{0,9}"), prop::option::of(-1..2_i8), 0..20_u64);
    prop_oneof![
        1 => (0..30_u64).prop_map(Policies),
        1 => (0..4_u8).prop_map(OnePolicy),
        3 => write.prop_map(|(scope, text, expected, now)| {
            WritePolicy { scope, text, expected, now }
        }),
        2 => (log(), ".{0,9}").prop_map(|(log, line)| Append { log, line }),
        2 => (log(), prop::option::of(0..9_u64), limit())
            .prop_map(|(log, before, limit)| Lines { log, before, limit }),
        2 => (log(), prop_oneof![0..9_u64, Just(u64::MAX)], limit())
            .prop_map(|(log, after, limit)| LinesAfter { log, after, limit }),
        1 => (0..2_u8).prop_map(Position),
        1 => (0..2_u8, any::<u64>()).prop_map(|(reader, number)| SetPosition(reader, number)),
    ]
}

/// A store with its clock.
pub struct World {
    store: Arc<dyn Store>,
    clock: ManualClock,
}

impl World {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, clock: ManualClock::new(START_MS) }
    }

    /// Does it, and gives all that is answered, as text.
    pub async fn carry_out(&mut self, operation: &Operation) -> String {
        use Operation::*;
        match operation.clone() {
            Insert { .. }
            | Touch { .. }
            | End { .. }
            | Move { .. }
            | Look { .. }
            | Remove { .. } => self.change(operation).await,
            FindAll => self.find(Whose::Everybody).await,
            FindUser(user) => self.find(Whose::User(&name(user))).await,
            FindSignIn(user, sign_in) => {
                self.find(Whose::SignIn(&name(user), &name(sign_in))).await
            }
            Advance(by) => {
                self.clock.advance(by);
                String::new()
            }
            Due => self.due().await,
            Policies(at_least) => said(&self.store.policies(at_least).await),
            OnePolicy(of) => said(&self.store.policy(&scope(of)).await),
            WritePolicy { scope: of, text, expected, now } => {
                let scope = scope(of);
                let (version, _) = self.store.policy(&scope).await.unwrap();
                let expected = expected.map(|by| version.saturating_add_signed(by.into()));
                let audit = |version| format!("{scope} {version}");
                let text = text.as_deref();
                let rule = Rule { scope: &scope, text, expected, now, audit: &audit };
                said(&self.store.write_policy(rule).await)
            }
            Append { log: to, line } => said(&self.store.append(log(to), line).await),
            Lines { log: of, before, limit } => {
                said(&self.store.lines(log(of), before, limit).await)
            }
            LinesAfter { log: of, after, limit } => {
                said(&self.store.lines_after(log(of), after, limit).await)
            }
            Position(reader) => said(&self.store.position(&name(reader)).await),
            SetPosition(reader, to) => said(&self.store.set_position(&name(reader), to).await),
            Ready => said(&self.store.ready().await),
        }
    }

    async fn change(&self, operation: &Operation) -> String {
        use Operation::*;
        let now = self.clock.now_ms();
        match *operation {
            Insert { token, due_in } => {
                let record = record(token, now, now.saturating_add(due_in));
                said(&self.store.insert(key(token), record).await)
            }
            Remove { token } => said(&self.store.remove(&key(token), &owner(token)).await),
            Touch { token, weight, hold } => {
                let report = report(hold);
                let weight = [Weight::Nothing, Weight::Activity, Weight::Standing][weight as usize];
                let touch = |record: &mut Record| {
                    if weight != Weight::Nothing {
                        let _ = record.session.touch(now, &Policy::DEFAULT, &report);
                        record.calls.note(now, "GET /orders/*", hold);
                    }
                    Effect { weight, line: None }
                };
                self.update(token, touch).await
            }
            End { token, line } => {
                let end = |record: &mut Record| {
                    record.session.end(now, &Policy::DEFAULT, EndedBecause::Revoked);
                    record.owner.groups = Vec::new();
                    Effect {
                        weight: Weight::Standing,
                        line: line.then(|| format!("{token} {now}")),
                    }
                };
                self.update(token, end).await
            }
            Move { token, due_in } => {
                let due = |record: &mut Record| {
                    record.due_at = now.saturating_add(due_in);
                    Effect { weight: Weight::Activity, line: None }
                };
                self.update(token, due).await
            }
            Look { token } => {
                let look = |_: &mut Record| Effect { weight: Weight::Nothing, line: None };
                self.update(token, look).await
            }
            _ => unreachable!("{operation:?} changes no record"),
        }
    }

    /// Changes a record and tells it as it was and became.
    async fn update(&self, token: u8, mut act: impl FnMut(&mut Record) -> Effect + Send) -> String {
        let mut seen = None;
        let mut change = |record: &mut Record| {
            let before = record.clone();
            let effect = act(record);
            seen = Some((before, record.clone()));
            effect
        };
        let known = self.store.update(&key(token), &mut change).await.unwrap();
        format!("{known} {:?}", seen.filter(|_| known))
    }

    async fn find(&self, whose: Whose<'_>) -> String {
        let mut found = self.store.find(whose).await.unwrap();
        found.sort();
        said(&found)
    }

    /// All that is due, each put off so that no store gives it again. One that is due for sure is
    /// among them, so that nobody has to wait in order to see that there is no more.
    async fn due(&self) -> String {
        let (now, last) = (self.clock.now_ms(), u8::MAX);
        assert!(self.store.insert(key(last), record(last, now, now)).await.unwrap());
        let mut all: Vec<Key> = Vec::new();
        while !all.contains(&key(last)) {
            let due = tokio::time::timeout(PATIENCE, self.store.due(&self.clock)).await;
            for key in due.expect("nothing was given").unwrap() {
                let mut put_off = |record: &mut Record| {
                    record.due_at = now + 10_000;
                    Effect { weight: Weight::Activity, line: None }
                };
                self.store.update(&key, &mut put_off).await.unwrap();
                all.push(key);
            }
        }
        self.store.remove(&key(last), &owner(last)).await.unwrap();
        all.sort();
        said(&all)
    }
}

fn said(answer: &impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

fn key(token: u8) -> Key {
    Key::of(&format!("a token of some length {token}"))
}

fn name(number: u8) -> String {
    format!("name:{number}")
}

fn scope(number: u8) -> Scope {
    match number {
        0 => Scope::Organization,
        1 => Scope::Group(name(1)),
        number => Scope::User(name(number)),
    }
}

fn log(number: u8) -> Log {
    [Log::Ends, Log::Audit, Log::DeadLetters][number as usize]
}

/// Two tokens of each user; one in three has no sign-in.
fn owner(token: u8) -> Owner {
    let sign_in = (!token.is_multiple_of(3)).then(|| name(token % 2));
    Owner { user: name(token / 2), sign_in, groups: vec![name(token)] }
}

fn record(token: u8, now: u64, due_at: u64) -> Record {
    Record {
        owner: owner(token),
        session: Session::new(now, &Policy::DEFAULT),
        keepalives: 0,
        agent: String::new(),
        calls: Calls::default(),
        issued: None,
        sign_in_over: false,
        due_at,
    }
}

fn report(hold: bool) -> Report {
    let ttl_ms = if hold { 60_000 } else { 0 };
    let hold = HoldReport { id: "call".into(), reason: "phone".into(), ttl_ms };
    let counts = Counts { keystrokes: 1, clicks: 2, heartbeats: 3, notes: 4, system: 5 };
    Report { age_ms: 0, counts, contexts: 1, holds: vec![hold], agent: "test/1".into() }
}
