//! What things are called on the server.

use crate::store::{Key, Log, Owner};

/// The names, each behind the same prefix.
#[derive(Debug)]
pub(super) struct Names {
    /// What the names of records begin with.
    pub(super) records: String,
    /// Sorted set: the ids of all records by `due_at`.
    pub(super) deadlines: String,
    /// Hash: each scope's policy, and `version`.
    pub(super) policies: String,
    /// Hash: the number of the newest line of each log.
    pub(super) numbers: String,
    /// Hash: how far each reader has come.
    pub(super) positions: String,
    /// The channel on which nodes tell each other what they changed.
    pub(super) channel: String,
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            records: format!("{prefix}record:"),
            deadlines: format!("{prefix}deadlines"),
            policies: format!("{prefix}policies"),
            numbers: format!("{prefix}numbers"),
            positions: format!("{prefix}positions"),
            channel: format!("{prefix}news"),
            prefix: prefix.to_owned(),
        }
    }

    pub(super) fn record(&self, key: &Key) -> String {
        format!("{}{}", self.records, key.id())
    }

    /// Set: the ids of a user's records.
    pub(super) fn user(&self, user: &str) -> String {
        format!("{}user:{user}", self.prefix)
    }

    /// Set: the ids of the records of a user's sign-in. The length says where the user's name ends,
    /// since either may hold any character.
    pub(super) fn sign_in(&self, user: &str, sign_in: &str) -> String {
        format!("{}sign-in:{}:{user}:{sign_in}", self.prefix, user.len())
    }

    /// The sets that a record of that owner is in.
    pub(super) fn sets(&self, owner: &Owner) -> Vec<String> {
        let sign_in = owner.sign_in.as_ref().map(|name| self.sign_in(&owner.user, name));
        std::iter::once(self.user(&owner.user)).chain(sign_in).collect()
    }

    /// Stream: the lines of a log.
    pub(super) fn log(&self, log: Log) -> String {
        format!("{}log:{}", self.prefix, log_name(log))
    }

    /// String with a time to live: who has a lease.
    pub(super) fn lease(&self, name: &str) -> String {
        format!("{}lease:{name}", self.prefix)
    }
}

/// What a log is called.
pub(super) const fn log_name(log: Log) -> &'static str {
    match log {
        Log::Ends => "ends",
        Log::Audit => "audit",
        Log::DeadLetters => "dead-letters",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sign_ins_never_share_a_set() {
        let names = Names::new("x:");
        assert_ne!(names.sign_in("a", "b:c"), names.sign_in("a:b", "c"));
        assert_ne!(names.sign_in("1:a", "b"), names.sign_in("1", "a:b"));
    }
}
