//! Requests to the authority, through the `KeepAlive` that the page chose: each with an abort
//! signal and a time limit, each answer checked before the machine sees it.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal};

use super::callback::{self, Callback};
use super::shell::Shell;
use crate::core::answer::{Alive, Answer};
use crate::core::ended::EndedBecause;
use crate::core::input::Input;
use crate::core::output::{Report, Request, RequestId, What};
use crate::core::policy::{Counted, Mode, Policy};
use crate::core::sender::BOUND_MS;

#[wasm_bindgen]
extern "C" {
    /// What presets implement (contract.md, section 1).
    #[derive(Clone)]
    pub type KeepAlive;

    #[wasm_bindgen(method, catch)]
    fn send(this: &KeepAlive, report: &Object, signal: &AbortSignal) -> Result<Pending, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn ask(this: &KeepAlive, signal: &AbortSignal) -> Result<Pending, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn end(this: &KeepAlive, because: &str, signal: &AbortSignal) -> Result<Pending, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn listen(
        this: &KeepAlive,
        on_state: &JsValue,
        signal: &AbortSignal,
    ) -> Result<Pending, JsValue>;

    /// A promise. Two callbacks are all that is needed of it: a future for each would cost more
    /// than 1 KB (docs/decisions/size.md).
    type Pending;

    #[wasm_bindgen(method, catch, js_name = "then")]
    fn then(this: &Pending, done: &Function, failed: &Function) -> Result<JsValue, JsValue>;
}

impl KeepAlive {
    /// Whether it has that method.
    pub(crate) fn offers(&self, method: &str) -> bool {
        Reflect::get(self, &method.into()).is_ok_and(|value| value.is_function())
    }
}

/// A request that is out.
struct Out {
    id: RequestId,
    controller: AbortController,
    _limit: Timeout,
}

/// The requests of this context: one at a time, and one event stream.
pub(super) struct Http {
    keep_alive: KeepAlive,
    out: Cell<Option<Out>>,
    stream: Cell<Option<Stream>>,
}

struct Stream {
    controller: AbortController,
    _on_state: Callback,
}

impl Http {
    pub(super) fn new(keep_alive: KeepAlive) -> Self {
        Self { keep_alive, out: Cell::new(None), stream: Cell::new(None) }
    }

    pub(super) fn request(&self, shell: &Rc<Shell>, request: &Request) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        let id = request.id;
        let promise = match &request.what {
            What::KeepAlive { report, flush } => {
                self.keep_alive.send(&to_js(report, *flush), &signal)
            }
            What::Ask => self.keep_alive.ask(&signal),
            What::End(because) if self.keep_alive.offers("end") => {
                self.keep_alive.end(because.name(), &signal)
            }
            What::End(_) => return,
        };
        if matches!(request.what, What::End(_) | What::KeepAlive { flush: true, .. }) {
            // Nobody waits for these; a page that goes must not abort them.
            on_settled(promise, Box::new(|_| ()));
            return;
        }
        let limit = limit(shell, id);
        self.out.set(Some(Out { id, controller, _limit: limit }));
        let weak = Rc::downgrade(shell);
        let settled = move |result: Result<JsValue, JsValue>| {
            // A rejection is a network that failed or a request that was aborted.
            let lost = Answer::Unreachable { retry_after_ms: None };
            settle(&weak, id, result.map_or(lost, |value| parse(&value)));
        };
        on_settled(promise, Box::new(settled));
    }

    pub(super) fn abort(&self, id: RequestId) {
        match self.out.take() {
            Some(out) if out.id == id => out.controller.abort(),
            other => self.out.set(other),
        }
    }

    /// Reads the event stream until it breaks off or is left.
    pub(super) fn listen(&self, shell: &Rc<Shell>) {
        self.leave();
        let Ok(controller) = AbortController::new() else { return };
        let weak = Rc::downgrade(shell);
        let on_state = callback::kept(move |state| {
            if let Some(shell) = weak.upgrade() {
                shell.tell(Input::News(parse(&state)));
            }
        });
        let signal = controller.signal();
        let promise = self.keep_alive.listen(on_state.as_ref(), &signal);
        self.stream.set(Some(Stream { controller, _on_state: on_state }));
        let weak = Rc::downgrade(shell);
        // However it ends, there is no stream any more.
        let settled = move |_| {
            if let Some(shell) = weak.upgrade().filter(|_| !signal.aborted()) {
                shell.tell(Input::StreamBroke);
            }
        };
        on_settled(promise, Box::new(settled));
    }

    pub(super) fn leave(&self) {
        if let Some(stream) = self.stream.take() {
            stream.controller.abort();
        }
    }
}

