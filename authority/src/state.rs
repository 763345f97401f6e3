//! What all requests share: the one place where records change and where the consequences of a
//! change (timers, streams, metrics, log) are carried out.

use std::{path::PathBuf, sync::Arc};

use axum::http::HeaderValue;
use stillhere::core::{ended::EndedBecause, policy::Policy};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    deadlines::Deadlines,
    hub::{Hub, Subscription},
    links::Links,
    metrics::Metrics,
    report::Report,
    session::{Ended, Session, State},
    store::{Key, Owner, Record, Store, StoreError},
};

/// How a server is set up.
#[derive(Clone)]
pub struct Settings {
    /// The policy that applies from the start. Its version is set from the clock.
    pub policy: Policy,
    /// Development mode: every loopback origin may call.
    pub dev: bool,
    /// Origins that may call from a browser, exactly as browsers send them.
    pub allow_origins: Vec<HeaderValue>,
    /// The administrator's token. Without one no admin call is answered.
    pub admin_token: Option<String>,
    /// Tokens of one sign-in share activity and holds.
    pub link_tokens: bool,
    /// Folder of the demo pages; with it come `/demo/sign-in` and `/dist`.
    pub www: Option<PathBuf>,
    /// Folder of the built agent, served at `/dist` with the demo.
    pub dist: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::DEFAULT,
            dev: false,
            allow_origins: Vec::new(),
            admin_token: None,
            link_tokens: false,
            www: None,
            dist: None,
        }
    }
}

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
    rearm: Option<(u64, u64)>,
}

struct Inner {
    settings: Settings,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    policy: watch::Sender<Arc<Policy>>,
    deadlines: Deadlines,
    hub: Hub,
    /// Only where tokens are linked.
    links: Option<Links>,
    metrics: Metrics,
    stopping: CancellationToken,
}

