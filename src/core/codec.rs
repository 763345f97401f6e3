//! Bytes of numbers: LEB128 varints, and nothing else. postcard over serde's derive was measured
//! at three times the size in the module (docs/decisions/size.md).

use alloc::vec::Vec;

use super::ended::EndedBecause;
use super::facts::{Counts, Facts, Hold, Row, Wish};
use super::map::IdMap;
use super::moments::{Failure, Times};
use super::observed::Observed;
use super::policy::{Counted, Mode, OnLock, Policy};

/// What can be written to a message and read back.
pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(reader: &mut Reader<'_>) -> Self;
}

/// Reads numbers off a message. Once one makes no sense the reader is broken for good and gives
/// zeros, so that this is looked at once, at the end.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    broken: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, broken: false }
    }

    /// Whether everything was read and all of it made sense.
    pub(super) fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.broken
    }

    fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            let low = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift > 63 || (shift == 63 && low > 1) {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return value;
            }
            shift += 7;
        }
        self.fail()
    }

    /// A number that has a meaning only below `end`.
    fn below(&mut self, end: u64) -> u64 {
        let value = self.number();
        if value < end { value } else { self.fail() }
    }

    fn fail(&mut self) -> u64 {
        self.broken = true;
        self.bytes = &[];
        0
    }
}

/// Each entry costs a search: nobody has that many, and a page must not stand still for rubbish.
const MOST_ENTRIES: u64 = 4_096;

fn put(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Everything whose values are few is written as a number.
macro_rules! number {
    ($($type:ty: $to:expr, $from:expr;)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let to: fn(&Self) -> u64 = $to;
                put(to(self), out);
            }
            fn get(reader: &mut Reader<'_>) -> Self {
                let from: fn(&mut Reader<'_>) -> Self = $from;
                from(reader)
            }
        }
    )*};
}

number! {
    u64: |value| *value, |reader| reader.number();
    u32: |value| u64::from(*value), |reader| reader.below(1 << 32) as u32;
    u16: |value| u64::from(*value), |reader| reader.below(1 << 16) as u16;
    bool: |value| u64::from(*value), |reader| reader.below(2) == 1;
    // 0 says that there is none.
    Option<u64>: |value| value.map_or(0, |value| value.saturating_add(1)),
        |reader| reader.number().checked_sub(1);
    Option<EndedBecause>: |value| value.map_or(0, |because| because as u64 + 1), |reader| {
        let at = reader.below(EndedBecause::ALL.len() as u64 + 1).checked_sub(1)?;
        EndedBecause::ALL.get(at as usize).copied()
    };
    Mode: |value| *value as u64,
        |reader| if reader.below(2) == 1 { Self::Observe } else { Self::Enforce };
    OnLock: |value| *value as u64,
        |reader| Self::ALL.get(reader.below(3) as usize).copied().unwrap_or_default();
}

/// A struct is its fields, in the order given here.
macro_rules! fields {
    ($($type:ty: $($field:ident),*;)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn get(reader: &mut Reader<'_>) -> Self {
                Self { $($field: Wire::get(reader)),* }
            }
        }
    )*};
}

fields! {
    Counts: keystrokes, clicks, heartbeats, notes, system;
    Row: seq, token, left, asleep, visible, streaming, counts, sent, sent_at, active_at;
    Hold: released, expires, changed, taken, by, leased, told, reason;
    Failure: at, in_a_row, retry_at;
    Times: era, activity, locked, acknowledged, answered, sent, began, held_elsewhere, granted, failure,
        observed, holds;
    Observed: at, idle_ms, because, ends;
    Wish: idle_timeout_ms, warn_before_ms, keepalive_ms, mode;
    Counted: keystrokes, clicks, heartbeats, system;
    Policy: version, idle_timeout_ms, warn_before_ms, keepalive_ms, logout_at, mode, counts,
        max_hold_ms, on_lock;
    Facts: times, rows, policy, wish, ended, everywhere;
}

