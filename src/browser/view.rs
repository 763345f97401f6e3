//! The machine as JavaScript sees it: flat arrays, which `js/status.ts` gives names to.

use alloc::vec::Vec;

use crate::core::agent::Agent;
use crate::core::facts::Counts;
use crate::core::output::Report;
use crate::core::policy::Mode;
use crate::core::rules::{self, Phase};

/// Exact up to 2^53, which is beyond every duration and moment here.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn float(value: u64) -> f64 {
    value as f64
}

fn counts(counts: Counts, flat: &mut Vec<f64>) {
    let Counts { keystrokes, clicks, heartbeats, notes, system } = counts;
    numbers(&[keystrokes, clicks, heartbeats, notes, system], flat);
}

fn numbers(numbers: &[u32], flat: &mut Vec<f64>) {
    for number in numbers {
        flat.push(f64::from(*number));
    }
}

/// What is not known or does not exist.
const NONE: f64 = -1.0;

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// `phase, because, idleMs, remainingMs, 5 counts, 4 refusals, contexts, 12 of the policy,
/// keep-alives sent`, of ends that were only observed `ends, because, idleMs, agoMs`, and each live
/// hold; phase and reasons by their order in the source, -1 for none.
pub(crate) fn status(agent: &Agent, flat: &mut Vec<f64>) {
    let now = agent.now();
    let facts = agent.facts();
    let policy = agent.policy();
    let phase = agent.phase();
    let remaining = match (phase, agent.due()) {
        (Phase::Held, _) => NONE,
        (Phase::Ended, _) => 0.0,
        (_, Some(due)) => float(due.end_at.saturating_sub(now)),
        (_, None) => float(policy.idle_timeout_ms),
    };
    let basis = rules::basis(facts, now);
    let idle = if basis == 0 { 0 } else { now.saturating_sub(basis) };
    let refused = agent.refused();
    let observed = facts.times.observed;
    let sent = facts.rows.get(agent.id()).map_or(0, |row| row.sent);
    flat.extend_from_slice(&[
        f64::from(phase as u8),
        facts.ended.map_or(NONE, |because| f64::from(because as u8)),
        float(idle),
        remaining,
    ]);
    counts(facts.counts(), flat);
    numbers(&[refused.untrusted, refused.origin, refused.rate, refused.malformed], flat);
    flat.extend_from_slice(&[
        float(facts.live().count() as u64),
        float(policy.version),
        float(policy.idle_timeout_ms),
        float(policy.warn_before_ms),
        float(policy.keepalive_ms),
        policy.logout_at.map_or(NONE, float),
        flag(policy.mode == Mode::Observe),
        flag(policy.counts.keystrokes),
        flag(policy.counts.clicks),
        flag(policy.counts.heartbeats),
        float(policy.max_hold_ms),
        flag(policy.counts.system),
        f64::from(policy.on_lock as u8),
        f64::from(sent),
        f64::from(observed.ends),
        observed.because.map_or(NONE, |because| f64::from(because as u8)),
        f64::from(observed.idle_ms),
        float(now.saturating_sub(observed.at)),
    ]);
    for (id, each) in facts.times.holds.iter() {
        if !each.released && each.expires > now {
            hold(*id, each.expires - now, &each.reason, flat);
        }
    }
}

/// The upper and the lower half of a name.
fn halves(id: u64, flat: &mut Vec<f64>) {
    flat.push(float(id >> 32));
    flat.push(float(id & 0xffff_ffff));
}

/// `name (two halves), time left, the bytes of the reason, -1` of a hold.
fn hold(id: u64, left_ms: u64, reason: &[u8], flat: &mut Vec<f64>) {
    halves(id, flat);
    flat.push(float(left_ms));
    for byte in reason {
        flat.push(f64::from(*byte));
    }
    flat.push(NONE);
}

/// What a keep-alive tells: `ageMs, 5 counts, contexts`, then its holds.
pub(super) fn report(report: &Report, flat: &mut Vec<f64>) {
    flat.push(float(report.age_ms));
    counts(report.counts, flat);
    flat.push(f64::from(report.contexts));
    for each in &report.holds {
        hold(each.id, each.ttl_ms, &each.reason, flat);
    }
}

/// `name (two halves), own, visible, streaming, 5 counts, sent, sentAgoMs, activeAgoMs` of each
/// live context.
pub(crate) fn contexts(agent: &Agent, flat: &mut Vec<f64>) {
    let now = agent.now();
    let ago = |at: u64| if at == 0 { NONE } else { float(now.saturating_sub(at)) };
    for (id, row) in agent.facts().live() {
        halves(id, flat);
        flat.extend_from_slice(&[flag(id == agent.id()), flag(row.visible), flag(row.streaming)]);
        counts(row.counts, flat);
        flat.extend_from_slice(&[f64::from(row.sent), ago(row.sent_at), ago(row.active_at)]);
    }
}
