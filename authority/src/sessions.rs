//! The tokens: the one place where records change and where the consequences of a change (timers,
//! streams, metrics, log) are carried out.

use std::time::Duration;

use stillhere::core::{ended::EndedBecause, policy::Policy};

use crate::{
    calls::{self, Calls},
    journal::EndLine,
    policy::InForce,
    report::{Counts, Report},
    session::{Ended, State},
    state::AppState,
    store::{Effect, Key, Owner, Record, StoreError, Weight, Whose},
};

/// A token that is not, or no longer, good.
#[derive(Debug)]
pub(crate) enum Gone {
    /// It ended, for this reason.
    Ended(EndedBecause),
    /// It was never registered, or ended so long ago that it is forgotten.
    Unknown,
    /// Nobody can say.
    Store(StoreError),
}

impl From<StoreError> for Gone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What has to happen after a record has changed.
#[derive(Debug, Default)]
struct Consequences {
    ended: Option<(Ended, String)>,
    standing_changed: bool,
    activity_moved: bool,
    /// When it happened, in Unix milliseconds.
    at: u64,
}

/// A record as it was before a change.
#[derive(PartialEq, Eq)]
struct Before {
    ended: Option<Ended>,
    observed: Option<Ended>,
    hold_changes: u32,
    active_at: u64,
    due_at: u64,
}

impl Before {
    const fn of(record: &Record) -> Self {
        Self {
            ended: record.session.ended(),
            observed: record.session.observed(),
            hold_changes: record.session.hold_changes(),
            active_at: record.session.active_at(),
            due_at: record.due_at,
        }
    }
}

impl AppState {
    /// Takes a keep-alive in.
    pub(crate) async fn touch(&self, key: &Key, report: &Report) -> Result<(State, Policy), Gone> {
        let touched = self.apply(key, |record, now, in_force| {
            let touched = record.session.touch(now, in_force.terms(), report).map(|state| {
                record.keepalives += 1;
                report.agent.clone_into(&mut record.agent);
                (state, linked(record, in_force))
            });
            (touched, Weight::Activity)
        });
        let (touched, policy) = touched.await?.ok_or(Gone::Unknown)?;
        let (state, linked) = touched.map_err(Gone::Ended)?;
        self.metrics().keepalives.inc();
        self.share(key, linked, report).await?;
        Ok((state, policy))
    }

    /// An application's API was called with the token: whose it is. The call is activity only where
    /// the policy's API rules say so.
    pub(crate) async fn call(
        &self,
        key: &Key,
        method: &str,
        path: &str,
    ) -> Result<(State, Owner), Gone> {
        let counts = |in_force: &InForce| in_force.counts_call(method, path);
        self.called(key, &calls::name(method, path), counts).await
    }

    /// The same for a call that is activity by itself, unless the API rules take it out by name.
    pub(crate) async fn slide(&self, key: &Key, method: &str, path: &str) -> Result<(), Gone> {
        let counts = |in_force: &InForce| !in_force.excludes_call(method, path);
        self.called(key, &calls::name(method, path), counts).await.map(drop)
    }

    async fn called(
        &self,
        key: &Key,
        name: &str,
        counts: impl Fn(&InForce) -> bool + Send + Sync,
    ) -> Result<(State, Owner), Gone> {
        let called = self.apply(key, |record, now, in_force| {
            let counted = counts(in_force);
            let state = match record.session.ended() {
                Some(ended) => Err(ended.because),
                None if counted => record.session.api_call(now, in_force.terms()),
                None => Ok(record.session.state(now, in_force.terms())),
            };
            let noted = state.is_ok() && record.calls.note(now, name, counted);
            let weight = if counted || noted { Weight::Activity } else { Weight::Nothing };
            let linked = if counted { linked(record, in_force) } else { None };
            (state.map(|state| (state, record.owner.clone(), linked)), weight)
        });
        let (called, _) = called.await?.ok_or(Gone::Unknown)?;
        let (state, owner, linked) = called.map_err(Gone::Ended)?;
        self.share(key, linked, &CALLED).await?;
        Ok((state, owner))
    }

