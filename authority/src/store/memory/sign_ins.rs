//! Which records belong to one sign-in.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use parking_lot::RwLock;

use super::records::Number;
use crate::store::Owner;

/// How many can be changed at once.
const SHARDS: usize = 64;

/// Numbers with the hash that they are found by.
type Table = HashTable<(u64, Number)>;

/// Numbers of records by the hash of their sign-in. Neither its name nor its user's is kept a second time:
/// whoever finds a number looks whether the record has them.
#[derive(Debug)]
pub(super) struct SignIns {
    shards: Box<[RwLock<Table>]>,
    hasher: RandomState,
}

impl Default for SignIns {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

impl SignIns {
    /// A sign-in means nothing without its user: another system may have given the same name.
    fn hash(&self, user: &str, sign_in: &str) -> u64 {
        self.hasher.hash_one((user, sign_in))
    }

    /// Not by the bits that its table goes by.
    fn shard_of(&self, hash: u64) -> &RwLock<Table> {
        &self.shards[(hash >> 40) as usize % SHARDS]
    }

    /// A record belongs to its owner's sign-in, if that has one.
    pub(super) fn tie(&self, owner: &Owner, number: Number) {
        let Some(sign_in) = &owner.sign_in else { return };
        let hash = self.hash(&owner.user, sign_in);
        self.shard_of(hash).write().insert_unique(hash, (hash, number), |(hash, _)| *hash);
    }

    /// It is forgotten.
    pub(super) fn untie(&self, owner: &Owner, number: Number) {
        let Some(sign_in) = &owner.sign_in else { return };
        let hash = self.hash(&owner.user, sign_in);
        if let Ok(entry) =
            self.shard_of(hash).write().find_entry(hash, |known| *known == (hash, number))
        {
            entry.remove();
        }
    }

    /// Records that may belong to that sign-in, all that do among them.
    pub(super) fn of(&self, user: &str, sign_in: &str) -> Vec<Number> {
        let hash = self.hash(user, sign_in);
        let shard = self.shard_of(hash).read();
        shard
            .iter_hash(hash)
            .filter(|(known, _)| *known == hash)
            .map(|(_, number)| *number)
            .collect()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.read().is_empty())
    }
}
