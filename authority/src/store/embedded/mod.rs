//! The store of one process that survives it: everything is kept in memory and written behind to a
//! file ([redb]).
//!
//! Activity is written in batches, each 100 ms at the latest: what a crash takes of it makes a deadline
//! come earlier, by no more than that. Whatever would make one come later or a token live again (an
//! end, a hold, a policy, a new token) is on disk before the call returns. Calls that wait for that
//! share one commit.

mod file;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use parking_lot::MutexGuard;

use self::{
    file::{File, Item},
    writer::Writer,
};
use super::{
    Change, Effect, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Weight, Whose,
    Written, journal::Journal, memory::MemoryStore,
};
use crate::{clock::Clock, policy::Scope};

/// Records in memory and in a file.
#[derive(Debug)]
pub struct EmbeddedStore {
    memory: std::sync::Arc<MemoryStore>,
    writer: Writer,
}

impl EmbeddedStore {
    /// Opens the file, or makes it, and reads all of it.
    ///
    /// # Errors
    /// One sentence: the file belongs to another process, is none of ours, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path)?;
        let memory = std::sync::Arc::new(MemoryStore::default());
        file.load(&memory)?;
        let writer = Writer::start(file, memory.clone())?;
        Ok(Self { memory, writer })
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.memory.journal.lock()
    }

    /// Appends a line; it is written with the next commit.
    fn note(&self, journal: &mut Journal, log: Log, line: String) {
        let (number, gone) = journal.append(log, line.clone());
        self.writer.item(Item::Line { log, number, line, gone });
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        let new = self.memory.insert(key, record).await?;
        if new {
            self.writer.dirty(key);
            self.writer.written().await?;
        }
        Ok(new)
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError> {
        let mut weight = Weight::Nothing;
        let mut noted = |record: &mut Record| {
            let due_at = record.due_at;
            let effect = change(record);
            weight = effect.weight;
            if record.due_at != due_at {
                weight = weight.max(Weight::Activity);
            }
            if let Some(line) = effect.line {
                self.note(&mut self.journal(), Log::Ends, line);
            }
            // While the record is locked, so that a commit has it as it is now or later.
            if weight > Weight::Nothing {
                self.writer.dirty(*key);
            }
            Effect { weight, line: None }
        };
        let known = self.memory.update(key, &mut noted).await?;
        if weight == Weight::Standing {
            self.writer.written().await?;
        }
        Ok(known)
    }

    async fn remove(&self, key: &Key, owner: &Owner) -> Result<(), StoreError> {
        self.memory.remove(key, owner).await?;
        self.writer.dirty(*key);
        Ok(())
    }

    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError> {
        self.memory.find(whose).await
    }

    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError> {
        self.memory.due(clock).await
    }

    async fn news(&self) -> News {
        self.memory.news().await
    }

    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>), StoreError> {
        let policies = self.memory.policies(at_least).await?;
        self.writer.item(Item::Version(policies.0));
        self.writer.written().await?;
        Ok(policies)
    }

    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>), StoreError> {
        self.memory.policy(scope).await
    }

    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written, StoreError> {
        let written = {
            let mut journal = self.journal();
            let written = journal.judge(rule);
            if let Written::Version(version) = written {
                journal.put(version, rule.scope, rule.text);
                let text = rule.text.map(str::to_owned);
                self.writer.item(Item::Policy { scope: rule.scope.clone(), text, version });
                self.note(&mut journal, Log::Audit, (rule.audit)(version));
            }
            written
        };
        self.writer.written().await?;
        Ok(written)
    }

    async fn append(&self, log: Log, line: String) -> Result<(), StoreError> {
        self.note(&mut self.journal(), log, line);
        self.writer.written().await
    }

    async fn lines(
        &self,
        log: Log,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.memory.lines(log, before, limit).await
    }

    async fn lines_after(
        &self,
        log: Log,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.memory.lines_after(log, after, limit).await
    }

    async fn position(&self, reader: &str) -> Result<u64, StoreError> {
        let number = self.memory.position(reader).await?;
        self.set_position(reader, number).await?;
        Ok(number)
    }

    async fn set_position(&self, reader: &str, number: u64) -> Result<(), StoreError> {
        self.memory.set_position(reader, number).await?;
        self.writer.item(Item::Position { reader: reader.to_owned(), number });
        self.writer.written().await
    }

    async fn lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<bool, StoreError> {
        self.memory.lease(name, holder, ttl_ms).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.writer.ready()
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.writer.written().await
    }
}