/// The state of one server. Cheap to clone; clones are the same server.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    /// A server with that clock and store. The policy's version is the clock's time, so that it
    /// grows over restarts and agents take the new policy over the old.
    #[must_use]
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, store: Arc<dyn Store>) -> Self {
        let policy = Policy { version: clock.now_ms(), ..settings.policy.clone() };
        let links = settings.link_tokens.then(Links::default);
        Self(Arc::new(Inner {
            settings,
            clock,
            store,
            policy: watch::Sender::new(Arc::new(policy)),
            deadlines: Deadlines::default(),
            hub: Hub::default(),
            links,
            metrics: Metrics::new(),
            stopping: CancellationToken::new(),
        }))
    }

    /// The policy that applies now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.0.policy.borrow().clone()
    }

    /// Replaces the policy, with a higher version, tells all event streams and ends at once what
    /// the new policy no longer allows.
    ///
    /// # Errors
    /// When the store cannot be reached. The policy applies nevertheless.
    pub async fn set_policy(&self, policy: Policy) -> Result<(), StoreError> {
        let now = self.now_ms();
        self.0.policy.send_modify(|known| {
            let version = now.max(known.version + 1);
            *known = Arc::new(Policy { version, ..policy });
        });
        for key in self.0.store.keys(&|_, record| record.session.ended().is_none()).await? {
            self.apply(&key, |_, _, _| ()).await?;
        }
        Ok(())
    }

    /// Takes in a token that was issued elsewhere. None if it is known, dead or alive.
    pub(crate) async fn register(
        &self,
        token: &str,
        owner: Owner,
    ) -> Result<Option<(State, Arc<Policy>)>, StoreError> {
        let (now, policy, key) = (self.now_ms(), self.policy(), Key::of(token));
        let session = Session::new(now, &policy);
        let linked = self.0.links.as_ref().map(|links| (links, owner.clone()));
        let state = session.state(now, &policy);
        let mut record =
            Record { owner, session, keepalives: 0, agent: String::new(), armed_at: 0 };
        record.armed_at = record.due(&policy);
        let armed_at = record.armed_at;
        if !self.0.store.insert(key, record).await? {
            return Ok(None);
        }
        if let Some((links, owner)) = linked {
            links.tie(&owner, key);
        }
        self.0.metrics.sessions.inc();
        self.0.deadlines.arm(key, None, armed_at);
        // The policy may have become stricter since it was read.
        self.apply(&key, |_, _, _| ()).await?;
        Ok(Some((state, policy)))
    }

    /// Takes a keep-alive in.
    pub(crate) async fn touch(
        &self,
        key: &Key,
        report: &Report,
    ) -> Result<(State, Arc<Policy>), Gone> {
        let touched = self.apply(key, |record, now, policy| {
            let state = record.session.touch(now, policy, report)?;
            record.keepalives += 1;
            report.agent.clone_into(&mut record.agent);
            let links = self.0.links.as_ref();
            Ok((state, links.map_or_else(Vec::new, |links| links.others(&record.owner, key))))
        });
        let (touched, policy) = touched.await?.ok_or(Gone::Unknown)?;
        let (state, linked) = touched.map_err(Gone::Ended)?;
        self.0.metrics.keepalives.inc();
        for other in linked {
            self.apply(&other, |record, now, policy| record.session.share(now, policy, report))
                .await?;
        }
        Ok((state, policy))
    }

    /// Where a token stands. Extends nothing.
    pub(crate) async fn look(&self, key: &Key) -> Result<(State, Arc<Policy>), Gone> {
        let looked = self.apply(key, |record, now, policy| match record.session.ended() {
            Some(ended) => Err(Gone::Ended(ended.because)),
            None => Ok(record.session.state(now, policy)),
        });
        let (looked, policy) = looked.await?.ok_or(Gone::Unknown)?;
        Ok((looked?, policy))
    }

    /// Ends a token.
    pub(crate) async fn end(
        &self,
        key: &Key,
        because: EndedBecause,
    ) -> Result<(State, Arc<Policy>), Gone> {
        let ended = self.apply(key, |record, now, policy| {
            if let Some(ended) = record.session.ended() {
                return Err(Gone::Ended(ended.because));
            }
            record.session.end(now, policy, because);
            Ok(record.session.state(now, policy))
        });
        let (ended, policy) = ended.await?.ok_or(Gone::Unknown)?;
        Ok((ended?, policy))
    }

    /// All keys whose record satisfies `wanted`.
    pub(crate) async fn keys(
        &self,
        wanted: &(dyn for<'a> Fn(&'a Key, &'a Record) -> bool + Sync),
    ) -> Result<Vec<Key>, StoreError> {
        self.0.store.keys(wanted).await
    }

    /// Reads a record as it stands now. None if the key is unknown.
    pub(crate) async fn read<T: Send>(
        &self,
        key: &Key,
        read: impl Fn(&Record, u64, &Policy) -> T + Send + Sync,
    ) -> Result<Option<T>, StoreError> {
        let read = self.apply(key, |record, now, policy| read(record, now, policy)).await?;
        Ok(read.map(|(value, _)| value))
    }

    /// The timer that was set to `at` has fired: ends, forgets or re-arms. One that was moved in
    /// the meantime does nothing.
    pub(crate) async fn timer_fired(&self, key: &Key, at: u64) -> Result<(), StoreError> {
        let fired = self.apply(key, |record, now, policy| {
            if record.armed_at != at {
                return None;
            }
            record.armed_at = record.due(policy);
            let forget = record.session.ended().is_some() && record.armed_at <= now;
            Some((record.armed_at, forget.then(|| record.owner.clone())))
        });
        match fired.await? {
            Some((Some((_, Some(owner))), _)) => {
                if let Some(links) = &self.0.links {
                    links.untie(&owner, key);
                }
                self.0.store.remove(key).await?;
            }
            Some((Some((next, None)), _)) => self.0.deadlines.arm(*key, None, next),
            Some((None, _)) | None => {}
        }
        Ok(())
    }

    /// Settles a record, lets `act` change it and carries out what follows from both.
    async fn apply<T: Send>(
        &self,
        key: &Key,
        mut act: impl FnMut(&mut Record, u64, &Policy) -> T + Send,
    ) -> Result<Option<(T, Arc<Policy>)>, StoreError> {
        let (now, policy) = (self.now_ms(), self.policy());
        let mut outcome = None;
        let mut change = |record: &mut Record| {
            let before = (record.session.ended(), record.session.hold_changes());
            record.session.settle(now, &policy);
            let value = act(record, now, &policy);
            outcome = Some((value, consequences(record, before, &policy)));
        };
        self.0.store.update(key, &mut change).await?;
        Ok(outcome.map(|(value, then)| {
            self.carry_out(key, then);
            (value, policy)
        }))
    }

    fn carry_out(&self, key: &Key, then: Consequences) {
        if let Some((before, at)) = then.rearm {
            self.0.deadlines.arm(*key, Some(before), at);
        }
        if let Some((ended, user)) = &then.ended {
            self.0.metrics.ended(ended.because);
            tracing::info!(id = ?key, user, because = ended.because.name(), "session ended");
        }
        if then.standing_changed {
            self.0.hub.wake(key);
        }
    }

    pub(crate) fn subscribe(&self, key: Key) -> Option<Subscription> {
        self.0.hub.subscribe(key)
    }

    pub(crate) fn policies(&self) -> watch::Receiver<Arc<Policy>> {
        self.0.policy.subscribe()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.0.deadlines
    }

    /// Returns once the server has been told to stop.
    pub async fn stopped(&self) {
        self.0.stopping.cancelled().await;
    }

    /// Cancelled once the server is told to stop.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.0.clock.now_ms()
    }

    pub(crate) async fn sleep_until(&self, at_ms: u64) {
        self.0.clock.sleep_until(at_ms).await;
    }
}

/// Compares a record with what it was before a change.
fn consequences(
    record: &mut Record,
    (ended_before, holds_before): (Option<Ended>, u64),
    policy: &Policy,
) -> Consequences {
    let mut then = Consequences::default();
    if ended_before.is_none()
        && let Some(ended) = record.session.ended()
    {
        then.ended = Some((ended, record.owner.user.clone()));
        // What is remembered is the reason, not the person's groups.
        record.owner.groups = Vec::new();
    }
    then.standing_changed = then.ended.is_some() || record.session.hold_changes() != holds_before;
    let due = record.due(policy);
    if due < record.armed_at {
        then.rearm = Some((record.armed_at, due));
        record.armed_at = due;
    }
    then
}
