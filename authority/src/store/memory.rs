//! The store that forgets everything when the process ends.

use async_trait::async_trait;
use dashmap::{DashMap, mapref::entry::Entry};
use parking_lot::Mutex;

use super::{
    Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Weight, Whose, Written,
    codec, journal::Journal, timers::Timers,
};
use crate::{clock::Clock, policy::Scope};

/// A user, and one of their sign-ins: its name means nothing without its user's, since another
/// system may have given the same.
type SignIn = (String, String);

/// Records in a concurrent map, each as the other stores write it: a fifth of what it takes as a
/// structure. To read and write it takes half a microsecond.
#[derive(Debug, Default)]
pub struct MemoryStore {
    pub(super) records: DashMap<Key, Box<[u8]>>,
    sign_ins: DashMap<SignIn, Vec<Key>>,
    timers: Timers,
    pub(super) journal: Mutex<Journal>,
}

fn packed(record: &Record) -> Result<Box<[u8]>, StoreError> {
    codec::encode(record, Vec::with_capacity(96)).map(Vec::into_boxed_slice)
}

fn sign_in(owner: &Owner) -> Option<SignIn> {
    owner.sign_in.as_ref().map(|sign_in| (owner.user.clone(), sign_in.clone()))
}

impl MemoryStore {
    fn tie(&self, owner: &Owner, key: Key) {
        if let Some(sign_in) = sign_in(owner) {
            self.sign_ins.entry(sign_in).or_default().push(key);
        }
    }

    /// Adds a record. False if the key is known.
    pub(super) fn put(&self, key: Key, record: &Record) -> Result<bool, StoreError> {
        let bytes = packed(record)?;
        match self.records.entry(key) {
            Entry::Occupied(_) => return Ok(false),
            Entry::Vacant(free) => drop(free.insert(bytes)),
        }
        self.tie(&record.owner, key);
        self.timers.arm(key, None, record.due_at);
        Ok(true)
    }

    fn untie(&self, owner: &Owner, key: &Key) {
        if let Some(sign_in) = sign_in(owner) {
            self.sign_ins.remove_if_mut(&sign_in, |_, keys| {
                keys.retain(|known| known != key);
                keys.is_empty()
            });
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        self.put(key, &record)
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError> {
        let Some(mut bytes) = self.records.get_mut(key) else { return Ok(false) };
        let mut record = codec::decode(&bytes)?;
        let before = record.due_at;
        let effect = change(&mut record);
        if effect.weight > Weight::Nothing || record.due_at != before {
            *bytes = packed(&record)?;
        }
        // Under the record's lock, so that the timer never differs from the record.
        if record.due_at != before {
            self.timers.arm(*key, Some(before), record.due_at);
        }
        if let Some(line) = effect.line {
            self.journal.lock().append(Log::Ends, line);
        }
        Ok(true)
    }

    async fn remove(&self, key: &Key, owner: &Owner) -> Result<(), StoreError> {
        if let Some((_, bytes)) = self.records.remove(key) {
            self.timers.disarm(*key, codec::decode(&bytes)?.due_at);
        }
        self.untie(owner, key);
        Ok(())
    }

    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError> {
        let keys_of = |wanted: &dyn Fn(&[u8]) -> bool| {
            self.records.iter().filter(|e| wanted(e.value())).map(|e| *e.key()).collect()
        };
        Ok(match whose {
            Whose::Everybody => keys_of(&|_| true),
            Whose::User(user) => keys_of(&|bytes| codec::user(bytes) == Some(user)),
            Whose::SignIn(user, sign_in) => {
                let sign_in = (user.to_owned(), sign_in.to_owned());
                self.sign_ins.get(&sign_in).map_or_else(Vec::new, |keys| keys.clone())
            }
        })
    }

    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError> {
        Ok(self.timers.due(clock).await)
    }

    async fn news(&self) -> News {
        std::future::pending().await
    }

    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>), StoreError> {
        Ok(self.journal.lock().policies(at_least))
    }

    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>), StoreError> {
        Ok(self.journal.lock().policy(scope))
    }

    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written, StoreError> {
        let mut journal = self.journal.lock();
        let written = journal.judge(rule);
        if let Written::Version(version) = written {
            journal.put(version, rule.scope, rule.text);
            journal.append(Log::Audit, (rule.audit)(version));
        }
        Ok(written)
    }

    async fn append(&self, log: Log, line: String) -> Result<(), StoreError> {
        self.journal.lock().append(log, line);
        Ok(())
    }

    async fn lines(
        &self,
        log: Log,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        Ok(self.journal.lock().lines(log, before, limit))
    }

    async fn lines_after(
        &self,
        log: Log,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        Ok(self.journal.lock().lines_after(log, after, limit))
    }

    async fn position(&self, reader: &str) -> Result<u64, StoreError> {
        Ok(self.journal.lock().position(reader))
    }

    async fn set_position(&self, reader: &str, number: u64) -> Result<(), StoreError> {
        self.journal.lock().set_position(reader, number);
        Ok(())
    }

    async fn lease(&self, _: &str, _: &str, _: u64) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calls::Calls, session::Session};

    #[tokio::test]
    async fn a_forgotten_token_leaves_nothing_behind() {
        let store = MemoryStore::default();
        let key = Key::of("a token of some length");
        let owner =
            Owner { user: "ann".into(), sign_in: Some("monday".into()), groups: Vec::new() };
        let record = Record {
            owner: owner.clone(),
            session: Session::new(0, &stillhere::core::policy::Policy::DEFAULT),
            keepalives: 0,
            agent: String::new(),
            calls: Calls::default(),
            issued: None,
            sign_in_over: false,
            due_at: 5,
        };
        assert!(store.insert(key, record.clone()).await.unwrap());
        assert!(!store.insert(key, record).await.unwrap(), "known already");
        assert_eq!(store.find(Whose::SignIn("ann", "monday")).await.unwrap(), [key]);
        store.remove(&key, &owner).await.unwrap();
        assert_eq!(store.find(Whose::Everybody).await.unwrap(), []);
        assert!(store.sign_ins.is_empty());
        let clock = crate::clock::ManualClock::new(9);
        let due = futures_util::FutureExt::now_or_never(store.due(&clock));
        assert!(due.is_none(), "no timer is left");
    }
}
