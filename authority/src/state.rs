//! What all requests share. What is done with it stands in [`crate::sessions`] (the tokens) and
//! [`crate::govern`] (the policies and the logs).

use std::{path::PathBuf, sync::Arc};

use axum::http::HeaderValue;
use stillhere::core::policy::Policy;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    admins::AdminToken,
    clock::Clock,
    demo::Codes,
    hub::{Hub, Subscription},
    issuers::{Issuer, IssuerSettings},
    limits::Limits,
    metrics::Metrics,
    notices::NoticeSettings,
    policy::Policies,
    store::{Key, Store},
    traces::Traces,
};

/// Calls that one token may make in a second where nothing else is set. An agent makes one in an
/// interval; a page that loads makes two.
pub const CALLS_PER_SECOND: u32 = 20;

/// Time between two comments on a silent event stream where nothing else is set, in milliseconds: less than
/// the 55 s and more after which proxies cut what is silent unless told otherwise (docs/decisions/event-ping.md).
pub const EVENT_PING_MS: u64 = 45_000;

/// How a server is set up.
#[derive(Clone)]
pub struct Settings {
    /// The policy where no administrator wrote another. Its version is set from the clock.
    pub policy: Policy,
    /// Development mode: every loopback origin may call.
    pub dev: bool,
    /// Origins that may call from a browser, exactly as browsers send them.
    pub allow_origins: Vec<HeaderValue>,
    /// The administrators' tokens. Without one no admin call is answered.
    pub admins: Vec<AdminToken>,
    /// Who vouches for tokens that nobody registered.
    pub issuers: Vec<IssuerSettings>,
    /// Tokens of one sign-in share activity and holds, where no administrator wrote otherwise.
    pub link_tokens: bool,
    /// Calls that one token may make in a second; 0 for any number.
    pub calls_per_second: u32,
    /// Time between two comments on a silent event stream, in milliseconds; 0 for none.
    pub event_ping_ms: u64,
    /// A proxy is in front, and says where requests come from.
    pub behind_proxy: bool,
    /// Folder of the demo pages; with it come `/dist` and the calls under `/demo`.
    pub www: Option<PathBuf>,
    /// Folder of the built agent, served at `/dist` with the demo.
    pub dist: Option<PathBuf>,
    /// Who is told when a session ended.
    pub notices: NoticeSettings,
    /// Where spans of requests are sent, as [`crate::traces::endpoint`] gives it.
    pub otlp_endpoint: Option<Url>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::DEFAULT,
            dev: false,
            allow_origins: Vec::new(),
            admins: Vec::new(),
            issuers: Vec::new(),
            link_tokens: false,
            calls_per_second: CALLS_PER_SECOND,
            event_ping_ms: EVENT_PING_MS,
            behind_proxy: false,
            www: None,
            dist: None,
            notices: NoticeSettings::default(),
            otlp_endpoint: None,
        }
    }
}

/// Why a server cannot be opened, in one sentence.
#[derive(Debug)]
pub struct OpenError(String);

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

struct Inner {
    settings: Settings,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    policies: Policies,
    issuers: Vec<Arc<dyn Issuer>>,
    /// Changes of policies that concern more than one user, counted.
    told: watch::Sender<u64>,
    /// Sessions that this process ended, counted.
    ended: watch::Sender<u64>,
    hub: Hub,
    limits: Limits,
    codes: Codes,
    metrics: Metrics,
    traces: Option<Traces>,
    stopping: CancellationToken,
}

/// The state of one server. Cheap to clone; clones are the same server.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    /// A server with that clock and store. The version of the policies is at least the clock's time,
    /// so that it grows over restarts and agents take the new policy over the old.
    ///
    /// # Errors
    /// When the store cannot be read, holds a policy that this version cannot read, or the settings of
    /// an issuer or of the collector of spans cannot work.
    pub async fn open(
        settings: Settings,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
    ) -> Result<Self, OpenError> {
        let now = clock.now_ms();
        let limits = Limits::new(clock.clone(), settings.calls_per_second, settings.behind_proxy);
        let issuers = settings.issuers.iter().cloned().map(IssuerSettings::build);
        let issuers =
            issuers.collect::<Result<_, _>>().map_err(|why| OpenError(why.to_string()))?;
        let traces = settings.otlp_endpoint.as_ref().map(Traces::start).transpose();
        let traces = traces.map_err(OpenError)?;
        let policies = Policies::new(settings.policy.clone(), settings.link_tokens);
        let state = Self(Arc::new(Inner {
            settings,
            clock,
            store,
            policies,
            issuers,
            told: watch::Sender::default(),
            ended: watch::Sender::default(),
            hub: Hub::default(),
            limits,
            codes: Codes::default(),
            metrics: Metrics::new(),
            traces,
            stopping: CancellationToken::new(),
        }));
        let opened = async {
            state.read_policies(now).await?;
            state.count_sessions().await
        };
        opened.await.map_err(|why| OpenError(why.to_string()))?;
        Ok(state)
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.0.policies
    }

    pub(crate) fn issuers(&self) -> &[Arc<dyn Issuer>] {
        &self.0.issuers
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The codes of the demo's sign-in.
    pub(crate) fn codes(&self) -> &Codes {
        &self.0.codes
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// Listens to a token of that user. None when it has too many streams already.
    pub(crate) fn subscribe(&self, key: Key, user: &str) -> Option<Subscription> {
        self.0.hub.subscribe(key, user)
    }

    /// Tells all event streams that policies have changed.
    pub(crate) fn tell_all(&self) {
        self.0.told.send_modify(|version| *version += 1);
    }

    /// Changes whenever policies of more than one user did.
    pub(crate) fn told(&self) -> watch::Receiver<u64> {
        self.0.told.subscribe()
    }

    /// Tells whoever reads the log of ends that there is a new line.
    pub(crate) fn tell_of_end(&self) {
        self.0.ended.send_modify(|ends| *ends = ends.wrapping_add(1));
    }

    /// Changes whenever this process has written a line to the log of ends.
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.0.ended.subscribe()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn traces(&self) -> Option<&Traces> {
        self.0.traces.as_ref()
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
