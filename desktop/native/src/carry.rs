//! Carries the machine's effects out, and decides nothing: what `src/browser/shell.rs` is in a page.

use std::{future::Future, sync::Arc, time::Duration};

use stillhere::core::{
    answer::Answer,
    output::{Request, RequestId, What},
    sender::BOUND_MS,
};
use tokio::{
    sync::mpsc::UnboundedSender,
    task::{AbortHandle, JoinSet},
};

use crate::keepalive::{KeepAlive, News};

/// What comes back.
#[derive(Debug)]
pub(crate) enum Came {
    /// The answer to a request.
    Answer(RequestId, Answer),
    /// The event stream of that number brought something.
    News(u64, News),
    /// It broke off.
    Broke(u64),
}

/// What is under way.
pub(crate) struct Carrier {
    keepalive: Arc<dyn KeepAlive>,
    came: UnboundedSender<Came>,
    /// The request that is out: one at a time.
    out: Option<(RequestId, AbortHandle)>,
    stream: Option<AbortHandle>,
    /// Streams that were opened so far: what one brings that was left is not taken in.
    streams: u64,
    /// Ends and last words: nobody waits for them but whoever closes the program.
    last_words: JoinSet<()>,
}

impl Carrier {
    pub(crate) fn new(keepalive: Arc<dyn KeepAlive>, came: UnboundedSender<Came>) -> Self {
        Self { keepalive, came, out: None, stream: None, streams: 0, last_words: JoinSet::new() }
    }

    pub(crate) fn request(&mut self, Request { id, what }: Request) {
        let keepalive = self.keepalive.clone();
        match what {
            What::KeepAlive { report, flush: true } => {
                self.last_words.spawn(async move {
                    keepalive.send(report).await;
                });
            }
            What::End(because) => {
                self.last_words.spawn(async move { keepalive.end(because).await });
            }
            What::KeepAlive { report, flush: false } => {
                self.ask(id, async move { keepalive.send(report).await });
            }
            What::Ask => self.ask(id, async move { keepalive.ask().await }),
        }
    }

    fn ask(&mut self, id: RequestId, request: impl Future<Output = Answer> + Send + 'static) {
        let came = self.came.clone();
        let task = tokio::spawn(async move {
            let answer = tokio::time::timeout(Duration::from_millis(BOUND_MS), request).await;
            let answer = answer.unwrap_or(Answer::Unreachable { retry_after_ms: None });
            // Nobody listens any more once the context is closed.
            let _ = came.send(Came::Answer(id, answer));
        });
        self.out = Some((id, task.abort_handle()));
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
        if let Some((_, task)) = self.out.take_if(|(out, _)| *out == id) {
            task.abort();
        }
    }

    pub(crate) fn listen(&mut self) {
        self.leave();
        self.streams += 1;
        let (keepalive, came, stream) = (self.keepalive.clone(), self.came.clone(), self.streams);
        let task = tokio::spawn(async move {
            let heard = |news| drop(came.send(Came::News(stream, news)));
            keepalive.listen(&heard).await;
            let _ = came.send(Came::Broke(stream));
        });
        self.stream = Some(task.abort_handle());
    }

    pub(crate) fn leave(&mut self) {
        if let Some(task) = self.stream.take() {
            task.abort();
        }
    }

    /// Whether that stream is the one that is read.
    pub(crate) fn reads(&self, stream: u64) -> bool {
        self.stream.is_some() && self.streams == stream
    }

    /// Returns once the authority has heard what it was told last, or has had its time for it.
    pub(crate) async fn finish(mut self) {
        self.leave();
        let all = async { while self.last_words.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(BOUND_MS), all).await.is_err() {
            tracing::warn!("the authority did not hear the last word; it ends the token by itself");
        }
    }
}
