//! How a record lies in memory: as the other stores write it, but for the two things that take a third of
//! it there. Moments are counted from its beginning, and the agent's name is kept once for all.

use parking_lot::RwLock;

use crate::store::{Record, StoreError, codec};

/// Names that are kept once; a record with another keeps its own. Ours are one for each version.
const MAX_AGENTS: usize = 255;

/// The names of agents, each by its number from 1.
#[derive(Debug, Default)]
pub(super) struct Agents(RwLock<Vec<Box<str>>>);

impl Agents {
    /// 0 where there is none.
    fn number(&self, name: &str) -> u8 {
        if name.is_empty() {
            return 0;
        }
        let find = |names: &[Box<str>]| names.iter().position(|known| **known == *name);
        let number = |at: usize| u8::try_from(at + 1).unwrap_or(0);
        if let Some(at) = find(&self.0.read()) {
            return number(at);
        }
        let mut names = self.0.write();
        // Another may have come first.
        match find(&names) {
            Some(at) => number(at),
            None if names.len() < MAX_AGENTS => {
                names.push(name.into());
                number(names.len() - 1)
            }
            None => 0,
        }
    }

    fn name(&self, number: u8) -> Option<String> {
        let at = usize::from(number).checked_sub(1)?;
        self.0.read().get(at).map(|name| String::from(&**name))
    }

    /// Packs a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn pack(&self, mut record: Record) -> Result<Vec<u8>, StoreError> {
        let began = record.session.began_at();
        map_moments(&mut record, |at| zigzag(at.wrapping_sub(began)));
        let number = self.number(&record.agent);
        if number > 0 {
            record.agent.clear();
        }
        codec::write(&record, number, Vec::with_capacity(128))
    }

    /// Unpacks one.
    ///
    /// # Errors
    /// When these are not the bytes of one.
    pub(super) fn unpack(&self, packed: &[u8]) -> Result<Record, StoreError> {
        let (number, mut record) = codec::read(packed)?;
        let began = record.session.began_at();
        map_moments(&mut record, |at| began.wrapping_add(unzigzag(at)));
        if let Some(name) = self.name(number) {
            record.agent = name;
        }
        Ok(record)
    }
}

/// Small for what lies shortly before or after 0.
const fn zigzag(distance: u64) -> u64 {
    (distance << 1) ^ (distance.cast_signed() >> 63).cast_unsigned()
}

const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Every moment of a record but its beginning. One that is left out takes more bytes, and is right.
fn map_moments(record: &mut Record, to: impl Fn(u64) -> u64) {
    record.session.map_moments(&to);
    record.calls.map_moments(&to);
    record.due_at = to(record.due_at);
    if let Some(issued) = &mut record.issued {
        issued.asked_at = to(issued.asked_at);
        issued.expires_at = issued.expires_at.map(to);
    }
}

#[cfg(test)]
mod tests {
    use stillhere::core::{ended::EndedBecause, policy::Policy};

    use super::*;
    use crate::store::{Issued, codec::tests::record};

    #[test]
    fn a_record_comes_back_as_it_was() {
        let agents = Agents::default();
        let mut record = record();
        for round in 0..3 {
            if round == 1 {
                record.issued = Some(Issued { by: 3, expires_at: Some(u64::MAX), asked_at: 0 });
                record.due_at = u64::MAX;
            }
            if round == 2 {
                record.session.end(9000, &Policy::DEFAULT, EndedBecause::Revoked);
                record.agent = "another/2".into();
            }
            let packed = agents.pack(record.clone()).unwrap();
            assert_eq!(agents.unpack(&packed).unwrap(), record);
            assert_eq!(codec::owner(&packed), Some(("ann", Some("monday"))));
        }
        assert!(agents.unpack(&[]).is_err());
    }

    #[test]
    fn beyond_the_names_that_are_kept_a_record_keeps_its_own() {
        let agents = Agents::default();
        let mut record = record();
        for number in 0..300 {
            record.agent = format!("agent/{number}");
            let packed = agents.pack(record.clone()).unwrap();
            assert_eq!(packed[0] == 0, number >= 255, "{number}");
            assert_eq!(agents.unpack(&packed).unwrap(), record);
        }
        assert_eq!(agents.0.read().len(), MAX_AGENTS);
    }

    #[test]
    fn distances_of_either_direction_are_small_numbers() {
        for distance in [0, 1, 63, u64::MAX, u64::MAX - 63] {
            assert!(zigzag(distance) < 128);
        }
        for at in [0, 1, 77, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(unzigzag(zigzag(at)), at);
        }
    }
}
