//! What a session's activity consisted of, so that an administrator can see what keeps it alive.

use serde::{Deserialize, Serialize};

use crate::report::Counts;

/// When each kind of activity was seen last, in Unix milliseconds. None: not yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// A trusted key press.
    pub keystrokes: Option<u64>,
    /// A trusted pointer press.
    pub clicks: Option<u64>,
    /// An accepted heartbeat of an embedding host.
    pub heartbeats: Option<u64>,
    /// Activity that the app itself vouched for.
    pub notes: Option<u64>,
    /// Input in other programs.
    pub system: Option<u64>,
    /// An API call that the policy counts.
    pub api_calls: Option<u64>,
}

impl Newest {
    /// Takes in a report whose newest activity was at `at`: a kind of which more was counted than
    /// before was seen then, as far as anybody can tell.
    pub(crate) fn take_in(&mut self, before: Counts, after: Counts, at: u64) {
        for (seen, before, after) in [
            (&mut self.keystrokes, before.keystrokes, after.keystrokes),
            (&mut self.clicks, before.clicks, after.clicks),
            (&mut self.heartbeats, before.heartbeats, after.heartbeats),
            (&mut self.notes, before.notes, after.notes),
            (&mut self.system, before.system, after.system),
        ] {
            if after > before {
                *seen = (*seen).max(Some(at));
            }
        }
    }

    pub(crate) fn map_moments(&mut self, to: impl Fn(u64) -> u64) {
        let Self { keystrokes, clicks, heartbeats, notes, system, api_calls } = self;
        for at in [keystrokes, clicks, heartbeats, notes, system, api_calls].into_iter().flatten() {
            *at = to(*at);
        }
    }

    /// Each kind that was seen, with its name and when.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Self { keystrokes, clicks, heartbeats, notes, system, api_calls } = *self;
        [
            ("keystrokes", keystrokes),
            ("clicks", clicks),
            ("heartbeats", heartbeats),
            ("notes", notes),
            ("system", system),
            ("api_calls", api_calls),
        ]
        .into_iter()
        .filter_map(|(kind, at)| at.map(|at| (kind, at)))
    }
}
