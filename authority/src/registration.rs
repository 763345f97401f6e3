//! How a token begins: registered, or vouched for by its issuer; and where its sign-in stands.

use stillhere::core::{ended::EndedBecause, policy::Policy};

use crate::{
    calls::Calls,
    session::{Session, State},
    state::AppState,
    store::{Effect, Issued, Key, Owner, Record, StoreError, Weight, Whose},
};

/// What became of a token that was to be registered.
#[derive(Debug)]
pub(crate) enum Registered {
    /// It lives.
    New(State, Policy),
    /// It is known, dead or alive.
    Known,
    /// Its sign-in is over, for this reason.
    SignInOver(EndedBecause),
}

/// Where a sign-in stands.
enum SignIn {
    /// No token of it is known.
    New,
    /// Its user was active then.
    ActiveAt(u64),
    /// It is over.
    Over(EndedBecause),
}

impl AppState {
    /// Takes in a token that was issued elsewhere. One of a sign-in that goes on begins with the idle
    /// time that its user has there: to be issued a token is no activity of a person.
    pub(crate) async fn register(
        &self,
        token: &str,
        owner: Owner,
    ) -> Result<Registered, StoreError> {
        self.accept(Key::of(token), owner, None).await
    }

    /// Takes in a token, perhaps one that an issuer vouches for.
    pub(crate) async fn accept(
        &self,
        key: Key,
        owner: Owner,
        issued: Option<Issued>,
    ) -> Result<Registered, StoreError> {
        let now = self.now_ms();
        let active_at = match self.sign_in(&owner).await? {
            SignIn::New => now,
            SignIn::ActiveAt(at) => at,
            SignIn::Over(because) => return Ok(Registered::SignInOver(because)),
        };
        let in_force = self.policies().in_force(&owner, now, now);
        let session = Session::begun(now, active_at, in_force.terms());
        let state = session.state(now, in_force.terms());
        let mut record = Record {
            owner,
            session,
            keepalives: 0,
            agent: String::new(),
            calls: Calls::default(),
            issued,
            sign_in_over: false,
            due_at: 0,
        };
        record.due_at = record.due(in_force.terms());
        if !self.store().insert(key, record).await? {
            return Ok(Registered::Known);
        }
        self.metrics().sessions.inc();
        // The policy may have become stricter since it was read.
        self.apply(&key, |_, _, _| ((), Weight::Nothing)).await?;
        Ok(Registered::New(state, in_force.policy))
    }

    /// Counts the sessions that a store kept from before. Of a shared one each node counts what it sees
    /// itself.
    pub(crate) async fn count_sessions(&self) -> Result<(), StoreError> {
        if self.store().is_shared() {
            return Ok(());
        }
        // What ran out meanwhile is noticed, and counted down, as its timer fires.
        let mut kept = 0;
        for key in self.store().find(Whose::Everybody).await? {
            let mut look = |record: &mut Record| {
                kept += i64::from(record.session.ended().is_none());
                Effect { weight: Weight::Nothing, line: None }
            };
            self.store().update(&key, &mut look).await?;
        }
        self.metrics().sessions.set(kept);
        Ok(())
    }

    /// Where the sign-in of a new token stands, as its other tokens tell.
    async fn sign_in(&self, owner: &Owner) -> Result<SignIn, StoreError> {
        let Some(sign_in) = &owner.sign_in else { return Ok(SignIn::New) };
        let mut found = SignIn::New;
        for key in self.store().find(Whose::SignIn(&owner.user, sign_in)).await? {
            let read = self.read(&key, |record, _, _| {
                let ended = record.session.ended();
                (record.session.active_at(), ended.map(|ended| ended.because), record.sign_in_over)
            });
            found = match (read.await?, found) {
                (Some((at, None, _)), SignIn::ActiveAt(known)) => SignIn::ActiveAt(known.max(at)),
                (Some((at, None, _)), _) => SignIn::ActiveAt(at),
                (Some((_, Some(because), true)), _) => return Ok(SignIn::Over(because)),
                // A token that was given back says nothing of the sign-in: it was replaced, perhaps.
                (
                    Some((_, Some(because @ (EndedBecause::Idle | EndedBecause::Schedule)), _)),
                    SignIn::New,
                ) => SignIn::Over(because),
                (_, found) => found,
            };
        }
        Ok(found)
    }
}
