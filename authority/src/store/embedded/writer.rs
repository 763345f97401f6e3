//! The thread that writes: whatever has come together since the last commit goes into the next one.

use std::{collections::HashSet, sync::Arc, thread::JoinHandle, time::Duration};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::file::{File, Item};
use crate::store::{Key, StoreError, memory::MemoryStore};

/// The longest that activity waits to be written.
const WINDOW: Duration = Duration::from_millis(100);

/// What has to be written.
#[derive(Debug, Default)]
struct Work {
    /// Records that have changed; they are read when they are written.
    dirty: HashSet<Key>,
    /// The rest, in order.
    items: Vec<Item>,
    /// Who waits until all of it is written.
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
    /// Why the last commit failed.
    failed: Option<String>,
    /// Nothing more comes.
    over: bool,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.dirty.is_empty() && self.items.is_empty()
    }
}

#[derive(Debug, Default)]
struct Desk {
    work: Mutex<Work>,
    more: Condvar,
}

/// The writing thread. It ends, with everything written, when this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: File, memory: Arc<MemoryStore>) -> Result<Self, StoreError> {
        let desk = Arc::new(Desk::default());
        let at = desk.clone();
        let thread = std::thread::Builder::new().name("store".to_owned());
        let thread = thread.spawn(move || write(&file, &memory, &at));
        let thread =
            thread.map_err(|why| StoreError(format!("no thread can be started: {why}")))?;
        Ok(Self { desk, thread: Some(thread) })
    }

    /// A record has changed.
    pub(super) fn dirty(&self, key: Key) {
        let mut work = self.desk.work.lock();
        if work.is_empty() {
            self.desk.more.notify_one();
        }
        work.dirty.insert(key);
    }

    /// Something else has to be written.
    pub(super) fn item(&self, item: Item) {
        let mut work = self.desk.work.lock();
        if work.is_empty() {
            self.desk.more.notify_one();
        }
        work.items.push(item);
    }

    /// Returns when everything up to now is on disk.
    pub(super) async fn written(&self) -> Result<(), StoreError> {
        let (done, written) = oneshot::channel();
        {
            let mut work = self.desk.work.lock();
            work.waiting.push(done);
            self.desk.more.notify_one();
        }
        let written = written.await;
        written.map_err(|_| StoreError("its thread has ended".to_owned()))?.map_err(StoreError)
    }

    /// Whether the last commit succeeded.
    pub(super) fn ready(&self) -> Result<(), StoreError> {
        self.desk.work.lock().failed.clone().map_or(Ok(()), |why| Err(StoreError(why)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.desk.work.lock().over = true;
        self.desk.more.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the store had failed");
        }
    }
}

fn write(file: &File, memory: &MemoryStore, desk: &Desk) {
    while let Some(work) = next(desk) {
        let current = work.dirty.iter().map(|key| (key, memory.written(key)));
        let committed = file.commit(current, &work.items).map_err(|why| why.0);
        if let Err(why) = &committed {
            tracing::error!(why, "the store could not be written");
            give_back(desk, work.dirty, work.items, why);
        } else {
            desk.work.lock().failed = None;
        }
        // Whoever does not wait any more has been told otherwise.
        work.waiting.into_iter().for_each(|done| drop(done.send(committed.clone())));
    }
}

/// What could not be written is written with the next commit, before what has come since.
fn give_back(desk: &Desk, dirty: HashSet<Key>, mut items: Vec<Item>, why: &str) {
    let mut work = desk.work.lock();
    work.dirty.extend(dirty);
    items.append(&mut work.items);
    work.items = items;
    work.failed = Some(why.to_owned());
    // Not again at once: a full disk stays full for a while.
    if !work.over {
        desk.more.wait_for(&mut work, WINDOW);
    }
}

/// Waits for work, and then for more of it until somebody waits or the window is over. None when
/// nothing more comes.
fn next(desk: &Desk) -> Option<Work> {
    let mut work = desk.work.lock();
    while work.is_empty() && work.waiting.is_empty() {
        if work.over {
            return None;
        }
        desk.more.wait(&mut work);
    }
    if work.waiting.is_empty() && !work.over {
        desk.more.wait_for(&mut work, WINDOW);
    }
    let (failed, over) = (work.failed.clone(), work.over);
    let give_up = over && failed.is_some();
    let taken = std::mem::replace(&mut *work, Work { failed, over, ..Work::default() });
    if give_up { None } else { Some(taken) }
}
