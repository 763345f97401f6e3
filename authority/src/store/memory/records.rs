//! Records by key, in as little memory as a standard hash table allows: a table of numbers, and for each
//! number the place of a record, which lies in one piece with its key. Numbers stay what they are for as long
//! as the record is known, so that whatever else points at it takes four bytes.

use std::hash::{BuildHasher, RandomState};

use hashbrown::{HashTable, hash_table::Entry};
use parking_lot::Mutex;

use super::arena::{Arena, Place};
use crate::store::{Key, StoreError};

/// How many records can be changed at once.
const SHARDS: u32 = 64;
/// Bytes of a key.
const KEY: usize = 17;

/// The number of a record: which shard, and which of it. When the record is forgotten another may get it.
pub(super) type Number = u32;

/// The records of one shard by their number in it.
#[derive(Debug, Default)]
struct Slots {
    /// None where the record is forgotten.
    places: Vec<Option<Place>>,
    free: Vec<u32>,
    arena: Arena,
}

/// One shard.
#[derive(Debug, Default)]
struct Shard {
    /// The numbers of all records, by the hash of their keys.
    numbers: HashTable<u32>,
    slots: Slots,
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

fn full() -> StoreError {
    StoreError("it holds as many tokens as it can".to_owned())
}

impl Slots {
    fn get(&self, number: u32) -> Option<&[u8]> {
        self.places.get(number as usize)?.map(|place| self.arena.get(place))
    }

    fn has(&self, number: u32, key: &Key) -> bool {
        self.get(number).is_some_and(|slot| slot.starts_with(key.bytes()))
    }

    fn insert(&mut self, slot: &[u8]) -> Option<u32> {
        let number = self.free.last().copied().map_or_else(|| u32::try_from(self.places.len()), Ok);
        let number = number.ok().filter(|number| *number < u32::MAX / SHARDS)?;
        let place = Some(self.arena.put(slot)?);
        if self.free.pop().is_none() {
            self.places.push(place);
        } else if let Some(free) = self.places.get_mut(number as usize) {
            *free = place;
        }
        Some(number)
    }

    fn replace(&mut self, number: u32, slot: &[u8]) -> Option<()> {
        let place = self.places.get_mut(number as usize)?.as_mut()?;
        *place = self.arena.replace(*place, slot)?;
        Some(())
    }

    fn remove(&mut self, number: u32) {
        if let Some(place) = self.places.get_mut(number as usize).and_then(Option::take) {
            self.arena.free(place);
            self.free.push(number);
        }
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
    /// When there are more records than numbers: over 67 million in a shard, or 16 million of one length.
    pub(super) fn insert(&self, key: &Key, value: &[u8]) -> Result<Option<Number>, StoreError> {
        let hash = self.hash(key);
        let (shard_number, shard) = self.shard_of(hash);
        let Shard { numbers, slots } = &mut *shard.lock();
        let hash_of = |number: &u32| {
            let key = slots.get(*number).and_then(|slot| slot.get(..KEY));
            self.hasher.hash_one(key.unwrap_or_default())
        };
        let Entry::Vacant(vacant) = numbers.entry(hash, |number| slots.has(*number, key), hash_of)
        else {
            return Ok(None);
        };
        let number = slots.insert(&[key.bytes().as_slice(), value].concat()).ok_or_else(full)?;
        vacant.insert(number);
        Ok(Some(number * SHARDS + shard_number))
    }

    /// Lets `change` replace what is kept under a key; None from it leaves the value as it is. None if the
    /// key is unknown.
    ///
    /// # Errors
    /// As [`Records::insert`], and what `change` says; nothing has changed then.
    pub(super) fn update<T>(
        &self,
        key: &Key,
        change: impl FnOnce(Number, &[u8]) -> Result<(T, Option<Vec<u8>>), StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let hash = self.hash(key);
        let (shard_number, shard) = self.shard_of(hash);
        let Shard { numbers, slots } = &mut *shard.lock();
        let number = numbers.find(hash, |number| slots.has(*number, key)).copied();
        let Some((number, slot)) = number.and_then(|number| Some((number, slots.get(number)?)))
        else {
            return Ok(None);
        };
        let (result, new) = change(number * SHARDS + shard_number, value(slot))?;
        if let Some(new) = new {
            let slot = [key.bytes().as_slice(), &new].concat();
            slots.replace(number, &slot).ok_or_else(full)?;
        }
        Ok(Some(result))
    }

    /// Reads what is kept under a key.
    pub(super) fn read<T>(&self, key: &Key, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let hash = self.hash(key);
        let Shard { numbers, slots } = &*self.shard_of(hash).1.lock();
        let number = numbers.find(hash, |number| slots.has(*number, key))?;
        slots.get(*number).map(|slot| read(value(slot)))
    }

    /// The key of that number, and what is kept under it.
    pub(super) fn at<T>(&self, number: Number, read: impl FnOnce(Key, &[u8]) -> T) -> Option<T> {
        let shard = self.shards[(number % SHARDS) as usize].lock();
        let slot = shard.slots.get(number / SHARDS)?;
        Some(read(Key::from_bytes(slot.get(..KEY)?)?, value(slot)))
    }

    /// Forgets a key. Its number, if it was known.
    pub(super) fn remove(&self, key: &Key) -> Option<Number> {
        let hash = self.hash(key);
        let (shard_number, shard) = self.shard_of(hash);
        let Shard { numbers, slots } = &mut *shard.lock();
        let entry = numbers.find_entry(hash, |number| slots.has(*number, key)).ok()?;
        let (number, _) = entry.remove();
        slots.remove(number);
        Some(number * SHARDS + shard_number)
    }

    /// The keys of all whose value is wanted.
    pub(super) fn keys(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Key> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let Shard { numbers, slots } = &*shard.lock();
            let slots = numbers.iter().filter_map(|number| slots.get(*number));
            let wanted = slots.filter(|slot| wanted(value(slot)));
            keys.extend(wanted.filter_map(|slot| Key::from_bytes(slot.get(..KEY)?)));
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
            let told = records.update(&key(1), |at, _| Ok((at, Some(new.into()))));
            assert_eq!(told.unwrap(), number);
            assert_eq!(records.read(&key(1), <[u8]>::to_vec), Some(new.into()));
        }
        records.update(&key(1), |_, value| Ok((value.len(), None))).unwrap();
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
        assert_eq!(records.insert(&key(1), b"two").unwrap(), number, "its number is given again");
    }
}
