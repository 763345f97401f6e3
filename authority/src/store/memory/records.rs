//! Records by key, in as little memory as a standard hash table allows: a table of numbers, and for each
//! number a record that lies in one piece with its key. Numbers stay what they are for as long as the record
//! is known, so that whatever else points at it takes four bytes.

use std::hash::{BuildHasher, RandomState};

use hashbrown::{HashTable, hash_table::Entry};
use parking_lot::Mutex;
use slab::Slab;

use crate::store::{Key, StoreError};

/// How many records can be changed at once.
const SHARDS: u32 = 64;
/// Bytes of a key.
const KEY: usize = 17;

/// The number of a record: which shard, and where in it. When the record is forgotten another may get it.
pub(super) type Number = u32;

/// One shard.
#[derive(Debug, Default)]
struct Shard {
    /// The places of all records, by the hash of their keys.
    places: HashTable<u32>,
    /// A key, followed by what is kept under it.
    slots: Slab<Box<[u8]>>,
}

/// All records.
#[derive(Debug)]
pub(super) struct Records {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
}

impl Default for Records {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

/// What is kept in a slot, without the key before it.
fn value(slot: &[u8]) -> &[u8] {
    slot.get(KEY..).unwrap_or_default()
}

fn slot(key: &Key, value: &[u8]) -> Box<[u8]> {
    let mut slot = Vec::with_capacity(KEY + value.len());
    slot.extend_from_slice(key.bytes());
    slot.extend_from_slice(value);
    slot.into_boxed_slice()
}

fn has(slots: &Slab<Box<[u8]>>, place: u32, key: &Key) -> bool {
    slots.get(place as usize).is_some_and(|slot| slot.starts_with(key.bytes()))
}

impl Shard {
    fn place(&self, hash: u64, key: &Key) -> Option<u32> {
        self.places.find(hash, |place| has(&self.slots, *place, key)).copied()
    }
}

impl Records {
    fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key.bytes().as_slice())
    }

    /// Which shard has the keys of that hash. Not by the bits that its table goes by.
    fn shard_of(&self, hash: u64) -> (u32, &Mutex<Shard>) {
        let number = (hash >> 40) as u32 % SHARDS;
        (number, &self.shards[number as usize])
    }

    /// Keeps a value under a key that is not known yet, and gives its number. None if it is known.
    ///
    /// # Errors
    /// When there are more records than numbers: over 67 million in a shard.
    pub(super) fn insert(&self, key: &Key, value: &[u8]) -> Result<Option<Number>, StoreError> {
        let hash = self.hash(key);
        let (number, shard) = self.shard_of(hash);
        let Shard { places, slots } = &mut *shard.lock();
        let hash_of = |place: &u32| {
            let slot = slots.get(*place as usize).and_then(|slot| slot.get(..KEY));
            self.hasher.hash_one(slot.unwrap_or_default())
        };
        let Entry::Vacant(vacant) = places.entry(hash, |place| has(slots, *place, key), hash_of)
        else {
            return Ok(None);
        };
        let place =
            u32::try_from(slots.vacant_key()).ok().filter(|place| *place < u32::MAX / SHARDS);
        let place = place.ok_or_else(|| StoreError("it holds too many tokens".to_owned()))?;
        vacant.insert(place);
        slots.insert(slot(key, value));
        Ok(Some(place * SHARDS + number))
    }

    /// Lets `change` replace what is kept under a key; None from it leaves the value as it is. None if the
    /// key is unknown.
    pub(super) fn update<T>(
        &self,
        key: &Key,
        change: impl FnOnce(Number, &[u8]) -> (T, Option<Vec<u8>>),
    ) -> Option<T> {
        let hash = self.hash(key);
        let (number, shard) = self.shard_of(hash);
        let mut shard = shard.lock();
        let place = shard.place(hash, key)?;
        let known = shard.slots.get_mut(place as usize)?;
        let (result, new) = change(place * SHARDS + number, value(known));
        if let Some(new) = new {
            match known.get_mut(KEY..).filter(|old| old.len() == new.len()) {
                Some(old) => old.copy_from_slice(&new),
                None => *known = slot(key, &new),
            }
        }
        Some(result)
    }

    /// Reads what is kept under a key.
    pub(super) fn read<T>(&self, key: &Key, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        self.update(key, |_, value| (read(value), None))
    }

    /// The key of that number, and what is kept under it.
    pub(super) fn at<T>(&self, number: Number, read: impl FnOnce(Key, &[u8]) -> T) -> Option<T> {
        let shard = self.shards[(number % SHARDS) as usize].lock();
        let slot = shard.slots.get((number / SHARDS) as usize)?;
        Some(read(Key::from_bytes(slot.get(..KEY)?)?, value(slot)))
    }

    /// Forgets a key. Its number, if it was known.
    pub(super) fn remove(&self, key: &Key) -> Option<Number> {
        let hash = self.hash(key);
        let (number, shard) = self.shard_of(hash);
        let Shard { places, slots } = &mut *shard.lock();
        let entry = places.find_entry(hash, |place| has(slots, *place, key)).ok()?;
        let (place, _) = entry.remove();
        slots.remove(place as usize);
        Some(place * SHARDS + number)
    }

    /// The keys of all whose value is wanted.
    pub(super) fn keys(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Key> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let wanted = shard.slots.iter().filter(|(_, slot)| wanted(value(slot)));
            keys.extend(wanted.filter_map(|(_, slot)| Key::from_bytes(slot.get(..KEY)?)));
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        Key::of(&format!("a token of some length {number}"))
    }

    #[test]
    fn each_of_many_is_found_again_by_key_and_by_number() {
        let records = Records::default();
        let numbers: Vec<_> = (0..5_000_u32)
            .map(|n| records.insert(&key(n), &n.to_le_bytes()).unwrap().unwrap())
            .collect();
        for n in 0..5_000_u32 {
            assert_eq!(records.read(&key(n), <[u8]>::to_vec), Some(n.to_le_bytes().to_vec()));
            let at = records.at(numbers[n as usize], |key, value| (key, value.to_vec()));
            assert_eq!(at, Some((key(n), n.to_le_bytes().to_vec())));
        }
        assert_eq!(records.read(&key(5_000), <[u8]>::len), None);
        assert_eq!(records.keys(|_| true).len(), 5_000);
        assert_eq!(records.keys(|value| value[0] == 7).len(), 20);
    }

    #[test]
    fn a_value_may_grow_and_shrink_in_its_place() {
        let records = Records::default();
        let number = records.insert(&key(1), b"one").unwrap();
        for new in ["two", "three", "", "a longer one"] {
            let told = records.update(&key(1), |at, _| (at, Some(new.into())));
            assert_eq!(told, number);
            assert_eq!(records.read(&key(1), <[u8]>::to_vec), Some(new.into()));
        }
        records.update(&key(1), |_, value| (value.len(), None));
        assert_eq!(records.read(&key(1), <[u8]>::len), Some(12), "left as it is");
        assert_eq!(records.insert(&key(1), b"again").unwrap(), None, "known already");
        assert_eq!(records.read(&key(1), <[u8]>::len), Some(12));
    }

    #[test]
    fn what_is_forgotten_is_gone_under_both() {
        let records = Records::default();
        let number = records.insert(&key(1), b"one").unwrap();
        assert_eq!(records.remove(&key(1)), number);
        assert_eq!(records.remove(&key(1)), None);
        assert_eq!(records.read(&key(1), <[u8]>::len), None);
        assert_eq!(number.and_then(|number| records.at(number, |key, _| key)), None);
        assert!(records.keys(|_| true).is_empty());
    }
}