    async fn share(
        &self,
        key: &Key,
        linked: Option<Owner>,
        report: &Report,
    ) -> Result<(), StoreError> {
        let Some(Owner { user, sign_in: Some(sign_in), .. }) = linked else { return Ok(()) };
        for other in self.store().find(Whose::SignIn(&user, &sign_in)).await? {
            if other != *key {
                self.apply(&other, |record, now, in_force| {
                    record.session.share(now, in_force.terms(), report);
                    ((), Weight::Activity)
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Where a token stands. Extends nothing.
    pub(crate) async fn look(&self, key: &Key) -> Result<(State, Policy), Gone> {
        let looked = self.apply(key, |record, now, in_force| {
            let looked = match record.session.ended() {
                Some(ended) => Err(Gone::Ended(ended.because)),
                None => Ok(record.session.state(now, in_force.terms())),
            };
            (looked, Weight::Nothing)
        });
        let (looked, policy) = looked.await?.ok_or(Gone::Unknown)?;
        Ok((looked?, policy))
    }

    /// Whose a live token is. Extends nothing.
    pub(crate) async fn whose(&self, key: &Key) -> Result<String, Gone> {
        let read = self.read(key, |record, _, _| match record.session.ended() {
            Some(ended) => Err(Gone::Ended(ended.because)),
            None => Ok(record.owner.user.clone()),
        });
        read.await?.ok_or(Gone::Unknown)?
    }

    /// Ends a token.
    pub(crate) async fn end(
        &self,
        key: &Key,
        because: EndedBecause,
    ) -> Result<(State, Policy), Gone> {
        let ended = self.apply(key, |record, now, in_force| {
            if let Some(ended) = record.session.ended() {
                return (Err(Gone::Ended(ended.because)), Weight::Nothing);
            }
            record.session.end(now, in_force.terms(), because);
            (Ok(record.session.state(now, in_force.terms())), Weight::Standing)
        });
        let (ended, policy) = ended.await?.ok_or(Gone::Unknown)?;
        if ended.is_err() {
            // It may be over by a call whose answer the store owes us: then nobody was told.
            self.hub().wake(key);
        }
        Ok((ended?, policy))
    }

    /// Logs a user off: ends all their tokens, and no sign-in of theirs is taken up again. How many
    /// lived until now.
    pub(crate) async fn log_off(&self, user: &str) -> Result<usize, StoreError> {
        let mut ended = 0;
        for key in self.store().find(Whose::User(user)).await? {
            let done = self.apply(&key, |record, now, in_force| {
                let lived = record.session.ended().is_none();
                record.session.end(now, in_force.terms(), EndedBecause::Revoked);
                let news = lived || !record.sign_in_over;
                record.sign_in_over = true;
                (lived, if news { Weight::Standing } else { Weight::Nothing })
            });
            let lived = done.await?.is_some_and(|(lived, _)| lived);
            if !lived {
                // As in `end`.
                self.hub().wake(&key);
            }
            ended += usize::from(lived);
        }
        Ok(ended)
    }

    /// Reads a record as it stands now. None if the key is unknown.
    pub(crate) async fn read<T: Send>(
        &self,
        key: &Key,
        read: impl Fn(&Record, u64, &InForce) -> T + Send + Sync,
    ) -> Result<Option<T>, StoreError> {
        let read =
            self.apply(key, |record, now, in_force| (read(record, now, in_force), Weight::Nothing));
        Ok(read.await?.map(|(value, _)| value))
    }

    /// A record is due: ends it, forgets it, or says when it is due next.
    pub(crate) async fn look_at(&self, key: &Key) -> Result<(), StoreError> {
        let looked = self.apply(key, |record, now, in_force| {
            let due_at = record.due(in_force.terms());
            let forget = record.session.ended().is_some() && due_at <= now;
            if !forget {
                record.due_at = due_at;
            }
            (forget.then(|| record.owner.clone()), Weight::Nothing)
        });
        if let Some((Some(owner), _)) = looked.await? {
            self.store().remove(key, &owner).await?;
        }
        Ok(())
    }

    /// Settles a record, lets `act` change it and carries out what follows from both.
    pub(crate) async fn apply<T: Send>(
        &self,
        key: &Key,
        mut act: impl FnMut(&mut Record, u64, &InForce) -> (T, Weight) + Send,
    ) -> Result<Option<(T, Policy)>, StoreError> {
        let now = self.now_ms();
        let mut outcome = None;
        let mut change = |record: &mut Record| {
            let in_force = self.policies().in_force(&record.owner, record.session.began_at(), now);
            let before = Before::of(record);
            record.session.settle(now, in_force.terms());
            let (value, weight) = act(record, now, &in_force);
            let (then, effect) = consequences(key, record, &before, &in_force, weight);
            outcome = Some((value, then, in_force.policy));
            effect
        };
        // A store that works optimistically may have tried it on a record that is gone by now.
        let known = self.store().update(key, &mut change).await?;
        Ok(outcome.filter(|_| known).map(|(value, then, policy)| {
            self.carry_out(key, Consequences { at: now, ..then });
            (value, policy)
        }))
    }

    fn carry_out(&self, key: &Key, then: Consequences) {
        if let Some((ended, user)) = &then.ended {
            let delay = Duration::from_millis(then.at.saturating_sub(ended.at));
            self.metrics().ended(ended.because, delay);
            self.tell_of_end();
            tracing::info!(id = ?key, user, because = ended.because.name(), "session ended");
        }
        if then.standing_changed {
            self.hub().wake(key);
        } else if then.activity_moved {
            self.hub().stir(key);
        }
    }
}

/// What a counted API call tells the other tokens of its sign-in.
static CALLED: Report = Report {
    age_ms: 0,
    counts: Counts { keystrokes: 0, clicks: 0, heartbeats: 0, notes: 0, system: 0 },
    contexts: 0,
    holds: Vec::new(),
    agent: String::new(),
};

/// Whose other tokens share this one's activity.
fn linked(record: &Record, in_force: &InForce) -> Option<Owner> {
    let linked = in_force.link_tokens && record.owner.sign_in.is_some();
    linked.then(|| record.owner.clone())
}

/// Compares a record with what it was before a change.
fn consequences(
    key: &Key,
    record: &mut Record,
    before: &Before,
    in_force: &InForce,
    weight: Weight,
) -> (Consequences, Effect) {
    let mut then = Consequences::default();
    let mut line = None;
    if let Some(ended) = record.session.ended().filter(|_| before.ended.is_none()) {
        line = Some(EndLine::new(key, record, ended, in_force, false));
        then.ended = Some((ended, record.owner.user.clone()));
        // What is remembered is the reason, not the person's groups and what they did.
        record.owner.groups = Vec::new();
        record.calls = Calls::default();
    } else if let Some(ended) = record.session.observed().filter(|e| before.observed != Some(*e)) {
        line = Some(EndLine::new(key, record, ended, in_force, true));
    }
    // Only a deadline that comes nearer moves the timer; one that fires early is set anew.
    record.due_at = record.due_at.min(record.due(in_force.terms()));
    then.standing_changed =
        then.ended.is_some() || record.session.hold_changes() != before.hold_changes;
    then.activity_moved = record.session.active_at() > before.active_at;
    let weight = if then.standing_changed || line.is_some() {
        Weight::Standing
    } else if record.due_at == before.due_at {
        weight
    } else {
        weight.max(Weight::Activity)
    };
    (then, Effect { weight, line: line.map(|line| line.write()) })
}
