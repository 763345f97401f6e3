//! What a context asks of the authority, and the answer.

use async_trait::async_trait;
use stillhere::core::{answer::Answer, ended::EndedBecause, output::Report};

/// The authority as a context sees it: what `KeepAlive` is to pages (docs/contract.md, section 1).
///
/// No call fails: a network that does is an answer, [`Answer::Unreachable`].
#[async_trait]
pub trait KeepAlive: Send + Sync + 'static {
    /// Tells when the user was last active.
    async fn send(&self, report: Report) -> Answer;

    /// Asks where the session stands; extends nothing.
    async fn ask(&self) -> Answer;

    /// Ends the token.
    async fn end(&self, because: EndedBecause);

    /// Reads the event stream and hands on what it brings, until it breaks off.
    async fn listen(&self, heard: &(dyn Fn(News) + Sync));
}

/// What the event stream brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// What the authority said.
    pub answer: Answer,
    /// Milliseconds from the request for the stream to the earliest moment at which that was true, where
    /// it was told.
    pub at_ms: Option<u64>,
}
