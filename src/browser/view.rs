//! The machine as JavaScript sees it: flat arrays, which `js/status.ts` gives names to.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::core::agent::Agent;
use crate::core::facts::Counts;
use crate::core::input::Refusal;
use crate::core::policy::Mode;
use crate::core::rules::{self, Phase};

/// Exact up to 2^53, which is beyond every duration and moment here.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(super) fn float(value: u64) -> f64 {
    value as f64
}

/// The name of a context or hold, 16 digits.
pub(super) fn hex(id: u64) -> String {
    let digit = |at: u32| char::from_digit((id >> (at * 4)) as u32 & 15, 16).unwrap_or_default();
    (0..16).rev().map(digit).collect()
}

pub(super) const fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Untrusted => "untrusted",
        Refusal::Origin => "origin",
        Refusal::Rate => "rate",
        Refusal::Malformed => "malformed",
    }
}

fn counts(counts: Counts) -> [JsValue; 4] {
    [counts.keystrokes, counts.clicks, counts.heartbeats, counts.notes].map(JsValue::from)
}

/// `phase, because, idleMs, remainingMs, 4 counts, 4 refusals, contexts, 10 of the policy,
/// keep-alives sent`.
pub(crate) fn status(agent: &Agent) -> Array {
    let now = agent.now();
    let facts = agent.facts();
    let policy = agent.policy();
    let phase = agent.phase();
    let remaining = match (phase, agent.due()) {
        (Phase::Held, _) => JsValue::NULL,
        (Phase::Ended, _) => 0.into(),
        (_, Some(due)) => float(due.end_at.saturating_sub(now)).into(),
        (_, None) => float(policy.idle_timeout_ms).into(),
    };
    let basis = rules::basis(facts, now);
    let idle = if basis == 0 { 0 } else { now.saturating_sub(basis) };
    let refused = agent.refused();
    let refused = [refused.untrusted, refused.origin, refused.rate, refused.malformed];
    let contexts = u32::try_from(facts.live().count()).unwrap_or(u32::MAX);
    let head = [
        phase.name().into(),
        facts.ended.map_or(JsValue::UNDEFINED, |because| because.name().into()),
        float(idle).into(),
        remaining,
    ];
    let policy = [
        float(policy.version).into(),
        float(policy.idle_timeout_ms).into(),
        float(policy.warn_before_ms).into(),
        float(policy.keepalive_ms).into(),
        policy.logout_at.map_or(JsValue::UNDEFINED, |at| float(at).into()),
        (if policy.mode == Mode::Observe { "observe" } else { "enforce" }).into(),
        policy.counts.keystrokes.into(),
        policy.counts.clicks.into(),
        policy.counts.heartbeats.into(),
        float(policy.max_hold_ms).into(),
        own_sent(agent).into(),
    ];
    let refused = refused.map(JsValue::from);
    array(&[&head, &counts(facts.counts()), &refused, &[contexts.into()], &policy])
}

fn array(parts: &[&[JsValue]]) -> Array {
    let array = Array::new();
    append(&array, parts);
    array
}

fn append(array: &Array, parts: &[&[JsValue]]) {
    for value in parts.iter().flat_map(|part| part.iter()) {
        array.push(value);
    }
}

fn own_sent(agent: &Agent) -> u32 {
    agent.facts().rows.get(agent.id()).map_or(0, |row| row.sent)
}

/// `id, reason, expiresInMs` of each live hold.
pub(crate) fn holds(agent: &Agent) -> Array {
    let now = agent.now();
    let array = Array::new();
    for (id, hold) in agent.facts().times.holds.iter() {
        if !hold.released && hold.expires > now {
            let left = float(hold.expires - now).into();
            append(&array, &[&[hex(*id).into(), hold.reason.as_str().into(), left]]);
        }
    }
    array
}

/// `id, own, visible, streaming, 4 counts, sent, sentAgoMs, activeAgoMs` of each live context.
pub(crate) fn contexts(agent: &Agent) -> Array {
    let now = agent.now();
    let ago = |at: u64| if at == 0 { JsValue::NULL } else { float(now.saturating_sub(at)).into() };
    let array = Array::new();
    for (id, row) in agent.facts().live() {
        let own = id == agent.id();
        let head = [hex(id).into(), own.into(), row.visible.into(), row.streaming.into()];
        let tail = [row.sent.into(), ago(row.sent_at), ago(row.active_at)];
        append(&array, &[&head, &counts(row.counts), &tail]);
    }
    array
}
