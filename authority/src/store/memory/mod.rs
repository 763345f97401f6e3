//! The store that forgets everything when the process ends.
//!
//! A million tokens must fit: docs/decisions/memory.md says what each takes, and why it is kept so.

mod arena;
mod packed;
mod records;
mod sign_ins;
mod timers;

use async_trait::async_trait;
use parking_lot::Mutex;

use self::{packed::Agents, records::Records, sign_ins::SignIns, timers::Timers};
use super::{
    Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Weight, Whose, Written,
    codec, journal::Journal,
};
use crate::{clock::Clock, policy::Scope};

/// Records, packed, in a concurrent table. To read and write one takes half a microsecond.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Records,
    agents: Agents,
    sign_ins: SignIns,
    timers: Timers,
    pub(super) journal: Mutex<Journal>,
}

impl MemoryStore {
    /// Adds a record. False if the key is known.
    pub(super) fn put(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        let (owner, due_at) = (record.owner.clone(), record.due_at);
        let packed = self.agents.pack(record)?;
        let Some(number) = self.records.insert(&key, &packed)? else { return Ok(false) };
        self.sign_ins.tie(&owner, number);
        self.timers.arm(number, due_at);
        Ok(true)
    }

    /// A record in the form in which stores write it. None if the key is unknown.
    pub(super) fn written(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let record = self.records.read(key, |packed| self.agents.unpack(packed)).transpose()?;
        record.map(|record| codec::encode(&record, Vec::new())).transpose()
    }

    fn changed(
        &self,
        number: u32,
        packed: &[u8],
        change: Change<'_>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut record = self.agents.unpack(packed)?;
        let before = record.due_at;
        let effect = change(&mut record);
        let due_at = record.due_at;
        if effect.weight == Weight::Nothing && due_at == before && effect.line.is_none() {
            return Ok(None);
        }
        let packed = self.agents.pack(record)?;
        // Under the record's lock, so that the timer never differs from the record.
        if due_at != before {
            self.timers.arm(number, due_at);
        }
        // A record that cannot be packed has changed nothing, its log neither.
        if let Some(line) = effect.line {
            self.journal.lock().append(Log::Ends, line);
        }
        Ok(Some(packed))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        self.put(key, record)
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError> {
        let changed = self.records.update(key, |number, packed| {
            self.changed(number, packed, change).map(|packed| ((), packed))
        });
        changed.map(|known| known.is_some())
    }

    async fn remove(&self, key: &Key, owner: &Owner) -> Result<(), StoreError> {
        if let Some(number) = self.records.remove(key) {
            self.sign_ins.untie(owner, number);
        }
        Ok(())
    }

    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError> {
        let user = |packed: &[u8], user: &str| codec::owner(packed).is_some_and(|(u, _)| u == user);
        Ok(match whose {
            Whose::Everybody => self.records.keys(|_| true),
            Whose::User(wanted) => self.records.keys(|packed| user(packed, wanted)),
            Whose::SignIn(user, sign_in) => {
                let key = |number| {
                    let owned = |key, packed: &[u8]| {
                        (codec::owner(packed) == Some((user, Some(sign_in)))).then_some(key)
                    };
                    self.records.at(number, owned)?
                };
                self.sign_ins.of(user, sign_in).into_iter().filter_map(key).collect()
            }
        })
    }

    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError> {
        let due_at = |number| {
            let record = self.records.at(number, |_, packed| self.agents.unpack(packed))?;
            record.ok().map(|record| record.due_at)
        };
        let due = self.timers.due(clock, due_at).await;
        Ok(due.into_iter().filter_map(|number| self.records.at(number, |key, _| key)).collect())
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

    fn record(user: &str, sign_in: Option<&str>, due_at: u64) -> Record {
        let sign_in = sign_in.map(str::to_owned);
        let owner = Owner { user: user.into(), sign_in, groups: Vec::new() };
        Record { owner, due_at, ..codec::tests::record() }
    }

    #[tokio::test]
    async fn a_forgotten_token_leaves_nothing_behind() {
        let store = MemoryStore::default();
        let key = Key::of("a token of some length");
        let record = record("ann", Some("monday"), 5);
        assert!(store.insert(key, record.clone()).await.unwrap());
        assert!(!store.insert(key, record.clone()).await.unwrap(), "known already");
        assert_eq!(store.find(Whose::SignIn("ann", "monday")).await.unwrap(), [key]);
        store.remove(&key, &record.owner).await.unwrap();
        assert_eq!(store.find(Whose::Everybody).await.unwrap(), []);
        assert!(store.sign_ins.is_empty());
        let clock = crate::clock::ManualClock::new(9);
        let due = futures_util::FutureExt::now_or_never(store.due(&clock));
        assert!(due.is_none(), "no timer is left");
    }

    #[tokio::test]
    async fn a_number_that_is_given_again_is_no_mistaken_identity() {
        let store = MemoryStore::default();
        // All that have the same shard get the same number in turn.
        for at in 0..200 {
            let key = Key::of(&format!("a token of some length {at}"));
            let (user, sign_in) = (format!("user-{at}"), format!("sign-in-{at}"));
            let record = record(&user, Some(&sign_in), 1_000 + at);
            assert!(store.insert(key, record.clone()).await.unwrap());
            assert_eq!(store.find(Whose::SignIn(&user, &sign_in)).await.unwrap(), [key]);
            if at % 2 == 0 {
                store.remove(&key, &record.owner).await.unwrap();
                assert_eq!(store.find(Whose::SignIn(&user, &sign_in)).await.unwrap(), []);
            }
        }
        let clock = crate::clock::ManualClock::new(1_100);
        let due = store.due(&clock).await.unwrap();
        let expected: Vec<_> = (0..=100)
            .filter(|at| at % 2 == 1)
            .map(|at| Key::of(&format!("a token of some length {at}")))
            .collect();
        assert_eq!(due, expected);
    }
}
