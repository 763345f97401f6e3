//! What has to happen at once, in the language of the server. Each file says what it takes and what
//! it answers.

use redis::Script;

/// A script that writes to a log.
macro_rules! with_append {
    ($file:literal) => {
        Script::new(concat!(include_str!("scripts/append.lua"), include_str!($file)))
    };
}

/// All scripts. The server is sent a script's hash, and its text where it does not know that.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) insert: Script,
    pub(super) update: Script,
    pub(super) remove: Script,
    pub(super) due: Script,
    pub(super) policies: Script,
    pub(super) write_policy: Script,
    pub(super) log: Script,
    pub(super) position: Script,
    pub(super) lease: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            insert: Script::new(include_str!("scripts/insert.lua")),
            update: with_append!("scripts/update.lua"),
            remove: Script::new(include_str!("scripts/remove.lua")),
            due: Script::new(include_str!("scripts/due.lua")),
            policies: Script::new(include_str!("scripts/policies.lua")),
            write_policy: with_append!("scripts/write_policy.lua"),
            log: with_append!("scripts/log.lua"),
            position: Script::new(include_str!("scripts/position.lua")),
            lease: Script::new(include_str!("scripts/lease.lua")),
        }
    }
}
