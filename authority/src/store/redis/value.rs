//! A record as the server keeps it: a tag of 8 bytes, and the record.
//!
//! Each writing has a tag drawn at random, so that equal tags mean equal records. A counter would
//! not do: a server that lost its last second, or a key that was removed and came back, counts
//! through the same numbers again, and a node would believe what it remembers of the others.

use std::sync::Arc;

use crate::store::{Record, StoreError, codec};

/// Bytes of a tag. `scripts/update.lua` knows it too.
pub(super) const TAG: usize = 8;

/// A record as it is kept. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value(Arc<[u8]>);

impl Value {
    /// The form of a record, under a new tag.
    pub(super) fn of(record: &Record) -> Result<Self, StoreError> {
        let tag = getrandom::u64()
            .map_err(|why| StoreError(format!("the system gives no random bytes: {why}")))?;
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&tag.to_le_bytes());
        Ok(Self(codec::encode(record, bytes)?.into()))
    }

    /// What the server holds.
    ///
    /// # Errors
    /// When it is too short for a record.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        if bytes.len() <= TAG {
            return Err(StoreError("a record is cut off".to_owned()));
        }
        Ok(Self(bytes.into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn tag(&self) -> &[u8] {
        &self.0[..TAG]
    }

    /// The record in it.
    ///
    /// # Errors
    /// When it is not of the form that this version writes.
    pub(super) fn record(&self) -> Result<Record, StoreError> {
        codec::decode(&self.0[TAG..])
    }

    /// Whether both are the same record, whenever each was written.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.0[TAG..] == other.0[TAG..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::codec::tests::record;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let value = Value::of(&record()).unwrap();
        assert_eq!(Value::from_bytes(value.bytes()).unwrap().record().unwrap(), record());
    }

    #[test]
    fn each_writing_has_its_own_tag() {
        let (one, other) = (Value::of(&record()).unwrap(), Value::of(&record()).unwrap());
        assert!(one.says_the_same(&other));
        assert_ne!(one.tag(), other.tag());
    }

    #[test]
    fn what_is_cut_off_is_none() {
        let bytes = Value::of(&record()).unwrap().bytes().to_vec();
        assert!(Value::from_bytes(&bytes[..TAG]).is_err());
    }
}
