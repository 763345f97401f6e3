//! Any bytes on the channel, in every state. What cannot be read changes no fact; what can be read
//! only adds to them.

use arbitrary::Result;
use stillhere::core::facts::{Facts, Hold, Merge};
use stillhere::core::input::{Departure, Input};
use stillhere::core::rules;
use stillhere::core::wire::{self, Envelope, WireError};

use super::draw::{self, Bytes};
use super::driver::{Driver, ME, State};

/// Rows beyond which a context forgets those that left.
const MANY_ROWS: usize = 500;

const NO_HOLD: Hold = Hold {
    released: false,
    expires: 0,
    changed: 0,
    taken: 0,
    by: 0,
    leased: false,
    told: false,
    reason: Vec::new(),
};

pub fn run(data: &[u8]) {
    let bytes = &mut Bytes::new(data);
    // Running out of bytes is the end of a run, not a failure.
    let _ = tell_all(bytes);
}

fn tell_all(bytes: &mut Bytes<'_>) -> Result<()> {
    let mut driver = Driver::at(draw::one(bytes, &State::ALL)?);
    while !bytes.is_empty() {
        match bytes.int_in_range(0..=9)? {
            0 => driver.pass(bytes.int_in_range(0..=3_000)?, bytes.int_in_range(0..=3_000)?),
            1 => driver.serve(bytes.int_in_range(0..=12_000)?),
            2 if bytes.ratio(1, 4)? => driver.tell(Input::Leaving(Departure::Frozen)),
            2 => driver.tell(Input::Returned),
            _ => {
                let message = message(bytes, &driver)?;
                hear(&mut driver, &message);
            }
        }
    }
    Ok(())
}

/// Bytes of any kind: noise, what a peer may say, and what became of it on the way.
fn message(bytes: &mut Bytes<'_>, driver: &Driver) -> Result<Vec<u8>> {
    let mut message = match bytes.int_in_range(0..=7)? {
        0 => noise(bytes)?,
        1 => [vec![wire::VERSION], noise(bytes)?].concat(),
        2 => driver.broadcast.clone(),
        _ => {
            let facts = draw::facts(bytes, driver.agent.now())?;
            let from = draw::one(bytes, &[1, 2, 3, ME, u64::MAX])?;
            let envelope = Envelope { from, hello: bytes.arbitrary()?, facts };
            wire::encode(&envelope).unwrap_or_default()
        }
    };
    for _ in 0..bytes.int_in_range(0u8..=7)?.saturating_sub(5) {
        damage(bytes, &mut message)?;
    }
    Ok(message)
}

fn noise(bytes: &mut Bytes<'_>) -> Result<Vec<u8>> {
    let length = bytes.int_in_range(0..=300)?.min(bytes.len());
    Ok(bytes.bytes(length)?.to_vec())
}

fn damage(bytes: &mut Bytes<'_>, message: &mut Vec<u8>) -> Result<()> {
    let at = bytes.choose_index(message.len().max(1))?;
    match bytes.int_in_range(0..=3)? {
        0 => message.truncate(at),
        1 => message.insert(at, bytes.arbitrary()?),
        2 if at < message.len() => _ = message.remove(at),
        _ => {
            let mask: u8 = bytes.arbitrary()?;
            if let Some(byte) = message.get_mut(at) {
                *byte ^= mask;
            }
        }
    }
    Ok(())
}

fn hear(driver: &mut Driver, message: &[u8]) {
    let before = driver.facts();
    let refused = driver.agent.refused().malformed;
    let read = wire::decode(message, driver.agent.now(), before.times.era);
    driver.tell(Input::Message(message));
    let after = driver.agent.facts();
    let complaints = driver.agent.refused().malformed - refused;
    assert_eq!(complaints, u32::from(read == Err(WireError::Malformed)));
    match read {
        Ok(envelope) if envelope.from != ME => {
            assert_eq!(
                wire::decode(&written(&envelope), driver.agent.now(), before.times.era).as_ref(),
                Ok(&envelope)
            );
            grew(&before, after);
            let token = |facts: &Facts, id| facts.rows.get(id).map_or(0, |row| row.token);
            let mut said = envelope.facts;
            if token(&said, envelope.from) != token(after, ME) {
                said.of_the_group();
            }
            grew(&said, after);
        }
        _ => assert_eq!(*after, before, "what is dropped changes no fact"),
    }
}

fn written(envelope: &Envelope) -> Vec<u8> {
    wire::encode(envelope).unwrap_or_default()
}

/// Whether `after` knows everything that `before` says: merging it in again adds nothing.
fn grew(before: &Facts, after: &Facts) {
    let mut before = before.clone();
    // A hold is taken once: of two that say different moments either may be kept.
    let known = &after.times.holds;
    before
        .times
        .holds
        .retain(|id, hold| known.get(id).is_none_or(|known| known.taken == hold.taken));
    let mut again = after.clone();
    again.merge(&before);
    if after.rows.len() >= MANY_ROWS {
        again.rows.clone_from(&after.rows);
    }
    assert_eq!(capped(again), capped(after.clone()), "facts only grow");
}

/// The one thing that shrinks: a hold that is longer than the policy allows. Of two that end alike
/// then either may be kept.
fn capped(mut facts: Facts) -> Facts {
    let longest = rules::policy(&facts).max_hold_ms;
    for hold in facts.times.holds.values_mut() {
        let expires = hold.expires.min(hold.taken.saturating_add(longest));
        *hold = Hold { released: hold.released, expires, ..NO_HOLD };
    }
    facts
}
