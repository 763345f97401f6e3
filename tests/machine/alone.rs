//! One machine whose locks, answers and messages the test gives by hand: what it asks for, and when
//! it asks again.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Facts, Kind, Wish};
use stillhere::core::input::{Grant, Input};
use stillhere::core::output::{Event, Output, Report, RequestId, What};
use stillhere::core::policy::{Mode, Policy};
use stillhere::core::time::Reading;
use stillhere::core::wire::{self, Envelope};

use crate::rig::START;

struct Page {
    agent: Agent,
    now: u64,
    wants: Vec<Output>,
    observed: usize,
    wakes_at: Option<u64>,
}

impl Page {
    fn open(seed: u64, listens: bool) -> Self {
        let config =
            Config { id: seed + 2, seed, wish: Wish::default(), token: 0, listens, visible: true };
        let agent = Agent::new(config, Reading { wall: START, mono: 0 });
        let mut page = Self { agent, now: START, wants: Vec::new(), observed: 0, wakes_at: None };
        page.drain();
        page
    }

    fn drain(&mut self) {
        loop {
            match self.agent.poll_output() {
                Output::Wait(wake) => break self.wakes_at = wake.map(|wake| wake.at),
                Output::Event(Event::Observed(_)) => self.observed += 1,
                Output::Broadcast(_) | Output::Event(_) => {}
                other => self.wants.push(other),
            }
        }
    }

    /// Tells it something, and gives what it wants beside messages and events.
    fn tell(&mut self, input: Input<'_>) -> Vec<Output> {
        self.agent.handle_input(input, Reading { wall: self.now, mono: self.now - START });
        self.drain();
        std::mem::take(&mut self.wants)
    }

    /// Lets it sleep until it wants to be woken, and gives how long that was, and what it wants then.
    fn wake(&mut self) -> (u64, Vec<Output>) {
        let slept = self.wakes_at.unwrap() - self.now;
        self.now += slept;
        (slept, self.tell(Input::Wake))
    }

    fn key(&mut self) -> Vec<Output> {
        self.tell(Input::Activity { kind: Kind::Keystroke, age_ms: 0 })
    }

    /// Grants the lock, and gives the request that follows.
    fn requests(&mut self) -> (RequestId, What) {
        let mut wants = self.tell(Input::Lock(Grant::Granted));
        match wants.pop() {
            Some(Output::Request(request)) if wants.is_empty() => (request.id, request.what),
            other => panic!("{other:?} instead of a request"),
        }
    }

    fn answer(&mut self, id: RequestId) -> Vec<Output> {
        let alive = Alive { idle_ms: Some(0), ..Alive::default() };
        self.tell(Input::Answer { id, answer: Answer::Alive(alive) })
    }

    /// Opens a page that has asked its first question and was answered.
    fn settled(seed: u64, listens: bool) -> Self {
        let mut page = Self::open(seed, listens);
        page.wake();
        let (id, _) = page.requests();
        page.answer(id);
        page
    }
}

const TAKE: Output = Output::TakeLock { force: false };
const TAKE_STREAM: Output = Output::TakeStream { force: false };

/// Tells a page that the lock is busy until it takes it by force: how long that took, and its pauses.
fn waits_for_a_busy_lock(seed: u64, visible: bool) -> (u64, Vec<u64>) {
    let mut page = Page::open(seed, false);
    page.tell(Input::Visible(visible));
    assert_eq!(page.wake(), (250, vec![TAKE]), "its peers had their time");
    let mut pauses = Vec::new();
    loop {
        assert_eq!(page.tell(Input::Lock(Grant::Busy)), []);
        let (pause, wants) = page.wake();
        pauses.push(pause);
        let waited = pauses.iter().sum();
        if wants != [TAKE] {
            assert_eq!(wants, [Output::TakeLock { force: true }], "after {waited} ms");
            return (waited, pauses);
        }
        assert!(waited < 5_000, "not by force after {waited} ms");
    }
}

