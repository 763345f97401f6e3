//! The store that forgets everything when the process ends.

use async_trait::async_trait;
use dashmap::{DashMap, mapref::entry::Entry};

use super::{Change, Key, Record, Store, StoreError};

/// Records in a concurrent map. Never fails.
#[derive(Debug, Default)]
pub struct MemoryStore(DashMap<Key, Record>);

#[async_trait]
impl Store for MemoryStore {
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError> {
        match self.0.entry(key) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(free) => {
                free.insert(record);
                Ok(true)
            }
        }
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError> {
        let Some(mut record) = self.0.get_mut(key) else { return Ok(false) };
        change(&mut record);
        Ok(true)
    }

    async fn remove(&self, key: &Key) -> Result<(), StoreError> {
        self.0.remove(key);
        Ok(())
    }

    async fn keys(
        &self,
        wanted: &(dyn for<'a> Fn(&'a Key, &'a Record) -> bool + Sync),
    ) -> Result<Vec<Key>, StoreError> {
        Ok(self.0.iter().filter(|e| wanted(e.key(), e.value())).map(|e| *e.key()).collect())
    }
}
