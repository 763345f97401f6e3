//! Policies and logs, for the stores that keep them in this process.

use std::collections::{BTreeMap, VecDeque};

use super::{LOG_ENTRIES, Line, Log, Rule, Written};
use crate::policy::Scope;

/// A log of bounded length.
#[derive(Debug, Default)]
struct Lines {
    newest: u64,
    lines: VecDeque<Line>,
}

/// All policies and both logs.
#[derive(Debug, Default)]
pub(super) struct Journal {
    version: u64,
    policies: BTreeMap<Scope, String>,
    ends: Lines,
    audit: Lines,
    dead_letters: Lines,
    positions: BTreeMap<String, u64>,
}

impl Journal {
    pub(super) fn policies(&mut self, at_least: u64) -> (u64, Vec<(Scope, String)>) {
        self.version = self.version.max(at_least);
        let all = self.policies.iter().map(|(scope, text)| (scope.clone(), text.clone()));
        (self.version, all.collect())
    }

    pub(super) fn policy(&self, scope: &Scope) -> (u64, Option<String>) {
        (self.version, self.policies.get(scope).cloned())
    }

    /// What writing the rule would come to.
    pub(super) fn judge(&self, rule: Rule<'_>) -> Written {
        match rule.expected {
            Some(expected) if expected != self.version => Written::Conflict(self.version),
            _ => Written::Version(rule.now.max(self.version + 1)),
        }
    }

    pub(super) fn put(&mut self, version: u64, scope: &Scope, text: Option<&str>) {
        self.version = self.version.max(version);
        match text {
            Some(text) => self.policies.insert(scope.clone(), text.to_owned()),
            None => self.policies.remove(scope),
        };
    }

    const fn log(&self, log: Log) -> &Lines {
        match log {
            Log::Ends => &self.ends,
            Log::Audit => &self.audit,
            Log::DeadLetters => &self.dead_letters,
        }
    }

    const fn log_mut(&mut self, log: Log) -> &mut Lines {
        match log {
            Log::Ends => &mut self.ends,
            Log::Audit => &mut self.audit,
            Log::DeadLetters => &mut self.dead_letters,
        }
    }

    /// How far a reader has come; a new one begins behind the newest line.
    pub(super) fn position(&mut self, reader: &str) -> u64 {
        let newest = self.ends.newest;
        *self.positions.entry(reader.to_owned()).or_insert(newest)
    }

    pub(super) fn set_position(&mut self, reader: &str, number: u64) {
        self.positions.insert(reader.to_owned(), number);
    }

    /// Appends a line and gives its number, and that of a line that had to go.
    pub(super) fn append(&mut self, log: Log, line: String) -> (u64, Option<u64>) {
        let number = self.log_mut(log).newest + 1;
        (number, self.restore(log, number, line))
    }

    /// Appends a line whose number is known, and gives that of a line that had to go.
    pub(super) fn restore(&mut self, log: Log, number: u64, line: String) -> Option<u64> {
        let log = self.log_mut(log);
        log.newest = number;
        let full = log.lines.len() == LOG_ENTRIES;
        let gone = if full { log.lines.pop_front() } else { None };
        log.lines.push_back((number, line));
        gone.map(|(number, _)| number)
    }

    pub(super) fn lines(&self, log: Log, before: Option<u64>, limit: usize) -> Vec<Line> {
        let Lines { lines, .. } = self.log(log);
        let end = before.map_or(lines.len(), |before| lines.partition_point(|(n, _)| *n < before));
        lines.range(..end).rev().take(limit).cloned().collect()
    }

    pub(super) fn lines_after(&self, log: Log, after: u64, limit: usize) -> Vec<Line> {
        let Lines { lines, .. } = self.log(log);
        let start = lines.partition_point(|(number, _)| *number <= after);
        lines.range(start..).take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gives_its_newest_lines_first_and_goes_on_where_one_stopped() {
        let mut journal = Journal::default();
        for line in ["a", "b", "c", "d"] {
            journal.append(Log::Ends, line.to_owned());
        }
        let newest = journal.lines(Log::Ends, None, 2);
        assert_eq!(newest, [(4, "d".to_owned()), (3, "c".to_owned())]);
        let older = journal.lines(Log::Ends, Some(3), 9);
        assert_eq!(older, [(2, "b".to_owned()), (1, "a".to_owned())]);
        assert_eq!(journal.lines(Log::Audit, None, 9), []);
        let next = journal.lines_after(Log::Ends, 1, 2);
        assert_eq!(next, [(2, "b".to_owned()), (3, "c".to_owned())]);
        assert_eq!(journal.lines_after(Log::Ends, 4, 2), []);
    }

    #[test]
    fn a_reader_begins_behind_the_newest_line_and_goes_on_where_it_was() {
        let mut journal = Journal::default();
        journal.append(Log::Ends, "a".to_owned());
        assert_eq!(journal.position("hook"), 1);
        journal.append(Log::Ends, "b".to_owned());
        assert_eq!(journal.position("hook"), 1);
        journal.set_position("hook", 2);
        assert_eq!(journal.position("hook"), 2);
    }

    #[test]
    fn a_log_keeps_a_bounded_number_of_lines() {
        let mut journal = Journal::default();
        for _ in 0..LOG_ENTRIES {
            assert_eq!(journal.append(Log::Audit, String::new()).1, None);
        }
        assert_eq!(journal.append(Log::Audit, String::new()).1, Some(1));
        assert_eq!(journal.lines(Log::Audit, None, usize::MAX).len(), LOG_ENTRIES);
    }

    #[test]
    fn a_policy_for_another_version_is_refused() {
        let mut journal = Journal::default();
        let audit = |_| String::new();
        let scope = &Scope::Organization;
        let rule = |expected| Rule { scope, text: None, expected, now: 7, audit: &audit };
        assert_eq!(journal.judge(rule(None)), Written::Version(7));
        journal.put(7, &Scope::Organization, Some("{}"));
        assert_eq!(journal.judge(rule(Some(6))), Written::Conflict(7));
        assert_eq!(journal.judge(rule(Some(7))), Written::Version(8));
    }
}
