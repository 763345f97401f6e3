//! Policies and logs.

use redis::{Value as Answer, cmd};

use super::{RedisStore, names::log_name, news, records::unexpected};
use crate::{
    policy::Scope,
    store::{LOG_ENTRIES, Line, Log, News, Rule, StoreError, Written},
};

/// The field of the version among those of the policies; no scope is called that.
const VERSION: &str = "version";
/// How often a policy is tried while others write policies too.
const ATTEMPTS: usize = 32;

/// An entry of a stream: its id, and its one field with its name.
type Entry = (String, Vec<String>);

impl RedisStore {
    pub(super) async fn all_policies(
        &self,
        at_least: u64,
    ) -> Result<(u64, Vec<(Scope, String)>), StoreError> {
        let mut script = self.scripts.policies.key(&self.names.policies);
        let fields: Vec<String> = self.link.invoke(script.arg(at_least)).await?;
        let (mut version, mut known) = (0, Vec::new());
        for field in fields.chunks_exact(2) {
            if field[0] == VERSION {
                version = number(&field[1])?;
            } else if let Some(scope) = Scope::parse(&field[0]) {
                known.push((scope, field[1].clone()));
            }
        }
        known.sort();
        Ok((version, known))
    }

    pub(super) async fn one_policy(
        &self,
        scope: &Scope,
    ) -> Result<(u64, Option<String>), StoreError> {
        let mut get = cmd("HMGET");
        get.arg(&self.names.policies).arg(VERSION).arg(scope.to_string());
        let (version, text): (Option<u64>, Option<String>) = self.link.run(&get).await?;
        Ok((version.unwrap_or(0), text))
    }

    /// The audit line names the version, so it is made for a version that was read, and written if
    /// that is the version still.
    pub(super) async fn write_rule(&self, rule: Rule<'_>) -> Result<Written, StoreError> {
        let mut get = cmd("HGET");
        get.arg(&self.names.policies).arg(VERSION);
        let mut before = self.link.run::<Option<u64>>(&get).await?.unwrap_or(0);
        for _ in 0..ATTEMPTS {
            if rule.expected.is_some_and(|expected| expected != before) {
                return Ok(Written::Conflict(before));
            }
            let version = rule.now.max(before.saturating_add(1));
            let mut script = self.scripts.write_policy.key(&self.names.policies);
            script.key(self.names.log(Log::Audit)).key(&self.names.numbers);
            script.arg(before).arg(version).arg(rule.scope.to_string());
            script.arg(log_name(Log::Audit)).arg((rule.audit)(version)).arg(LOG_ENTRIES);
            script.arg(&self.names.channel);
            script.arg(news::message(&self.node, &News::Policy(rule.scope.clone())));
            script.arg(rule.text);
            match self.link.invoke(&script).await? {
                Answer::Int(1) => return Ok(Written::Version(version)),
                Answer::BulkString(other) => before = number(&String::from_utf8_lossy(&other))?,
                other => return Err(unexpected("write_policy", &other)),
            }
        }
        Err(StoreError(format!("others wrote policies each of the {ATTEMPTS} times it was tried")))
    }

    pub(super) async fn append_line(&self, log: Log, line: &str) -> Result<(), StoreError> {
        let mut script = self.scripts.log.key(self.names.log(log));
        script.key(&self.names.numbers).arg(log_name(log)).arg(line).arg(LOG_ENTRIES);
        self.link.invoke(&script).await
    }

    pub(super) async fn newest_lines(
        &self,
        log: Log,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let end = before.map_or_else(|| "+".to_owned(), |before| format!("({before}-0"));
        // Nothing comes before the first, and the server says so with an error.
        if before == Some(0) {
            return Ok(Vec::new());
        }
        self.range("XREVRANGE", log, &end, "-", limit).await
    }

    pub(super) async fn next_lines(
        &self,
        log: Log,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        self.range("XRANGE", log, &format!("({after}-0"), "+", limit).await
    }

    async fn range(
        &self,
        command: &str,
        log: Log,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        // The server takes no more than an i64 holds.
        let limit = limit.min(LOG_ENTRIES);
        let mut range = cmd(command);
        range.arg(self.names.log(log)).arg(from).arg(to).arg("COUNT").arg(limit);
        let entries: Vec<Entry> = self.link.run(&range).await?;
        entries.into_iter().map(line).collect()
    }

    pub(super) async fn reader_position(&self, reader: &str) -> Result<u64, StoreError> {
        let mut script = self.scripts.position.key(&self.names.positions);
        script.key(&self.names.numbers).arg(reader).arg(log_name(Log::Ends));
        self.link.invoke(&script).await
    }

    pub(super) async fn put_position(&self, reader: &str, number: u64) -> Result<(), StoreError> {
        let mut set = cmd("HSET");
        set.arg(&self.names.positions).arg(reader).arg(number);
        self.link.run(&set).await
    }

    pub(super) async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        ttl_ms: u64,
    ) -> Result<bool, StoreError> {
        let mut script = self.scripts.lease.key(self.names.lease(name));
        // No time at all would be an error.
        self.link.invoke(script.arg(holder).arg(ttl_ms.max(1))).await
    }
}

fn line((id, fields): Entry) -> Result<Line, StoreError> {
    let at = number(id.split('-').next().unwrap_or_default())?;
    let text = fields.into_iter().nth(1);
    text.map(|text| (at, text)).ok_or_else(|| StoreError(format!("line {at} of a log is empty")))
}

fn number(text: &str) -> Result<u64, StoreError> {
    text.parse().map_err(|_| StoreError(format!("it holds {text:?} where a number should be")))
}
