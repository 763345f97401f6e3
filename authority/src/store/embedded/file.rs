//! The file: which tables it has, and how it is read and written.

use std::path::Path;

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::{
    policy::Scope,
    store::{Key, Log, StoreError, codec, memory::MemoryStore},
};

const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
const POLICIES: TableDefinition<'_, &str, &str> = TableDefinition::new("policies");
const LINES: TableDefinition<'_, (u8, u64), &str> = TableDefinition::new("lines");
const POSITIONS: TableDefinition<'_, &str, u64> = TableDefinition::new("positions");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The version of the policies, in [`META`].
const VERSION: &str = "policy_version";
/// The layout of the file, in [`META`].
const LAYOUT: &str = "layout";
/// The layout that this program writes.
const CURRENT_LAYOUT: u64 = 1;

const LOGS: [Log; 3] = [Log::Ends, Log::Audit, Log::DeadLetters];

const fn number_of(log: Log) -> u8 {
    match log {
        Log::Ends => 0,
        Log::Audit => 1,
        Log::DeadLetters => 2,
    }
}

/// Something to write besides records.
#[derive(Debug)]
pub(super) enum Item {
    /// A policy, or that there is none.
    Policy { scope: Scope, text: Option<String>, version: u64 },
    /// The version of the policies.
    Version(u64),
    /// A line of a log, and the number of one that is dropped for it.
    Line { log: Log, number: u64, line: String, gone: Option<u64> },
    /// How far a reader has come.
    Position { reader: String, number: u64 },
}

/// An open file.
#[derive(Debug)]
pub(super) struct File(Database);

fn failed(why: impl std::fmt::Display) -> StoreError {
    StoreError(why.to_string())
}

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Database::create(path).map_err(|why| {
            let path = path.display();
            StoreError(match why {
                DatabaseError::DatabaseAlreadyOpen => {
                    format!("{path} is open in another process: stop that one first")
                }
                why => format!("{path} cannot be opened as a store: {why}"),
            })
        })?;
        let file = Self(database);
        file.prepare(path)?;
        Ok(file)
    }

    /// Makes what is missing, and refuses a file of another layout.
    fn prepare(&self, path: &Path) -> Result<(), StoreError> {
        let txn = self.0.begin_write().map_err(failed)?;
        {
            let mut meta = txn.open_table(META).map_err(failed)?;
            let layout = meta.get(LAYOUT).map_err(failed)?.map(|layout| layout.value());
            match layout {
                None => drop(meta.insert(LAYOUT, CURRENT_LAYOUT).map_err(failed)?),
                Some(CURRENT_LAYOUT) => {}
                Some(other) => {
                    return Err(StoreError(format!(
                        "{} has layout {other} and this version reads layout {CURRENT_LAYOUT}",
                        path.display()
                    )));
                }
            }
            txn.open_table(RECORDS).map_err(failed)?;
            txn.open_table(POLICIES).map_err(failed)?;
            txn.open_table(LINES).map_err(failed)?;
            txn.open_table(POSITIONS).map_err(failed)?;
        }
        txn.commit().map_err(failed)
    }

    /// Reads everything.
    pub(super) fn load(&self, memory: &MemoryStore) -> Result<(), StoreError> {
        let txn = self.0.begin_read().map_err(failed)?;
        for entry in txn.open_table(RECORDS).map_err(failed)?.iter().map_err(failed)? {
            let (key, bytes) = entry.map_err(failed)?;
            let key = Key::from_bytes(key.value())
                .ok_or_else(|| StoreError("it holds a record without a proper key".to_owned()))?;
            memory.put(key, codec::decode(bytes.value())?)?;
        }
        let mut journal = memory.journal.lock();
        let meta = txn.open_table(META).map_err(failed)?;
        let version = meta.get(VERSION).map_err(failed)?.map_or(0, |version| version.value());
        journal.policies(version);
        for entry in txn.open_table(POLICIES).map_err(failed)?.iter().map_err(failed)? {
            let (scope, text) = entry.map_err(failed)?;
            let scope = Scope::parse(scope.value())
                .ok_or_else(|| StoreError("it holds a policy of nobody".to_owned()))?;
            journal.put(version, &scope, Some(text.value()));
        }
        let lines = txn.open_table(LINES).map_err(failed)?;
        for log in LOGS {
            let of_log = (number_of(log), 0)..=(number_of(log), u64::MAX);
            for entry in lines.range(of_log).map_err(failed)? {
                let (number, line) = entry.map_err(failed)?;
                journal.restore(log, number.value().1, line.value().to_owned());
            }
        }
        for entry in txn.open_table(POSITIONS).map_err(failed)?.iter().map_err(failed)? {
            let (reader, number) = entry.map_err(failed)?;
            journal.set_position(reader.value(), number.value());
        }
        Ok(())
    }

    /// Writes all of it or nothing, and returns when it is on disk.
    pub(super) fn commit<'a>(
        &self,
        records: impl Iterator<Item = (&'a Key, Result<Option<Vec<u8>>, StoreError>)>,
        items: &[Item],
    ) -> Result<(), StoreError> {
        let txn = self.0.begin_write().map_err(failed)?;
        {
            let mut table = txn.open_table(RECORDS).map_err(failed)?;
            for (key, bytes) in records {
                match bytes? {
                    Some(bytes) => table.insert(key.bytes().as_slice(), bytes.as_slice()),
                    None => table.remove(key.bytes().as_slice()),
                }
                .map_err(failed)?;
            }
            for item in items {
                write(&txn, item)?;
            }
        }
        txn.commit().map_err(failed)
    }
}

fn write(txn: &redb::WriteTransaction, item: &Item) -> Result<(), StoreError> {
    let set_version = |version: u64| -> Result<(), StoreError> {
        let mut meta = txn.open_table(META).map_err(failed)?;
        let known = meta.get(VERSION).map_err(failed)?.map_or(0, |known| known.value());
        meta.insert(VERSION, version.max(known)).map_err(failed)?;
        Ok(())
    };
    match item {
        Item::Version(version) => set_version(*version)?,
        Item::Policy { scope, text, version } => {
            let mut policies = txn.open_table(POLICIES).map_err(failed)?;
            let scope = scope.to_string();
            match text {
                Some(text) => policies.insert(scope.as_str(), text.as_str()),
                None => policies.remove(scope.as_str()),
            }
            .map_err(failed)?;
            set_version(*version)?;
        }
        Item::Line { log, number, line, gone } => {
            let mut lines = txn.open_table(LINES).map_err(failed)?;
            let log = number_of(*log);
            lines.insert((log, *number), line.as_str()).map_err(failed)?;
            if let Some(gone) = gone {
                lines.remove((log, *gone)).map_err(failed)?;
            }
        }
        Item::Position { reader, number } => {
            let mut positions = txn.open_table(POSITIONS).map_err(failed)?;
            positions.insert(reader.as_str(), number).map_err(failed)?;
        }
    }
    Ok(())
}
