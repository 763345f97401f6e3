//! What the outside could not be told, and telling it once more.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Outcome;
use crate::{
    journal::EndLine,
    state::AppState,
    store::{Log, StoreError},
    wire::rfc3339,
};

/// The longest that an administrator waits for a receiver: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// A receiver could not be told that a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterLine {
    /// When it was given up (RFC 3339).
    #[schema(format = DateTime)]
    pub at: String,
    /// Kind and name of the receiver, such as `webhook:crm`.
    pub receiver: String,
    /// The number of the line in the log of ends.
    pub line: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: String,
    /// What it was about.
    pub end: EndLine,
}

/// The line for the log.
pub(super) fn line(
    state: &AppState,
    receiver: &str,
    line: u64,
    attempts: u32,
    error: String,
    end: &EndLine,
) -> String {
    let at = rfc3339(state.now_ms());
    let letter = DeadLetterLine {
        at,
        receiver: receiver.to_owned(),
        line,
        attempts,
        error,
        end: end.clone(),
    };
    // Strings and integers always serialize.
    serde_json::to_string(&letter).unwrap_or_default()
}

/// What became of a dead letter that was to be sent once more.
pub(crate) enum Retried {
    /// The receiver has it, or need not have it any more.
    Delivered,
    /// It failed again, for this reason.
    Failed(String),
    /// There is no such dead letter.
    Unknown,
    /// That receiver is not configured any more.
    NoReceiver(String),
}

/// Makes one more attempt, under the name that the message had before.
pub(crate) async fn retry(state: &AppState, number: u64) -> Result<Retried, StoreError> {
    let before = number.checked_add(1);
    let lines = state.store().lines(Log::DeadLetters, before, 1).await?;
    let Some((_, text)) = lines.into_iter().find(|(found, _)| *found == number) else {
        return Ok(Retried::Unknown);
    };
    let letter: DeadLetterLine =
        serde_json::from_str(&text).map_err(|why| StoreError(why.to_string()))?;
    let mut receivers = state.settings().notices.receivers.iter();
    let Some(receiver) = receivers.find(|receiver| receiver.reader() == letter.receiver) else {
        return Ok(Retried::NoReceiver(letter.receiver));
    };
    let attempt = receiver.tell(state, letter.line, &letter.end);
    let outcome = tokio::time::timeout(PATIENCE, attempt).await;
    let counted = state.metrics().notices.of(receiver);
    let why = match outcome {
        Ok(Outcome::Delivered) => {
            counted.delivered.inc();
            return Ok(Retried::Delivered);
        }
        Ok(Outcome::NotNeeded) => return Ok(Retried::Delivered),
        Ok(Outcome::Failed { why, .. } | Outcome::Refused(why)) => why,
        Ok(Outcome::Gone) => "410 Gone was answered".to_owned(),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    counted.failed.inc();
    Ok(Retried::Failed(why))
}