#[test]
fn a_busy_lock_is_tried_again_soon_and_then_each_second_and_not_by_all_at_one_moment() {
    let mut different = BTreeSet::new();
    for seed in 0..20 {
        let (_, pauses) = waits_for_a_busy_lock(seed, true);
        assert_eq!(pauses[0], 125, "its own may be on its way back");
        let last = pauses.len() - 1;
        for pause in &pauses[1..last] {
            assert!((1_000..1_250).contains(pause), "a pause of {pause} ms");
        }
        assert!(pauses[last] < 1_250, "{} ms", pauses[last]);
        different.extend(pauses);
    }
    assert!(different.len() > 40, "{} different ones", different.len());
}

#[test]
fn a_lock_is_taken_at_the_bound_by_who_is_seen_and_not_by_all_hidden_ones_at_one_moment() {
    let mut hidden = BTreeSet::new();
    for seed in 0..40 {
        let (waited, _) = waits_for_a_busy_lock(seed, true);
        assert!((5_000..=5_062).contains(&waited), "taken after {waited} ms");
        let (waited, _) = waits_for_a_busy_lock(seed, false);
        assert!((5_000..5_312).contains(&waited), "taken after {waited} ms");
        hidden.insert(waited);
    }
    assert!(hidden.len() > 20, "{} different ones", hidden.len());
}

#[test]
fn whoever_found_the_lock_busy_comes_as_soon_as_its_holder_was_answered() {
    let mut page = Page::settled(1, false);
    page.now += 40_000;
    assert_eq!(page.key(), [TAKE]);
    page.now += 1;
    page.tell(Input::Lock(Grant::Busy));
    page.now += 50;
    let mut facts = Facts::default();
    facts.times.answered = page.now - 20;
    let bytes = wire::encode(&Envelope { from: 1, hello: false, facts }).unwrap();
    assert_eq!(page.tell(Input::Message(&bytes)), [TAKE]);
}

#[test]
fn a_keep_alive_that_was_told_of_and_not_answered_has_had_the_lock_since_it_began() {
    for (sent, answered, force) in [(true, false, true), (true, true, false), (false, false, false)]
    {
        let mut page = Page::settled(1, false);
        page.now += 40_000;
        let mut facts = Facts::default();
        facts.times.sent = if sent { page.now } else { 0 };
        facts.times.answered = if answered { page.now } else { 0 };
        let bytes = wire::encode(&Envelope { from: 1, hello: false, facts }).unwrap();
        page.now += 20;
        page.tell(Input::Message(&bytes));
        page.now += 40_000;
        assert_eq!(page.key(), [TAKE]);
        page.tell(Input::Lock(Grant::Busy));
        let again = vec![Output::TakeLock { force }];
        assert_eq!(page.wake(), (125, again), "told of: {sent}, answered: {answered}");
    }
}

#[test]
fn a_request_of_which_nobody_says_anything_is_given_up_after_six_seconds() {
    let mut page = Page::open(1, false);
    page.wake();
    let (id, _) = page.requests();
    assert_eq!(page.wake(), (6_000, vec![Output::Abort(id), Output::ReleaseLock, TAKE]));
}

/// What the next keep-alive says, 40 s after whatever there was before.
fn next_report(page: &mut Page) -> Report {
    page.now += 40_000;
    assert_eq!(page.key(), [TAKE]);
    let (id, what) = page.requests();
    page.answer(id);
    match what {
        What::KeepAlive { report, flush: false } => report,
        other => panic!("{other:?} instead of a keep-alive"),
    }
}

#[test]
fn a_report_names_what_was_released_within_the_last_minute() {
    let mut page = Page::settled(1, false);
    page.now += 31_000;
    page.tell(Input::Hold { id: 7, reason: b"call", ttl_ms: 0 });
    let (id, _) = page.requests();
    page.answer(id);
    page.tell(Input::Release(7));
    let report = next_report(&mut page);
    assert_eq!(
        report.holds.iter().map(|hold| (hold.id, hold.ttl_ms)).collect::<Vec<_>>(),
        [(7, 0)]
    );
    assert_eq!(next_report(&mut page).holds, [], "that is long ago");
}

