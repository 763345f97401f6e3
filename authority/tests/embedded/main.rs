//! The store in a file: what is acknowledged is there when it is opened again.

// Clippy takes only functions marked #[test] for tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{path::PathBuf, sync::Arc};

use stillhere::core::{ended::EndedBecause, policy::Policy};
use stillhere_authority::{
    calls::Calls,
    clock::ManualClock,
    policy::Scope,
    session::Session,
    store::{
        Effect, Key, Log, Owner, Record, Rule, Store, Weight, Whose, Written,
        embedded::EmbeddedStore,
    },
};
use tempfile::TempDir;

struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.redb");
        Self { _folder: folder, path }
    }

    fn open(&self) -> EmbeddedStore {
        EmbeddedStore::open(&self.path).unwrap()
    }
}

fn key() -> Key {
    Key::of("a token of some length")
}

fn record() -> Record {
    Record {
        owner: Owner {
            user: "ann".into(),
            sign_in: Some("monday".into()),
            groups: vec!["night".into()],
        },
        session: Session::new(1000, &Policy::DEFAULT),
        keepalives: 0,
        agent: String::new(),
        calls: Calls::default(),
        issued: None,
        sign_in_over: false,
        due_at: 901_000,
    }
}

async fn read(store: &EmbeddedStore) -> Option<Record> {
    let mut found = None;
    let mut look = |record: &mut Record| {
        found = Some(record.clone());
        Effect { weight: Weight::Nothing, line: None }
    };
    store.update(&key(), &mut look).await.unwrap();
    found
}

#[tokio::test]
async fn a_token_is_there_again_with_all_that_was_known_of_it() {
    let place = Place::new();
    let store = place.open();
    assert!(store.insert(key(), record()).await.unwrap());
    let mut touch = |record: &mut Record| {
        record.keepalives = 7;
        record.calls.note(5, "GET /api", true);
        record.due_at = 902_000;
        Effect { weight: Weight::Activity, line: None }
    };
    store.update(&key(), &mut touch).await.unwrap();
    let before = read(&store).await;
    drop(store);
    let store = place.open();
    assert_eq!(read(&store).await, before);
    assert_eq!(before.unwrap().keepalives, 7, "an orderly stop writes activity too");
    assert_eq!(store.find(Whose::SignIn("ann", "monday")).await.unwrap(), [key()]);
    assert_eq!(store.due(&ManualClock::new(902_000)).await.unwrap(), [key()]);
}

#[tokio::test]
async fn an_end_is_there_again_with_its_line() {
    let place = Place::new();
    let store = place.open();
    store.insert(key(), record()).await.unwrap();
    let mut end = |record: &mut Record| {
        record.session.end(2000, &Policy::DEFAULT, EndedBecause::Revoked);
        Effect { weight: Weight::Standing, line: Some("ended".into()) }
    };
    store.update(&key(), &mut end).await.unwrap();
    drop(store);
    let store = place.open();
    assert!(read(&store).await.unwrap().session.ended().is_some());
    assert_eq!(store.lines(Log::Ends, None, 9).await.unwrap(), [(1, "ended".into())]);
    store.append(Log::Ends, "next".into()).await.unwrap();
    assert_eq!(store.lines(Log::Ends, None, 1).await.unwrap(), [(2, "next".into())]);
}

#[tokio::test]
async fn a_forgotten_token_stays_forgotten() {
    let place = Place::new();
    let store = place.open();
    store.insert(key(), record()).await.unwrap();
    store.remove(&key(), &record().owner).await.unwrap();
    drop(store);
    assert_eq!(read(&place.open()).await, None);
}

#[tokio::test]
async fn policies_readers_and_their_version_are_there_again() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.policies(50).await.unwrap(), (50, Vec::new()));
    let scope = Scope::User("ann: the second".into());
    let audit = |version: u64| format!("made {version}");
    let rule = Rule { scope: &scope, text: Some("{}"), expected: None, now: 7, audit: &audit };
    assert_eq!(store.write_policy(rule).await.unwrap(), Written::Version(51));
    assert_eq!(store.position("hook").await.unwrap(), 0);
    store.set_position("hook", 3).await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.policies(0).await.unwrap(), (51, vec![(scope.clone(), "{}".to_owned())]));
    assert_eq!(store.lines(Log::Audit, None, 9).await.unwrap(), [(1, "made 51".into())]);
    assert_eq!(store.position("hook").await.unwrap(), 3);
    let gone = Rule { text: None, ..rule };
    store.write_policy(gone).await.unwrap();
    drop(store);
    assert_eq!(place.open().policies(0).await.unwrap(), (52, Vec::new()));
}

#[tokio::test]
async fn a_file_belongs_to_one_process() {
    let place = Place::new();
    let _open = place.open();
    let why = EmbeddedStore::open(&place.path).unwrap_err().to_string();
    assert!(why.contains("open in another process"), "{why}");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let place = Place::new();
    std::fs::write(&place.path, "somebody's notes").unwrap();
    let why = EmbeddedStore::open(&place.path).unwrap_err().to_string();
    assert!(why.contains("cannot be opened as a store"), "{why}");
    assert_eq!(std::fs::read_to_string(&place.path).unwrap(), "somebody's notes");
    let folder = place.path.parent().unwrap().join("none").join("x.redb");
    assert!(EmbeddedStore::open(&folder).is_err());
}

#[tokio::test]
async fn many_that_wait_share_commits() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let inserts = (0..2000).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let key = Key::of(&format!("a token of some length {number}"));
            store.insert(key, record()).await.unwrap()
        })
    });
    for insert in inserts.collect::<Vec<_>>() {
        assert!(insert.await.unwrap());
    }
    drop(store);
    assert_eq!(place.open().find(Whose::Everybody).await.unwrap().len(), 2000);
}
