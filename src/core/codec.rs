//! Bytes of numbers: LEB128 varints, and nothing else. postcard over serde's derive was measured
//! at three times the size in the module (docs/decisions/size.md).

use alloc::string::String;
use alloc::vec::Vec;

use super::ended::EndedBecause;
use super::facts::{Counts, Facts, Failure, Hold, Row, Times, Wish};
use super::map::IdMap;
use super::policy::{Counted, Mode, Policy};

/// What can be written to a message and read back.
pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(bytes: &mut &[u8]) -> Option<Self>;
}

fn put(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn get(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && low > 1 {
            return None;
        }
        value |= low << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        put(*self, out);
    }
    fn get(bytes: &mut &[u8]) -> Option<Self> {
        get(bytes)
    }
}

/// Everything whose values are few is written as a number; a number without meaning is refused.
macro_rules! number {
    ($($type:ty: $to:expr, $from:expr;)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let to: fn(&Self) -> u64 = $to;
                put(to(self), out);
            }
            fn get(bytes: &mut &[u8]) -> Option<Self> {
                let from: fn(u64) -> Option<Self> = $from;
                from(get(bytes)?)
            }
        }
    )*};
}

number! {
    u32: |value| u64::from(*value), |value| value.try_into().ok();
    u16: |value| u64::from(*value), |value| value.try_into().ok();
    bool: |value| u64::from(*value), |value| (value < 2).then_some(value == 1);
    // 0 says that there is none.
    Option<u64>: |value| value.map_or(0, |value| value.saturating_add(1)),
        |value| Some(value.checked_sub(1));
    Option<EndedBecause>: |value| value.map_or(0, |because| because as u64 + 1),
        |value| match value.checked_sub(1) {
            None => Some(None),
            Some(at) => EndedBecause::ALL.get(usize::try_from(at).ok()?).map(|it| Some(*it)),
        };
    Mode: |value| *value as u64, |value| match value {
        0 => Some(Self::Enforce),
        1 => Some(Self::Observe),
        _ => None,
    };
}

/// A struct is its fields, in the order given here.
macro_rules! fields {
    ($($type:ty: $($field:ident),*;)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn get(bytes: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Wire::get(bytes)?),* })
            }
        }
    )*};
}

fields! {
    Counts: keystrokes, clicks, heartbeats, notes;
    Row: seq, left, visible, streaming, counts, sent, sent_at, active_at;
    Hold: released, expires, reason;
    Failure: at, in_a_row, retry_at;
    Times: era, activity, acknowledged, answered, sent, held_elsewhere, failure, holds;
    Wish: idle_timeout_ms, warn_before_ms, keepalive_ms;
    Counted: keystrokes, clicks, heartbeats;
    Policy: version, idle_timeout_ms, warn_before_ms, keepalive_ms, logout_at, mode, counts,
        max_hold_ms;
    Facts: times, rows, policy, wish, ended;
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put(self.len() as u64, out);
        out.extend_from_slice(self.as_bytes());
    }
    fn get(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(get(bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        str::from_utf8(text).ok().map(Self::from)
    }
}

impl Wire for Option<Policy> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(policy) = self {
            policy.put(out);
        }
    }
    fn get(bytes: &mut &[u8]) -> Option<Self> {
        Some(if bool::get(bytes)? { Some(Policy::get(bytes)?) } else { None })
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
    fn get(bytes: &mut &[u8]) -> Option<Self> {
        let mut map = Self::default();
        // Nothing is set aside for a length that is only claimed.
        for _ in 0..get(bytes)? {
            let id = get(bytes)?;
            map.insert(id, V::get(bytes)?);
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put(value, &mut out);
            let mut bytes = out.as_slice();
            assert_eq!((get(&mut bytes), bytes), (Some(value), &[][..]));
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(get(&mut &[0xff; 10][..]), None, "longer than 64 bits");
        assert_eq!(get(&mut &[0x80][..]), None, "cut off");
        assert_eq!(bool::get(&mut &[2][..]), None);
        assert_eq!(Mode::get(&mut &[2][..]), None);
        assert_eq!(Option::<EndedBecause>::get(&mut &[7][..]), None);
        assert_eq!(String::get(&mut &[2, 0xc3, 0x28][..]), None, "no UTF-8");
        assert_eq!(String::get(&mut &[200, 1, 65][..]), None, "cut off");
    }
}