#[test]
fn a_page_that_does_not_listen_leaves_the_stream_alone() {
    let mut page = Page::open(1, false);
    assert_eq!(page.wake(), (250, vec![TAKE]));
    let (id, _) = page.requests();
    assert_eq!(page.answer(id), [Output::ReleaseLock]);
}

#[test]
fn nobody_asks_for_the_stream_before_the_peers_had_their_say() {
    let mut page = Page::open(1, true);
    page.now += 100;
    assert_eq!(page.tell(Input::Visible(false)), []);
    assert_eq!(page.wake(), (150, vec![TAKE, TAKE_STREAM]));
}

#[test]
fn a_stream_that_nobody_says_to_read_is_tried_five_times_and_then_left() {
    let mut page = Page::settled(1, true);
    for pause in [100, 400, 1_600, 6_400] {
        assert_eq!(page.tell(Input::StreamLock(Grant::Busy)), []);
        page.now += 50;
        assert_eq!(page.tell(Input::Wake), [], "not before its time");
        let due = page.now + pause - 50;
        while page.now < due {
            let (_, wants) = page.wake();
            assert_eq!(wants.contains(&TAKE_STREAM), page.now == due, "a pause of {pause} ms");
        }
    }
    assert_eq!(page.tell(Input::StreamLock(Grant::Busy)), []);
    page.now += 120_000;
    assert!(!page.key().contains(&TAKE_STREAM), "somebody has it");
}

/// A page that reads the stream.
fn reading() -> Page {
    let mut page = Page::settled(1, true);
    assert_eq!(page.tell(Input::StreamLock(Grant::Granted)), [Output::Listen]);
    page
}

#[test]
fn a_stream_that_breaks_is_tried_again_after_a_pause_that_grows_to_a_minute() {
    let mut page = reading();
    let mut longest = 0;
    for ceiling in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
        assert_eq!(page.tell(Input::StreamBroke), []);
        let broke = page.now;
        assert_eq!(page.tell(Input::Wake), [], "not at once");
        // It may have an errand meanwhile.
        while !page.wake().1.contains(&Output::Listen) {}
        let pause = page.now - broke;
        assert!((500..=ceiling).contains(&pause), "{pause} ms, not up to {ceiling}");
        longest = longest.max(pause);
    }
    assert!(longest > 20_000, "{longest} ms");
}

#[test]
fn a_stream_that_never_opens_is_tried_again_in_a_minute() {
    let mut page = reading();
    page.tell(Input::StreamBroke);
    while !page.wake().1.contains(&Output::Listen) {}
    let tried = page.now;
    assert_eq!(page.tell(Input::Wake), []);
    while !page.wake().1.contains(&Output::Listen) {}
    assert_eq!(page.now - tried, 60_000);
}

#[test]
fn who_lost_the_stream_by_force_does_not_take_it_back_at_once() {
    let mut page = reading();
    assert_eq!(page.tell(Input::StreamLock(Grant::Lost)), [Output::LeaveStream]);
    let lost = page.now;
    while !page.wake().1.contains(&TAKE_STREAM) {}
    assert_eq!(page.now - lost, 1_000);
}

#[test]
fn whoever_hears_of_shorter_rules_together_with_the_end_that_they_bring_reports_it() {
    for (wish_ms, reports) in [(Some(300_000), 1), (None, 0)] {
        let mut page = Page::settled(1, false);
        let policy = Policy { version: 1, mode: Mode::Observe, ..Policy::DEFAULT };
        page.now += 400_000;
        let mut facts = Facts { policy: Some(policy), ..Facts::default() };
        facts.wish = Wish { idle_timeout_ms: wish_ms, mode: Mode::Observe, ..Wish::default() };
        facts.times.observed.at = page.now;
        facts.times.observed.because = Some(EndedBecause::Idle);
        let bytes = wire::encode(&Envelope { from: 1, hello: false, facts }).unwrap();
        page.tell(Input::Message(&bytes));
        assert_eq!(page.observed, reports, "with a wish for {wish_ms:?} ms");
    }
}
