//! How a record is written by the stores that write it: a byte for the form, and postcard.

use super::{Record, StoreError};

/// The form in which records are written now.
const FORM: u8 = 1;

/// Appends the form of a record.
///
/// # Errors
/// When it cannot be written.
pub(super) fn encode(record: &Record, to: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    write(record, FORM, to)
}

/// Reads a record.
///
/// # Errors
/// When these are not the bytes of one, or those of another version of this program.
pub(super) fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    match bytes.first() {
        Some(&FORM) | None => read(bytes).map(|(_, record)| record),
        Some(other) => Err(StoreError(format!(
            "a record has form {other}, and this version reads form {FORM} only"
        ))),
    }
}

/// Appends a byte of the caller's and the record.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(record: &Record, first: u8, mut to: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    to.push(first);
    postcard::to_extend(record, to)
        .map_err(|why| StoreError(format!("a record cannot be written: {why}")))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When these are not the bytes of one.
pub(super) fn read(bytes: &[u8]) -> Result<(u8, Record), StoreError> {
    let (first, rest) =
        bytes.split_first().ok_or_else(|| StoreError("a record is cut off".to_owned()))?;
    let record = postcard::from_bytes(rest)
        .map_err(|why| StoreError(format!("a record that it holds cannot be read: {why}")))?;
    Ok((*first, record))
}

/// Whose record that is, and of which sign-in, without reading the rest of it: they come first.
pub(super) fn owner(bytes: &[u8]) -> Option<(&str, Option<&str>)> {
    postcard::take_from_bytes(bytes.get(1..)?).ok().map(|(owner, _)| owner)
}

#[cfg(test)]
pub(super) mod tests {
    use stillhere::core::{ended::EndedBecause, policy::Policy};

    use super::*;
    use crate::{
        calls::Calls,
        report::{Counts, HoldReport, Report},
        session::Session,
        store::Owner,
    };

    pub(in crate::store) fn record() -> Record {
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
            issued: None,
            sign_in_over: true,
            due_at: 7000,
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let mut record = record();
        assert_eq!(decode(&encode(&record, Vec::new()).unwrap()).unwrap(), record);
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Revoked);
        assert_eq!(decode(&encode(&record, Vec::new()).unwrap()).unwrap(), record);
    }

    #[test]
    fn whose_it_is_can_be_read_alone() {
        assert_eq!(owner(&encode(&record(), Vec::new()).unwrap()), Some(("ann", Some("monday"))));
        assert_eq!(owner(&[]), None);
    }

    #[test]
    fn what_another_version_wrote_is_not_guessed_at() {
        let mut bytes = encode(&record(), Vec::new()).unwrap();
        bytes[0] = FORM + 1;
        assert!(decode(&bytes).unwrap_err().0.contains("form 2"));
        assert!(decode(&[]).is_err());
        bytes[0] = FORM;
        bytes.pop();
        assert!(decode(&bytes).is_err());
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
             010001d836"
        );
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Idle);
        assert_eq!(
            hex(&record),
            "0103616e6e01066d6f6e64617901056e69676874e807d00f0102030401d00f01d00f01d00f01d00f0005\
             000002000103a8460606746573742f31010d474554202f6f72646572732f2ab817010001d836"
        );
    }

    fn hex(record: &Record) -> String {
        let bytes = encode(record, Vec::new()).unwrap();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
