//! The formula and the machines agree, in virtual time and with an authority that is no process.
#![allow(missing_docs, reason = "tests")]

use stillhere_population::assumptions::Assumptions;
use stillhere_population::kind::Kind;
use stillhere_population::model::{Ends, Rates};
use stillhere_population::run::{Plan, Seen, Window, run};
use stillhere_population::user::Rules;

/// Users who live through some minutes.
#[expect(clippy::expect_used, reason = "a test that cannot run fails here")]
fn live(
    users: u32,
    contexts: Option<usize>,
    minutes: u64,
    assumed: &Assumptions,
    ends: Ends,
) -> Seen {
    let windows = vec![Window { virtual_ms: minutes * 60_000, speed: 1.0 }];
    let plan = Plan { users, contexts, seed: 8, threads: 2, windows, remote: None };
    run(&plan, &Rules::new(assumed.clone(), ends), &|| ()).expect("nothing is sent")
}

/// Seen over predicted, of one kind.
fn ratio(seen: &Seen, rates: &Rates, minutes: u64, kind: Kind) -> f64 {
    let times = seen.at_work as f64 * minutes as f64 * 60.0;
    seen.counted[0].sum.requests.of(kind) as f64 / (rates.each.of(kind) * times)
}

#[test]
fn what_the_machines_send_is_what_the_formula_says() {
    // With absences that are longer and more frequent there are as many questions as can be compared.
    let assumed = Assumptions { idle_timeout_s: 300.0, away_share: 0.1, ..Assumptions::default() };
    let minutes = 4;
    let seen = live(2000, None, minutes, &assumed, Ends::Page);
    let rates = Rates::of_mix(&assumed, Ends::Page);
    // Each bound is four times what chance makes of so few.
    for (kind, within) in [
        (Kind::KeepAlive, 0.05),
        (Kind::Question, 0.16),
        (Kind::End, 0.25),
        (Kind::Stream, 0.10),
        (Kind::Preflight, 0.25),
        (Kind::SignIn, 0.25),
    ] {
        let ratio = ratio(&seen, &rates, minutes, kind);
        assert!((ratio - 1.0).abs() < within, "{}: {ratio:.3}, {seen:?}", kind.name());
    }
    let signed_in = seen.signed_in as f64 / seen.at_work as f64;
    assert!((signed_in - rates.signed_in).abs() < 0.05, "{signed_in} {}", rates.signed_in);
}

#[test]
fn ten_contexts_send_no_more_keepalives_than_one() {
    let (assumed, minutes) = (Assumptions { idle_timeout_s: 300.0, ..Assumptions::default() }, 3);
    let [one, ten] = [1, 10].map(|contexts| {
        let seen = live(500, Some(contexts), minutes, &assumed, Ends::Authority);
        let rates = Rates::of(&assumed, contexts, Ends::Authority);
        ratio(&seen, &rates, minutes, Kind::KeepAlive)
    });
    assert!((one / ten - 1.0).abs() < 0.05 && (one - 1.0).abs() < 0.08, "{one} {ten}");
}
