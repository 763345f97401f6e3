//! A map from names to values, as a sorted vector. BTreeMap and the crates that were tried cost
//! several KB of the module (docs/decisions/size.md); a group has few contexts.

use alloc::vec::Vec;

use super::facts::Ranked;

/// Values by their 64-bit name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap<V>(Vec<(u64, V)>);

impl<V> Default for IdMap<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> IdMap<V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&V> {
        let at = self.find(id).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The value of that name, to change.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut V> {
        let at = self.find(id).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &(u64, V)> {
        self.0.iter()
    }

    /// All values, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// All values, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Sets the value of that name.
    pub fn insert(&mut self, id: u64, value: V) {
        match self.find(id) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (id, value)),
        }
    }

    /// Keeps the newer of the value known and this one.
    pub fn raise(&mut self, id: u64, value: &V)
    where
        V: Ranked,
    {
        match self.get_mut(id) {
            Some(known) if known.rank() < value.rank() => known.clone_from(value),
            Some(_) => {}
            None => self.insert(id, value.clone()),
        }
    }

    /// Keeps what `keep` says.
    pub fn retain(&mut self, keep: impl Fn(u64, &V) -> bool) {
        self.0.retain(|(id, value)| keep(*id, value));
    }

    /// Where it is, or would be.
    fn find(&self, id: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Ranked for u64 {
        fn rank(&self) -> [u64; 2] {
            [*self, 0]
        }
    }

    #[test]
    fn keeps_the_order_of_names_and_one_value_each() {
        let mut map = IdMap::default();
        for id in [5, 1, 9, 3, 5, 0] {
            map.insert(id, id * 10);
        }
        map.insert(3, 7);
        map.raise(9, &8);
        map.raise(5, &55);
        let all: Vec<_> = map.iter().copied().collect();
        assert_eq!(all, [(0, 0), (1, 10), (3, 7), (5, 55), (9, 90)]);
        assert_eq!(map.get(9), Some(&90));
        assert_eq!(map.get(2), None);
    }
}
