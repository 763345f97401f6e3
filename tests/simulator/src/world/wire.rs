//! What carries the requests of a world out of it.

use stillhere::core::answer::Answer;
use stillhere::core::output::What;

/// Sees each request when it would arrive at the authority, and may bring a real one's answer.
pub trait Wire {
    /// A request arrives at true time `now`, in Unix milliseconds. With `None` the world's own session
    /// answers.
    fn request(&mut self, now: u64, what: &What) -> Option<Answer>;

    /// Context `at` opens the event stream at `now`: its first state. With `None` it is the world's own.
    fn listen(&mut self, now: u64, at: usize) -> Option<Answer>;

    /// Context `at` no longer reads the event stream.
    fn leave(&mut self, at: usize);
}
