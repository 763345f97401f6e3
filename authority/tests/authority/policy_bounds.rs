//! No interleaving of keep-alives, API calls, holds, policy changes and revocations ends a session
//! early, lets it outlive its deadline or revives it.
//!
//! The checker knows no rule for what happens when policies change, only bounds: who was active
//! within every timeout that was in force since then lives; who was not within any of them is out,
//! and so is who was not within the present one for longer than a report may be late.

use axum::http::Method;
use proptest::prelude::*;
use serde_json::json;
use stillhere_authority::{Settings, store::Key};

use crate::rig::{ADMIN, Rig, TOKEN, report, report_with_holds, settings};

/// How late a report may be: the longest interval of these policies, and ten seconds.
const LATE_MS: u64 = 3_000 + 10_000;
const FIRST_TIMEOUT_MS: u64 = 30_000;

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Due,
    Touch { age: u64 },
    Call,
    UncountedCall,
    Hold { id: u8, ttl: u64 },
    Release { id: u8 },
    Policy { timeout: u64, interval: u64, scope: &'static str },
    Remove { scope: &'static str },
    Revoke,
}

fn step() -> impl Strategy<Value = Step> {
    let scope = || prop_oneof![Just("organization"), Just("users/ann")];
    prop_oneof![
        8 => (1_u64..20_000).prop_map(Step::Wait),
        2 => Just(Step::Due),
        4 => (0_u64..40_000).prop_map(|age| Step::Touch { age }),
        2 => Just(Step::Call),
        1 => Just(Step::UncountedCall),
        2 => (0_u8..2, 1_u64..30_000).prop_map(|(id, ttl)| Step::Hold { id, ttl }),
        1 => (0_u8..2).prop_map(|id| Step::Release { id }),
        3 => (2_000_u64..60_000, 1_000_u64..=3_000, scope()).prop_map(
            |(timeout, interval, scope)| Step::Policy { timeout, interval, scope }
        ),
        1 => scope().prop_map(|scope| Step::Remove { scope }),
        1 => prop_oneof![9 => Just(Step::Due), 1 => Just(Step::Revoke)],
    ]
}

/// What the checker knows.
struct Checker {
    now: u64,
    /// The newest moment at which the user was surely there.
    present: u64,
    /// Each timeout and since when it was in force.
    timeouts: Vec<(u64, u64)>,
    /// When each hold lapses.
    holds: [u64; 2],
    released: [bool; 2],
    organization: Option<u64>,
    own: Option<u64>,
    over: bool,
}

impl Checker {
    fn timeout(&self) -> u64 {
        self.own.or(self.organization).unwrap_or(FIRST_TIMEOUT_MS)
    }

    fn policy_changed(&mut self) {
        self.timeouts.push((self.timeout(), self.now));
    }

    /// A hold keeps its user present until it lapses or is released.
    fn present(&self) -> u64 {
        self.holds.iter().fold(self.present, |at, lapses| at.max((*lapses).min(self.now)))
    }

    fn held(&self) -> bool {
        self.holds.iter().any(|lapses| *lapses > self.now)
    }

    fn must_live(&self) -> bool {
        let since = self.present();
        let started = self.timeouts.iter().rposition(|(_, from)| *from <= since).unwrap_or(0);
        let all = self.timeouts[started..].iter();
        !self.over && (self.held() || all.clone().all(|(timeout, _)| self.now - since < *timeout))
    }

    fn must_be_out(&self) -> bool {
        let since = self.present();
        let started = self.timeouts.iter().rposition(|(_, from)| *from <= since).unwrap_or(0);
        let mut all = self.timeouts[started..].iter();
        let longest = all.all(|(timeout, _)| self.now - since >= *timeout);
        let last = self.timeouts.last().unwrap();
        let settled = self.now - last.1 >= LATE_MS && self.now - since >= last.0;
        self.over || (!self.held() && (longest || settled))
    }
}

async fn put(rig: &Rig, scope: &str, timeout: u64, interval: u64) {
    let mut layer = json!({
        "idle_timeout_ms": timeout, "warn_before_ms": 0, "keepalive_ms": interval,
    });
    if scope == "organization" {
        layer["api_rules"] = json!({ "include": ["/counted"] });
    }
    rig.put_policy(scope, layer).await;
}

async fn call(rig: &Rig, path: &str) -> bool {
    let path = format!("/v1/check{path}");
    rig.call(Method::GET, &path, TOKEN, None).await.status.is_success()
}

/// Takes one step; whether the user was surely there at which moment, if it succeeded.
async fn take(rig: &Rig, checker: &mut Checker, step: &Step) -> Option<u64> {
    let now = checker.now;
    match step {
        Step::Wait(ms) => {
            rig.clock.advance(*ms);
            checker.now += ms;
            None
        }
        Step::Due => {
            rig.look_at_due().await;
            None
        }
        Step::Touch { age } => {
            let done = rig.keep_alive(report(*age)).await.status.is_success();
            done.then(|| now.saturating_sub(*age))
        }
        // Only the organization's policy has a rule for calls.
        Step::Call => {
            let counted = checker.organization.is_some();
            let done = call(rig, "/counted").await;
            (done && counted).then_some(now)
        }
        Step::UncountedCall => {
            call(rig, "/other").await;
            None
        }
        Step::Hold { id, ttl } => {
            let hold = json!([{ "id": id.to_string(), "reason": "call", "ttl_ms": ttl }]);
            let done = rig.keep_alive(report_with_holds(0, &hold)).await.status.is_success();
            let at = usize::from(*id);
            if done && !checker.released[at] {
                checker.holds[at] = checker.holds[at].max(now + ttl);
            }
            done.then_some(now)
        }
        Step::Release { id } => {
            let hold = json!([{ "id": id.to_string(), "reason": "call", "ttl_ms": 0 }]);
            let done = rig.keep_alive(report_with_holds(0, &hold)).await.status.is_success();
            let at = usize::from(*id);
            if done {
                checker.holds[at] = checker.holds[at].min(now);
                checker.released[at] = true;
            }
            done.then_some(now)
        }
        Step::Policy { timeout, interval, scope } => {
            put(rig, scope, *timeout, *interval).await;
            let whose =
                if *scope == "organization" { &mut checker.organization } else { &mut checker.own };
            *whose = Some(*timeout);
            checker.policy_changed();
            None
        }
        Step::Remove { scope } => {
            if *scope == "organization" {
                rig.put_policy(scope, json!({})).await;
                checker.organization = None;
            } else {
                rig.admin(Method::DELETE, "/v1/admin/policy/users/ann", None).await;
                checker.own = None;
            }
            checker.policy_changed();
            None
        }
        Step::Revoke => {
            let path = format!("/v1/admin/sessions/{}", Key::of(TOKEN).id());
            rig.call(Method::DELETE, &path, ADMIN, None).await;
            checker.over = true;
            None
        }
    }
}

async fn run(steps: &[Step]) -> Result<(), TestCaseError> {
    let policy = stillhere::core::policy::Policy {
        idle_timeout_ms: FIRST_TIMEOUT_MS,
        warn_before_ms: 0,
        keepalive_ms: 3_000,
        ..settings().policy
    };
    let rig = Rig::with(Settings { dev: true, policy, ..settings() });
    rig.register(TOKEN, "ann").await;
    let start = crate::rig::START_MS;
    let mut checker = Checker {
        now: start,
        present: start,
        timeouts: vec![(FIRST_TIMEOUT_MS, start)],
        holds: [0; 2],
        released: [false; 2],
        organization: None,
        own: None,
        over: false,
    };
    for step in steps {
        let active = take(&rig, &mut checker, step).await;
        let alive = rig.ask().await.status.is_success();
        if let Some(at) = active {
            prop_assert!(!checker.over, "revived by {step:?}");
            checker.present = checker.present.max(at);
        }
        prop_assert!(alive || !checker.must_live(), "ended early after {step:?}");
        prop_assert!(!alive || !checker.must_be_out(), "outlived its deadline after {step:?}");
        // Once seen dead it stays dead.
        checker.over |= !alive;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_interleaving_ends_early_outlives_or_revives(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(&steps))?;
    }
}
