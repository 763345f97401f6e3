//! How a record is written by the stores that write it: a byte for the form, and postcard.

use serde::Deserialize;
use stillhere_session::form1::Session1;

use super::{Issued, Owner, Record, StoreError};
use crate::calls::Calls;

/// The form in which records are written now.
const FORM: u8 = 2;

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
    match bytes.split_first() {
        Some((&1, rest)) => from_bytes::<Record1>(rest).map(Record::from),
        Some((&FORM, _)) | None => read(bytes).map(|(_, record)| record),
        Some((other, _)) => Err(StoreError(format!(
            "a record has form {other}, and this version reads forms 1 to {FORM}"
        ))),
    }
}

/// A record of form 1: nothing is lost by an update.
#[derive(Deserialize)]
struct Record1 {
    owner: Owner,
    session: Session1,
    keepalives: u64,
    agent: String,
    calls: Calls,
    issued: Option<Issued>,
    sign_in_over: bool,
    due_at: u64,
}

impl From<Record1> for Record {
    fn from(then: Record1) -> Self {
        let Record1 { owner, session, keepalives, agent, calls, issued, sign_in_over, due_at } =
            then;
        let session = session.into();
        Self { owner, session, keepalives, agent, calls, issued, sign_in_over, due_at }
    }
}

fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes)
        .map_err(|why| StoreError(format!("a record that it holds cannot be read: {why}")))
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
    Ok((*first, from_bytes(rest)?))
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
            counts: Counts { keystrokes: 1, clicks: 2, heartbeats: 3, notes: 4, system: 0 },
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
        assert!(decode(&bytes).unwrap_err().0.contains("form 3"));
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
        let counts = Counts { system: 5, ..record.session.counts() };
        let agent = String::new();
        let report = Report { age_ms: 0, counts, contexts: 5, holds: Vec::new(), agent };
        record.session.touch(2500, &Policy::DEFAULT, &report).unwrap();
        assert_eq!(
            hex(&record),
            "0203616e6e01066d6f6e64617901056e69676874e807c413010203040501d00f01d00f01d00f01d00f01\
             c4130005010463616c6c0570686f6e65b0e403d00f000100000606746573742f31010d474554202f6f72\
             646572732f2ab817010001d836"
        );
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Idle);
        assert_eq!(
            hex(&record),
            "0203616e6e01066d6f6e64617901056e69676874e807c413010203040501d00f01d00f01d00f01d00f01\
             c4130005000002000103a8460606746573742f31010d474554202f6f72646572732f2ab817010001d836"
        );
    }

    /// Bytes that a server wrote before input in other programs was told.
    #[test]
    fn the_form_before_is_read_and_loses_nothing() {
        let mut record = record();
        let live = "0103616e6e01066d6f6e64617901056e69676874e807d00f0102030401d00f01d00f01d00f01d00f\
            0005010463616c6c0570686f6e65b0e403d00f000100000606746573742f31010d474554202f6f72646572732f2a\
            b817010001d836";
        assert_eq!(decode(&unhex(live)).unwrap(), record);
        record.session.end(9000, &Policy::DEFAULT, EndedBecause::Idle);
        let ended = "0103616e6e01066d6f6e64617901056e69676874e807d00f0102030401d00f01d00f01d00f01d00f\
            0005000002000103a8460606746573742f31010d474554202f6f72646572732f2ab817010001d836";
        assert_eq!(decode(&unhex(ended)).unwrap(), record);
        assert_eq!(owner(&unhex(live)), Some(("ann", Some("monday"))));
        let mut cut = unhex(live);
        cut.pop();
        assert!(decode(&cut).is_err());
        // What is written from then on is of the form of now.
        let again = encode(&decode(&unhex(live)).unwrap(), Vec::new()).unwrap();
        assert_eq!(again[0], FORM);
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digit).collect()
    }

    fn hex(record: &Record) -> String {
        let bytes = encode(record, Vec::new()).unwrap();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
