//! Tokens that were refused a moment ago. A token itself is not kept: its SHA-256 stands for it.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

type Key = [u8; 32];

/// Remembers refused tokens for a while, and only so many of them.
#[derive(Debug)]
pub(super) struct Refusals {
    keep_ms: u64,
    at_most: usize,
    refused: Mutex<Refused>,
}

#[derive(Debug, Default)]
struct Refused {
    keys: HashSet<Key>,
    /// The same keys, each with the Unix milliseconds at which it is forgotten. All are kept
    /// equally long, so the first is forgotten first.
    order: VecDeque<(u64, Key)>,
}

impl Refusals {
    pub(super) fn new(keep_ms: u64, at_most: usize) -> Self {
        Self { keep_ms, at_most, refused: Mutex::default() }
    }

    pub(super) fn key(token: &str) -> Key {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(super) fn contains(&self, key: &Key, now_ms: u64) -> bool {
        let mut refused = self.refused.lock();
        refused.forget(now_ms);
        refused.keys.contains(key)
    }

    pub(super) fn add(&self, key: Key, now_ms: u64) {
        let mut refused = self.refused.lock();
        refused.forget(now_ms);
        if refused.keys.insert(key) {
            refused.order.push_back((now_ms.saturating_add(self.keep_ms), key));
        }
        while refused.order.len() > self.at_most {
            refused.forget_first();
        }
    }
}

impl Refused {
    fn forget(&mut self, now_ms: u64) {
        while self.order.front().is_some_and(|(until, _)| *until <= now_ms) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.keys.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(refusals: &Refusals, now_ms: u64) -> Vec<&'static str> {
        let all = ["a", "b", "c"].into_iter();
        all.filter(|token| refusals.contains(&Refusals::key(token), now_ms)).collect()
    }

    #[test]
    fn a_token_is_forgotten_after_the_time() {
        let refusals = Refusals::new(5000, 10);
        refusals.add(Refusals::key("a"), 1000);
        refusals.add(Refusals::key("b"), 2000);
        assert_eq!(known(&refusals, 5999), ["a", "b"]);
        assert_eq!(known(&refusals, 6000), ["b"]);
        assert_eq!(known(&refusals, 7000), [""; 0]);
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let refusals = Refusals::new(5000, 2);
        for token in ["a", "b", "b", "c"] {
            refusals.add(Refusals::key(token), 1000);
        }
        assert_eq!(known(&refusals, 1000), ["b", "c"]);
        for n in 0..1000 {
            refusals.add(Refusals::key(&n.to_string()), 1000 + n);
            let refused = refusals.refused.lock();
            assert_eq!((refused.keys.len(), refused.order.len()), (2, 2));
        }
    }

    #[test]
    fn one_that_is_refused_again_later_is_kept_from_then_on() {
        let refusals = Refusals::new(5000, 10);
        refusals.add(Refusals::key("a"), 1000);
        refusals.add(Refusals::key("a"), 6000);
        assert_eq!(known(&refusals, 10_999), ["a"]);
    }

    #[test]
    fn nothing_is_kept_for_no_time() {
        let refusals = Refusals::new(0, 10);
        refusals.add(Refusals::key("a"), 1000);
        assert_eq!(known(&refusals, 1000), [""; 0]);
    }
}
