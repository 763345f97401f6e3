//! The store that many nodes share: Redis from 6.2 on, or Valkey.
//!
//! The rule stays in Rust; the server only makes changes atomic. A node runs a change on the record
//! as it saw it last and sends the result with the tag of what it was made from: a script writes it
//! if the record still has that tag, and otherwise answers with the record as it is, for another try.
//! So a touch on a node that knows the record is one round trip, and what a node remembers is never
//! believed without the server having compared it.
//!
//! # What "acknowledged" means
//! An answer means that the server has the change in memory and in its append-only file as far as it
//! is set up to:
//! - `appendonly yes`, `appendfsync always`: an acknowledged end survives a power cut.
//! - `appendfsync everysec`: up to two seconds of changes are lost in a power cut, revocations too, and
//!   where only the server is killed as well: it puts off writing to its file for as long as that while
//!   a sync is under way, and answers all the same. A lost touch is made up for by the next keep-alive,
//!   a lost revocation is not.
//! - `appendonly no`: all is lost that came after the last snapshot. [`RedisStore::open`] warns of it.
//!
//! A replica is behind by what is on the way: after a failover to it the last changes can be missing.
//! No node believes what it remembers of them.
//!
//! # One server
//! A record and its line in the log of ends are written together or not at all, and that log is one
//! sequence, so all keys have to be on one server: a Cluster is not supported. A primary with
//! replicas is, behind an address that follows the primary.
//!
//! `rediss://` speaks TLS and trusts what the system trusts.

mod background;
mod cache;
mod clock;
mod journal;
mod link;
mod names;
mod news;
mod records;
mod scripts;
mod value;
mod warnings;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use redis::cmd;

pub use self::clock::RedisClock;
use self::{
    background::Background, cache::Cache, link::Link, names::Names, news::Ear, news::Inbox,
    scripts::Scripts,
};
use super::{Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Whose, Written};
use crate::{clock::Clock, policy::Scope};

/// How the server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// What all keys and the channel begin with, so that several authorities can share a server.
    /// Channels are not per database. At first `stillhere:`.
    pub prefix: String,
    /// The longest time that a command may take, connecting included. At first 1 s; at least 1 ms.
    pub time_limit: Duration,
    /// Records that this node remembers as it saw them last, about half a kilobyte each. At first
    /// 100,000; 0 remembers none, and each change is two round trips then.
    pub remembered: usize,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "stillhere:".to_owned(),
            time_limit: Duration::from_secs(1),
            remembered: 100_000,
        }
    }
}

/// Records, policies and logs on a Redis or Valkey server. One per node; dropping it ends its tasks.
pub struct RedisStore {
    link: Arc<Link>,
    names: Names,
    scripts: Scripts,
    cache: Cache,
    inbox: Arc<Inbox>,
    /// What this node calls itself to others, so that it does not listen to itself.
    node: String,
    _listening: Background,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL can hold a password.
        f.debug_struct("RedisStore").field("node", &self.node).finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Connects to `redis://[USER:PASSWORD@]HOST:PORT/DB`, the same with `rediss` for TLS, or
    /// `redis+unix:PATH`, and gives the store with the clock that its nodes share. Has to be called
    /// within a Tokio runtime. What in the server's setup loses sessions is said in the log.
    ///
    /// # Errors
    /// When the URL cannot be read, or the server does not answer within the time limit.
    pub async fn open(url: &str, options: RedisOptions) -> Result<(Self, RedisClock), StoreError> {
        let limit = options.time_limit.max(Duration::from_millis(1));
        let link = Arc::new(Link::new(url, limit)?);
        link.reach().await?;
        let clock = RedisClock::start(link.clone()).await?;
        warnings::look(&link).await;
        let random = getrandom::u64()
            .map_err(|why| StoreError(format!("the system gives no random bytes: {why}")))?;
        let node = format!("{random:016x}");
        let (names, inbox) = (Names::new(&options.prefix), Arc::new(Inbox::default()));
        let ear = Ear {
            client: link.client().clone(),
            channel: names.channel.clone(),
            node: node.clone(),
            limit,
        };
        let store = Self {
            _listening: Background::spawn(ear.listen(inbox.clone())),
            link,
            names,
            scripts: Scripts::new(),
            cache: Cache::new(options.remembered),
            inbox,
            node,
        };
        Ok((store, clock))
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        self.insert_record(key, &record).await
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError> {
        self.update_record(key, change).await
    }

    async fn remove(&self, key: &Key, owner: &Owner) -> Result<(), StoreError> {
        self.remove_record(key, owner).await
    }

    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError> {
        self.find_records(whose).await
    }

    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError> {
        self.due_records(clock).await
    }

    async fn news(&self) -> News {
        self.inbox.next().await
    }

    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>), StoreError> {
        self.all_policies(at_least).await
    }

    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>), StoreError> {
        self.one_policy(scope).await
    }

    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written, StoreError> {
        self.write_rule(rule).await
    }

    async fn append(&self, log: Log, line: String) -> Result<(), StoreError> {
        self.append_line(log, &line).await
    }

    async fn lines(
        &self,
        log: Log,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.newest_lines(log, before, limit).await
    }

    async fn lines_after(
        &self,
        log: Log,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.next_lines(log, after, limit).await
    }

    async fn position(&self, reader: &str) -> Result<u64, StoreError> {
        self.reader_position(reader).await
    }

    async fn set_position(&self, reader: &str, number: u64) -> Result<(), StoreError> {
        self.put_position(reader, number).await
    }

    async fn lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<bool, StoreError> {
        self.take_lease(name, holder, ttl_ms).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.link.run(&cmd("PING")).await
    }
}
