//! Records: read where they were seen last, written where they still are as they were seen.

use std::{collections::HashSet, time::Duration};

use redis::{Value as Answer, cmd};

use super::{
    RedisStore,
    names::log_name,
    news,
    value::{TAG, Value},
};
use crate::{
    clock::Clock,
    store::{
        Change, Effect, Key, LOG_ENTRIES, Log, News, Owner, Record, StoreError, Weight, Whose,
    },
};

/// How often a change is tried while others change the same record. Each failure means that one of
/// them succeeded, so only a storm on one token comes near it.
const ATTEMPTS: usize = 128;
/// Time between two looks at the deadlines, in milliseconds.
const POLL_MS: u64 = 100;
/// How long a node has for what it took, in milliseconds: after that it is due again.
const LEASE_MS: u64 = 2000;
/// Deadlines that are taken at once: no more than can be looked at during the lease over a slow
/// network.
const BATCH: usize = 128;
/// Ids that a look through all of them asks for at once.
const SCAN: usize = 1000;

/// What became of a change.
enum Outcome {
    /// The record was as it had been seen, and is as the change left it.
    Done,
    /// It is another by now.
    Differs(Value),
    /// There is none.
    Gone,
}

impl RedisStore {
    pub(super) async fn insert_record(
        &self,
        key: Key,
        record: &Record,
    ) -> Result<bool, StoreError> {
        let value = Value::of(record)?;
        let mut script = self.scripts.insert.key(self.names.record(&key));
        script.key(&self.names.deadlines).key(self.names.sets(&record.owner));
        script.arg(value.bytes()).arg(key.id()).arg(record.due_at);
        script.arg(&self.names.channel).arg(news::message(&self.node, &News::Session(key)));
        let new: bool = self.link.invoke(&script).await?;
        if new {
            self.cache.put(key, value);
        }
        Ok(new)
    }

    pub(super) async fn update_record(
        &self,
        key: &Key,
        change: Change<'_>,
    ) -> Result<bool, StoreError> {
        let mut seen = match self.cache.get(key) {
            Some(seen) => seen,
            None => match self.get(key).await? {
                Some(seen) => seen,
                None => return Ok(false),
            },
        };
        for _ in 0..ATTEMPTS {
            let mut record = seen.record()?;
            let before = record.due_at;
            let effect = change(&mut record);
            let next = Value::of(&record)?;
            let moved = Some(record.due_at).filter(|due_at| *due_at != before);
            let idle = effect.weight < Weight::Standing && effect.line.is_none();
            let (outcome, known) = if idle && next.says_the_same(&seen) {
                (self.verify(key, &seen).await?, seen)
            } else {
                (self.write(key, &seen, &next, moved, &effect).await?, next)
            };
            match outcome {
                Outcome::Done => {
                    self.cache.put(*key, known);
                    return Ok(true);
                }
                Outcome::Differs(other) => seen = other,
                Outcome::Gone => {
                    self.cache.forget(key);
                    return Ok(false);
                }
            }
        }
        Err(StoreError(format!(
            "others changed a record each of the {ATTEMPTS} times it was tried"
        )))
    }

