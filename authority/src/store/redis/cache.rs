//! What this node saw last of the records that it works on. It may be old: whoever uses a value from
//! here has the server compare its tag.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::value::Value;
use crate::store::Key;

/// A bounded map. When the young half is full it becomes the old half, and what nobody asked for
/// since is dropped with the half before.
#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Key, Value>,
    old: HashMap<Key, Value>,
}

/// Values by key.
#[derive(Debug)]
pub(super) struct Cache {
    halves: Mutex<Halves>,
    /// Values in one half.
    half: usize,
}

impl Cache {
    /// A cache of so many values at most; 0 keeps none.
    pub(super) fn new(most: usize) -> Self {
        Self { halves: Mutex::default(), half: most / 2 }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Value> {
        let mut halves = self.halves.lock();
        if let Some(value) = halves.young.get(key) {
            return Some(value.clone());
        }
        let value = halves.old.remove(key)?;
        self.place(&mut halves, *key, value.clone());
        Some(value)
    }

    pub(super) fn put(&self, key: Key, value: Value) {
        let mut halves = self.halves.lock();
        halves.old.remove(&key);
        self.place(&mut halves, key, value);
    }

    pub(super) fn forget(&self, key: &Key) {
        let mut halves = self.halves.lock();
        halves.young.remove(key);
        halves.old.remove(key);
    }

    fn place(&self, halves: &mut Halves, key: Key, value: Value) {
        if self.half == 0 {
            return;
        }
        if halves.young.len() >= self.half && !halves.young.contains_key(&key) {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key::of(&format!("a token of some length {number}"))
    }

    fn value(number: u8) -> Value {
        Value::from_bytes(&[number, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap()
    }

    #[test]
    fn it_is_bounded_and_what_is_used_stays() {
        let cache = Cache::new(8);
        cache.put(key(0), value(0));
        for number in 1..100 {
            cache.put(key(number), value(1));
            assert_eq!(cache.get(&key(0)), Some(value(0)));
        }
        let halves = cache.halves.lock();
        assert!(halves.young.len() + halves.old.len() <= 8);
    }

    #[test]
    fn the_newest_value_is_given_and_a_forgotten_one_is_not() {
        let cache = Cache::new(2);
        cache.put(key(0), value(0));
        cache.put(key(1), value(1));
        cache.put(key(0), value(2));
        assert_eq!(cache.get(&key(0)), Some(value(2)));
        cache.forget(&key(0));
        assert_eq!(cache.get(&key(0)), None);
        let none = Cache::new(0);
        none.put(key(0), value(0));
        assert_eq!(none.get(&key(0)), None);
    }
}
