//! A record as the server keeps it: a tag of 8 bytes, a byte for the version of the form, and the
//! record in postcard.
//!
//! Each writing has a tag drawn at random, so that equal tags mean equal records. A counter would
//! not do: a server that lost its last second, or a key that was removed and came back, counts
//! through the same numbers again, and a node would believe what it remembers of the others.

use std::sync::Arc;

use crate::store::{Record, StoreError};

/// Bytes of a tag. `scripts/update.lua` knows it too.
pub(super) const TAG: usize = 8;
/// The form in which records are written now.
const VERSION: u8 = 1;

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
        bytes.push(VERSION);
        let bytes = postcard::to_extend(record, bytes)
            .map_err(|why| StoreError(format!("a record cannot be written: {why}")))?;
        Ok(Self(bytes.into()))
    }

    /// What the server holds.
    ///
    /// # Errors
    /// When it is not of the form that this version writes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.get(TAG) {
            Some(&VERSION) => Ok(Self(bytes.into())),
            Some(other) => Err(StoreError(format!(
                "a record has form {other}, and this version reads form {VERSION} only"
            ))),
            None => Err(StoreError("a record is cut off".to_owned())),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn tag(&self) -> &[u8] {
        &self.0[..TAG]
    }

    /// The record in it.
    pub(super) fn record(&self) -> Result<Record, StoreError> {
        postcard::from_bytes(&self.0[TAG + 1..])
            .map_err(|why| StoreError(format!("a record that it holds cannot be read: {why}")))
    }

    /// Whether both are the same record, whenever each was written.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.0[TAG..] == other.0[TAG..]
    }
}

#[cfg(test)]
mod tests {
    use stillhere::core::{ended::EndedBecause, policy::Policy};

    use super::*;
    use crate::{
        calls::Calls,
        report::{Counts, HoldReport, Report},
        session::Session,
        store::Owner,
    };

    fn record() -> Record {
        let policy = &Policy::DEFAULT;
        let hold = HoldReport { id: "call".into(), reason: "phone".into(), ttl_ms: 60_000 };
        let report = Report {
            age_ms: 0,
            counts: Counts { keystrokes: 1, clicks: 2, heartbeats: 3, notes: 4 },
            contexts: 5,
            holds: vec![hold],
            agent: String::new(),
        };
        let mut session = Session::new(1000, policy);
        session.touch(2000, policy, &report).unwrap();
        let mut calls = Calls::default();
        calls.note(3000, "GET /orders/*", true);
        Record {
            owner: Owner {
                user: "ann".into(),
                sign_in: Some("monday".into()),
                groups: vec!["night".into()],
            },
            session,
            keepalives: 6,
            agent: "test/1".into(),
            calls,
            sign_in_over: true,
            due_at: 7000,
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let mut record = record();
        let value = Value::of(&record).unwrap();
        assert_eq!(Value::from_bytes(value.bytes()).unwrap().record().unwrap(), record);
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Revoked);
        assert_eq!(Value::of(&record).unwrap().record().unwrap(), record);
    }

    #[test]
    fn each_writing_has_its_own_tag() {
        let (one, other) = (Value::of(&record()).unwrap(), Value::of(&record()).unwrap());
        assert!(one.says_the_same(&other));
        assert_ne!(one.tag(), other.tag());
    }

    #[test]
    fn what_another_version_wrote_is_not_guessed_at() {
        let mut bytes = Value::of(&record()).unwrap().bytes().to_vec();
        bytes[TAG] = VERSION + 1;
        assert!(Value::from_bytes(&bytes).unwrap_err().0.contains("form 2"));
        assert!(Value::from_bytes(&bytes[..TAG]).is_err());
        bytes[TAG] = VERSION;
        bytes.pop();
        assert!(Value::from_bytes(&bytes).unwrap().record().is_err());
    }

    /// When this fails, records that running servers hold can no longer be read: give the new form a
    /// new version, and read the old one as well.
    #[test]
    fn the_form_stays_as_it_is() {
        let mut record = record();
        assert_eq!(
            hex(&record),
            "0103616e6e01066d6f6e64617901056e69676874e807d00f0102030401d00f01d00f01d00f01d00f00050104\
             63616c6c0570686f6e65b0e403d00f000100000606746573742f31010d474554202f6f72646572732f2ab817\
             0101d836"
        );
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Idle);
        assert_eq!(
            hex(&record),
            "0103616e6e01066d6f6e64617901056e69676874e807d00f0102030401d00f01d00f01d00f01d00f0005\
             000002000103a8460606746573742f31010d474554202f6f72646572732f2ab8170101d836"
        );
    }

    fn hex(record: &Record) -> String {
        let value = Value::of(record).unwrap();
        value.bytes()[TAG..].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