/// Facts with no row but that of `id`: what a context says when it has only its own news.
pub(super) fn put_own(facts: &Facts, id: u64, out: &mut Vec<u8>) {
    facts.times.put(out);
    let row = facts.rows.get(id);
    row.is_some().put(out);
    if let Some(row) = row {
        put(id, out);
        row.put(out);
    }
    facts.policy.put(out);
    facts.wish.put(out);
    facts.ended.put(out);
    facts.everywhere.put(out);
}

/// Each byte plus one, then a zero. (To check that it is UTF-8 costs the module more than this.)
impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        for byte in self {
            put(u64::from(*byte) + 1, out);
        }
        put(0, out);
    }
    fn get(reader: &mut Reader<'_>) -> Self {
        let mut text = Self::new();
        while let Some(byte) = reader.below(257).checked_sub(1) {
            text.push(byte as u8);
        }
        text
    }
}

impl Wire for Option<Policy> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(policy) = self {
            policy.put(out);
        }
    }
    fn get(reader: &mut Reader<'_>) -> Self {
        bool::get(reader).then(|| Wire::get(reader))
    }
}

impl<V: Wire> Wire for IdMap<V> {
    fn put(&self, out: &mut Vec<u8>) {
        put(self.len() as u64, out);
        for (id, value) in self.iter() {
            put(*id, out);
            value.put(out);
        }
    }
    fn get(reader: &mut Reader<'_>) -> Self {
        let mut map = Self::default();
        let mut left = reader.below(MOST_ENTRIES + 1);
        // Nothing is set aside for a length that is only claimed.
        while left > 0 && !reader.broken {
            let id = reader.number();
            map.insert(id, Wire::get(reader));
            left -= 1;
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bytes say, if they say nothing else.
    fn read<T: Wire>(bytes: &[u8]) -> Option<T> {
        let mut reader = Reader::new(bytes);
        let value = T::get(&mut reader);
        reader.is_done().then_some(value)
    }

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put(value, &mut out);
            assert_eq!(read(&out), Some(value));
        }
    }

    #[test]
    fn texts_come_back() {
        let mut out = Vec::new();
        Vec::from("Anruf ☎").put(&mut out);
        assert_eq!(read::<Vec<u8>>(&out).as_deref(), Some("Anruf ☎".as_bytes()));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(read::<u64>(&[0xff; 10]), None, "longer than 64 bits");
        assert_eq!(read::<u64>(&[0x80; 20]), None, "longer than 64 bits");
        let tenth = |byte| [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, byte];
        assert_eq!(read::<u64>(&tenth(1)), Some(1 << 63));
        assert_eq!(read::<u64>(&tenth(2)), None, "one bit more");
        assert_eq!(read::<u64>(&[0x80]), None, "cut off");
        assert_eq!(read::<u64>(&[1, 1]), None, "too much");
        assert_eq!(read::<u32>(&[0x80, 0x80, 0x80, 0x80, 0x10]), None);
        assert_eq!(read::<bool>(&[2]), None);
        assert_eq!(read::<Mode>(&[2]), None);
        assert_eq!(read::<OnLock>(&[2]), Some(OnLock::End));
        assert_eq!(read::<OnLock>(&[3]), None);
        assert_eq!(read::<Option<EndedBecause>>(&[7]), None);
        assert_eq!(read::<Vec<u8>>(&[0x81, 2, 0]), None, "more than a byte");
        assert_eq!(read::<Vec<u8>>(&[66]), None, "cut off");
        let rows = |count: u64| {
            let mut out = Vec::new();
            put(count, &mut out);
            for id in 0..count {
                put(id, &mut out);
                put(1, &mut out);
            }
            read::<IdMap<u64>>(&out).map(|map| map.len())
        };
        assert_eq!(rows(MOST_ENTRIES), Some(4_096));
        assert_eq!(rows(MOST_ENTRIES + 1), None, "more than anybody has");
    }
}
