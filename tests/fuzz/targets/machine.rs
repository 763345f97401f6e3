//! Any inputs in any order, by clocks that jump: no panic, all effects end, nothing is counted
//! after the deadline, and an end is the end. The driver checks all of it after each input.

use arbitrary::Result;
use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::{Departure, Grant, Input, Refusal};
use stillhere::core::policy::MAX_IDLE_TIMEOUT_MS;
use stillhere::core::wire::{self, Envelope};

use super::draw::{self, Bytes};
use super::driver::{Driver, ME};

const HOUR: i64 = 3_600_000;

pub fn run(data: &[u8]) {
    let bytes = &mut Bytes::new(data);
    // Running out of bytes is the end of a run, not a failure.
    let _ = tell_all(bytes);
}

fn tell_all(bytes: &mut Bytes<'_>) -> Result<()> {
    let wished = draw::wish(bytes)?;
    // js/options.ts lets no other through.
    let fits = |ms: Option<u64>| ms.map(|ms| ms.clamp(1, MAX_IDLE_TIMEOUT_MS));
    let mut driver = Driver::new(Wish {
        idle_timeout_ms: fits(wished.idle_timeout_ms),
        warn_before_ms: fits(wished.warn_before_ms),
        keepalive_ms: fits(wished.keepalive_ms),
        ..wished
    });
    driver.pass(300, 300);
    driver.serve(bytes.int_in_range(0..=2_000)?);
    while !bytes.is_empty() {
        step(bytes, &mut driver)?;
    }
    Ok(())
}

fn step(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    match bytes.int_in_range(0..=13)? {
        0..=2 => time(bytes, driver)?,
        3 => {
            let stalled = bytes.int_in_range(0..=20_000)?;
            driver.stall(stalled, stalled.unsigned_abs());
            driver.count(draw::kind(bytes)?);
        }
        4 => driver.serve(bytes.int_in_range(0..=12_000)?),
        5 => {
            let age_ms = if bytes.ratio(1, 4)? { draw::amount(bytes)? } else { 0 };
            driver.act(Input::Activity { kind: draw::kind(bytes)?, age_ms });
        }
        6 => lock(bytes, driver)?,
        7 => authority(bytes, driver)?,
        8 => {
            let facts = draw::facts(bytes, driver.agent.now())?;
            let from = draw::one(bytes, &[1, 2, 3, ME])?;
            let envelope = Envelope { from, hello: bytes.arbitrary()?, facts };
            driver.tell(Input::Message(&wire::encode(&envelope).unwrap_or_default()));
        }
        9 => hold(bytes, driver)?,
        10 => page(bytes, driver)?,
        11 => driver.act(Input::Stay),
        12 => {
            let all = [Refusal::Untrusted, Refusal::Origin, Refusal::Rate, Refusal::Malformed];
            driver.tell(Input::Refused(draw::one(bytes, &all)?));
        }
        _ => last(bytes, driver)?,
    }
    Ok(())
}

/// Mostly both clocks alike; now and then a sleep, or a clock that was set.
fn time(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    let step = bytes.int_in_range(0..=4_000)?;
    let (wall, mono) = match bytes.int_in_range(0..=15)? {
        0 => (bytes.int_in_range(-30 * HOUR..=30 * HOUR)?, step),
        1 => (bytes.int_in_range(-20_000..=20_000)?, step),
        2 => (0, bytes.int_in_range(0..=20_000)?),
        3 => (bytes.arbitrary()?, bytes.arbitrary()?),
        4 => (step as i64 - bytes.int_in_range(0..=4_000)?, step),
        _ => (step as i64, step),
    };
    driver.pass(wall, mono);
    Ok(())
}

fn lock(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    let grant = draw::one(bytes, &[Grant::Granted, Grant::Busy, Grant::Lost])?;
    driver.tell(if bytes.arbitrary()? { Input::Lock(grant) } else { Input::StreamLock(grant) });
    Ok(())
}

fn authority(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    let answer = draw::answer(bytes, driver.agent.now())?;
    let id = if bytes.ratio(1, 8)? { bytes.arbitrary()? } else { driver.request.unwrap_or(0) };
    driver.tell(match bytes.int_in_range(0..=5)? {
        0 => Input::StreamBroke,
        1 => Input::News {
            answer,
            at_ms: if bytes.arbitrary()? { Some(draw::amount(bytes)?) } else { None },
        },
        _ => Input::Answer { id, answer },
    });
    Ok(())
}

fn hold(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    let id = bytes.int_in_range(0..=80)?;
    if bytes.ratio(1, 3)? {
        driver.act(Input::Release(id));
    } else {
        let ttl_ms = if bytes.ratio(1, 3)? { 0 } else { draw::amount(bytes)? };
        let reason = draw::reason(bytes)?;
        driver.act(Input::Hold { id, reason: &reason, ttl_ms });
    }
    Ok(())
}

fn page(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    driver.tell(match bytes.int_in_range(0..=7)? {
        0 => Input::Leaving(Departure::Hidden),
        1 => Input::Leaving(Departure::Frozen),
        2..=5 => Input::Returned,
        _ => Input::Visible(bytes.arbitrary()?),
    });
    Ok(())
}

/// What ends a run early, so that it is rare; and what the operating system tells.
fn last(bytes: &mut Bytes<'_>, driver: &mut Driver) -> Result<()> {
    match bytes.int_in_range(0..=15)? {
        0 => driver.tell(Input::End(draw::because(bytes)?)),
        1 => driver.tell(Input::Close),
        2 | 3 => driver.tell(Input::TokenChanged(0)),
        4 => driver.tell(Input::TokenChanged(1)),
        5..=7 => driver.tell(Input::Locked),
        8 | 9 => {
            let age_ms = draw::amount(bytes)?;
            driver.act(Input::Activity { kind: Kind::System, age_ms });
        }
        _ => {}
    }
    Ok(())
}