    async fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        let bytes: Option<Vec<u8>> = self.link.run(cmd("GET").arg(self.names.record(key))).await?;
        bytes.map(|bytes| Value::from_bytes(&bytes)).transpose()
    }

    /// A change that changed nothing still has to have seen the record as it is.
    async fn verify(&self, key: &Key, seen: &Value) -> Result<Outcome, StoreError> {
        Ok(match self.get(key).await? {
            Some(value) if value.tag() == seen.tag() => Outcome::Done,
            Some(value) => Outcome::Differs(value),
            None => Outcome::Gone,
        })
    }

    async fn write(
        &self,
        key: &Key,
        seen: &Value,
        next: &Value,
        moved: Option<u64>,
        effect: &Effect,
    ) -> Result<Outcome, StoreError> {
        let mut script = self.scripts.update.key(self.names.record(key));
        script.arg(seen.tag()).arg(next.bytes());
        let tell = effect.weight == Weight::Standing;
        if tell || moved.is_some() || effect.line.is_some() {
            script.key(&self.names.deadlines).key(self.names.log(Log::Ends));
            script.key(&self.names.numbers);
            let due_at = moved.map_or_else(String::new, |due_at| due_at.to_string());
            let message =
                if tell { news::message(&self.node, &News::Session(*key)) } else { String::new() };
            script.arg(key.id()).arg(due_at).arg(&self.names.channel).arg(message);
            script.arg(log_name(Log::Ends)).arg(LOG_ENTRIES).arg(effect.line.as_ref());
        }
        match self.link.invoke(&script).await? {
            Answer::Int(1) => Ok(Outcome::Done),
            Answer::Nil => Ok(Outcome::Gone),
            Answer::BulkString(bytes) => Value::from_bytes(&bytes).map(Outcome::Differs),
            other => Err(unexpected("update", &other)),
        }
    }

    pub(super) async fn remove_record(&self, key: &Key, owner: &Owner) -> Result<(), StoreError> {
        self.cache.forget(key);
        let mut script = self.scripts.remove.key(self.names.record(key));
        script.key(&self.names.deadlines).key(self.names.sets(owner)).arg(key.id());
        self.link.invoke(&script).await
    }

    pub(super) async fn find_records(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError> {
        let set = match whose {
            Whose::Everybody => return self.everybody().await,
            Whose::User(user) => self.names.user(user),
            Whose::SignIn(user, sign_in) => self.names.sign_in(user, sign_in),
        };
        let ids: Vec<String> = self.link.run(cmd("SMEMBERS").arg(set)).await?;
        Ok(ids.iter().filter_map(|id| Key::from_id(id)).collect())
    }

    /// Looks through the deadlines, since each record has one. The server gives each that is there
    /// all the while at least once, so twice is filtered out here.
    async fn everybody(&self) -> Result<Vec<Key>, StoreError> {
        let mut all = HashSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = cmd("ZSCAN");
            scan.arg(&self.names.deadlines).arg(cursor).arg("COUNT").arg(SCAN);
            let (next, members): (u64, Vec<String>) = self.link.run(&scan).await?;
            // Each id is followed by its score.
            all.extend(members.iter().step_by(2).filter_map(|id| Key::from_id(id)));
            if next == 0 {
                return Ok(all.into_iter().collect());
            }
            cursor = next;
        }
    }

    pub(super) async fn due_records(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError> {
        loop {
            let now = clock.now_ms();
            let taken = self.take_due(now).await?;
            if !taken.is_empty() {
                return Ok(taken);
            }
            // Whichever comes first: another node can bring a deadline nearer while a clock that
            // tests move stands still.
            tokio::select! {
                () = clock.sleep_until(now.saturating_add(POLL_MS)) => {}
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
            }
        }
    }

    async fn take_due(&self, now: u64) -> Result<Vec<Key>, StoreError> {
        let mut script = self.scripts.due.key(&self.names.deadlines);
        script.arg(now).arg(now.saturating_add(LEASE_MS)).arg(BATCH).arg(&self.names.records);
        let ids: Vec<String> = self.link.invoke(&script).await?;
        Ok(ids.iter().filter_map(|id| Key::from_id(id)).collect())
    }
}

/// An answer that no script gives.
pub(super) fn unexpected(what: &str, answer: &Answer) -> StoreError {
    let kind = match answer {
        Answer::BulkString(bytes) if bytes.len() < TAG => "a short string",
        Answer::BulkString(_) => "a string",
        Answer::Int(_) => "a number",
        Answer::Nil => "nothing",
        _ => "something else",
    };
    StoreError(format!("Redis answered {kind} to {what}"))
}
