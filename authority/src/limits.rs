//! How often somebody may call. Nobody who is signed in is turned away for what strangers do: their
//! limits concern only calls that would be refused, or that cost an issuer a question.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, request::Parts},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::keyed::DashMapStateStore,
};

use crate::{clock::Clock, problem::Problem, store::Key};

/// Calls that a token may make at once before its rate counts, as a multiple of the rate: fifty pages
/// may open together.
const TOKEN_BURST: u32 = 10;
/// Unknown tokens from one address that issuers are asked about, in a second, and at once: a whole
/// site may begin its shift behind one address.
const STRANGERS: (u32, u32) = (100, 1000);
/// Refused administrators from one address, in a second, and at once.
const NO_ADMINS: (u32, u32) = (1, 20);

/// The server's clock, as the limiters read it.
#[derive(Clone)]
struct Watch(Arc<dyn Clock>);

impl governor::clock::Clock for Watch {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Duration::from_millis(self.0.now_ms()).into()
    }
}

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, Watch, NoOpMiddleware<Nanos>>;

/// All limits of one server.
pub(crate) struct Limits {
    watch: Watch,
    tokens: Option<Keyed<Key>>,
    strangers: Keyed<IpAddr>,
    no_admins: Keyed<IpAddr>,
    forwarded: bool,
}

impl Limits {
    /// A token may call so often a second, 0 for any number. `forwarded`: addresses are read from what
    /// the proxy says.
    pub(crate) fn new(clock: Arc<dyn Clock>, per_token: u32, forwarded: bool) -> Self {
        let watch = Watch(clock);
        let of = |(rate, burst): (u32, u32)| {
            let number = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(number(rate)).allow_burst(number(burst))
        };
        let burst = per_token.saturating_mul(TOKEN_BURST);
        Self {
            tokens: (per_token > 0)
                .then(|| RateLimiter::new(of((per_token, burst)), <_>::default(), watch.clone())),
            strangers: RateLimiter::new(of(STRANGERS), <_>::default(), watch.clone()),
            no_admins: RateLimiter::new(of(NO_ADMINS), <_>::default(), watch.clone()),
            watch,
            forwarded,
        }
    }

    /// A token makes a call.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn token(&self, key: Key) -> Result<(), Problem> {
        self.tokens.as_ref().map_or(Ok(()), |limit| self.ask(limit, &key))
    }

    /// A token that nobody knows came from there, and issuers would have to be asked about it.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn stranger(&self, from: IpAddr) -> Result<(), Problem> {
        self.ask(&self.strangers, &from)
    }

    /// Somebody there was taken for no administrator.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn no_admin(&self, from: IpAddr) -> Result<(), Problem> {
        self.ask(&self.no_admins, &from)
    }

    fn ask<K: std::hash::Hash + Eq + Clone>(
        &self,
        limit: &Keyed<K>,
        key: &K,
    ) -> Result<(), Problem> {
        limit.check_key(key).map_err(|until| {
            let wait = until.earliest_possible().duration_since(self.watch.now());
            Problem::too_often(Duration::from(wait))
        })
    }

    /// Where a request comes from: as the proxy said last, where one is in front, or else the other
    /// end of the connection.
    pub(crate) fn address(&self, parts: &Parts) -> IpAddr {
        let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
        let peer = peer.map_or(IpAddr::from([0; 4]), |info| info.0.ip());
        let said = self.forwarded.then(|| forwarded_for(&parts.headers)).flatten();
        said.unwrap_or(peer)
    }

    /// Forgets who has not called for a while.
    pub(crate) fn forget(&self) {
        self.tokens.iter().for_each(Keyed::retain_recent);
        self.strangers.retain_recent();
        self.no_admins.retain_recent();
    }
}

/// The last address in `X-Forwarded-For`: the one that the nearest proxy added. What stands before it
/// came from the client.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}