/// The time limit holds even for a `KeepAlive` that ignores the signal.
fn limit(shell: &Rc<Shell>, id: RequestId) -> Timeout {
    let weak = Rc::downgrade(shell);
    let bound = u32::try_from(BOUND_MS).unwrap_or(u32::MAX);
    Timeout::new(bound, move || {
        settle(&weak, id, Answer::Unreachable { retry_after_ms: None });
    })
}

fn settle(shell: &Weak<Shell>, id: RequestId, answer: Answer) {
    if let Some(shell) = shell.upgrade() {
        shell.http().abort(id);
        shell.tell(Input::Answer { id, answer });
    }
}

type Settled = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// Calls back with what the promise comes to. A `KeepAlive` that throws, or gives no promise, is
/// one whose promise was rejected.
fn on_settled(promise: Result<Pending, JsValue>, settled: Settled) {
    let settled = Rc::new(Cell::new(Some(settled)));
    let once = |wrap: fn(JsValue) -> Result<JsValue, JsValue>| {
        let settled = settled.clone();
        callback::given(Box::new(move |value| {
            if let Some(settled) = settled.take() {
                settled(wrap(value));
            }
            JsValue::UNDEFINED
        }))
    };
    let failed = once(Err);
    if promise.and_then(|promise| promise.then(&once(Ok), &failed)).is_err() {
        let _ = failed.call0(&JsValue::UNDEFINED);
    }
}

/// Reads an answer of the shape that contract.md names.
fn parse(value: &JsValue) -> Answer {
    let state = field(value, "state").and_then(|state| state.as_string()).unwrap_or_default();
    match state.as_str() {
        "alive" => alive(value),
        "gone" => {
            let because = field(value, "because").and_then(|because| because.as_string());
            let because = because.and_then(|because| EndedBecause::parse(&because));
            Answer::Gone(because.unwrap_or(EndedBecause::Revoked))
        }
        "unreachable" => Answer::Unreachable { retry_after_ms: number(value, "retryAfterMs") },
        _ => Answer::Invalid,
    }
}

fn alive(value: &JsValue) -> Answer {
    let policy = match field(value, "policy").map(|value| policy(&value)) {
        Some(None) => return Answer::Invalid,
        policy => policy.flatten(),
    };
    let durations = ["idleMs", "remainingMs"];
    if durations.iter().any(|name| field(value, name).is_some() && number(value, name).is_none()) {
        return Answer::Invalid;
    }
    Answer::Alive(Alive {
        idle_ms: number(value, "idleMs"),
        remaining_ms: number(value, "remainingMs"),
        held: field(value, "held").is_some_and(|held| held.is_truthy()),
        policy,
    })
}

fn policy(value: &JsValue) -> Option<Policy> {
    let counts = field(value, "counts").unwrap_or_default();
    let counts_kind = |name: &str| field(&counts, name).is_none_or(|value| value.is_truthy());
    let observe = field(value, "mode").is_some_and(|mode| mode == "observe");
    Some(Policy {
        version: number(value, "version")?,
        idle_timeout_ms: number(value, "idleTimeoutMs")?,
        warn_before_ms: number(value, "warnBeforeMs")?,
        keepalive_ms: number(value, "keepAliveMs")?,
        logout_at: number(value, "logoutAt"),
        mode: if observe { Mode::Observe } else { Mode::Enforce },
        counts: Counted {
            keystrokes: counts_kind("keystrokes"),
            clicks: counts_kind("clicks"),
            heartbeats: counts_kind("heartbeats"),
        },
        max_hold_ms: number(value, "maxHoldMs")?,
    })
}

/// A field that is there and not null.
fn field(value: &JsValue, name: &str) -> Option<JsValue> {
    // Getters may throw; a thing that can't be read is not there.
    let value = value.is_object().then(|| Reflect::get(value, &name.into()).ok()).flatten()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A whole number of milliseconds or a version: finite, not negative, exact in a double.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn number(value: &JsValue, name: &str) -> Option<u64> {
    let number = field(value, name)?.as_f64()?;
    (0.0..=9_007_199_254_740_991.0).contains(&number).then_some(number as u64)
}

fn to_js(report: &Report, flush: bool) -> Object {
    let counts = report.counts;
    let counts = [
        ("keystrokes", counts.keystrokes),
        ("clicks", counts.clicks),
        ("heartbeats", counts.heartbeats),
        ("notes", counts.notes),
    ];
    let holds = report.holds.iter().map(|hold| {
        object([
            ("id", super::view::hex(hold.id).into()),
            ("reason", hold.reason.as_str().into()),
            ("ttlMs", super::view::float(hold.ttl_ms).into()),
        ])
    });
    object([
        ("ageMs", super::view::float(report.age_ms).into()),
        ("counts", object(counts.map(|(name, count)| (name, count.into()))).into()),
        ("contexts", report.contexts.into()),
        ("holds", holds.collect::<Array>().into()),
        ("flush", flush.into()),
    ])
}

fn object<const N: usize>(fields: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a fresh plain object can't fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object
}
