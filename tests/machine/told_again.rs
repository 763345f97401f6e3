//! An authority that did not take in what it was told hears of it again: servers that slide a session
//! only in the second half of its window (docs/presets.md).

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::{Grant, Input};
use stillhere::core::output::{Output, What};
use stillhere::core::policy::Policy;
use stillhere::core::time::Reading;

use crate::rig::START;

const MINUTE: u64 = 60_000;

fn rules() -> Policy {
    Policy { version: 1, keepalive_ms: MINUTE, idle_timeout_ms: 20 * MINUTE, ..Policy::DEFAULT }
}

/// One page before a server that decides what it makes of each keep-alive: how old the newest activity is
/// that it knows of then, from how old the one is that it is told.
struct Page<F> {
    agent: Agent,
    now: u64,
    takes: F,
    /// When a keep-alive was sent, and how old what it told was.
    told: Vec<(u64, u64)>,
    questions: usize,
}

impl<F: FnMut(u64, u64) -> Option<u64>> Page<F> {
    fn open(takes: F) -> Self {
        let config = Config {
            id: 7,
            seed: 5,
            wish: Wish::default(),
            token: 0,
            listens: false,
            visible: true,
        };
        let agent = Agent::new(config, Reading { wall: START, mono: 0 });
        let mut page = Self { agent, now: 0, takes, told: Vec::new(), questions: 0 };
        page.run(1_000);
        page
    }

    fn tell(&mut self, input: Input<'_>) -> Option<u64> {
        let reading = Reading { wall: START + self.now, mono: self.now };
        self.agent.handle_input(input, reading);
        let mut wakes_at = None;
        let mut answers = Vec::new();
        loop {
            match self.agent.poll_output() {
                Output::Wait(wake) => {
                    break wakes_at = wake.map(|wake| wake.at - START).or(wakes_at);
                }
                Output::TakeLock { .. } => answers.push(Input::Lock(Grant::Granted)),
                Output::Request(request) => {
                    let idle_ms = match request.what {
                        What::KeepAlive { report, .. } => {
                            self.told.push((self.now, report.age_ms));
                            (self.takes)(self.now, report.age_ms)
                        }
                        What::Ask => {
                            self.questions += 1;
                            None
                        }
                        What::End(_) => continue,
                    };
                    let alive = Alive { idle_ms, policy: Some(rules()), ..Alive::default() };
                    answers.push(Input::Answer { id: request.id, answer: Answer::Alive(alive) });
                }
                _ => {}
            }
        }
        for answer in answers {
            wakes_at = self.tell(answer);
        }
        wakes_at
    }

    fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        let mut wakes_at = self.tell(Input::Wake);
        while let Some(at) = wakes_at.filter(|at| *at <= until) {
            self.now = at.max(self.now);
            wakes_at = self.tell(Input::Wake);
        }
        self.now = until;
    }

    fn key(&mut self) {
        self.tell(Input::Activity { kind: Kind::Keystroke, age_ms: 0 });
    }
}

#[test]
fn what_was_not_taken_in_is_told_again_after_an_interval_until_it_is() {
    let mut calls = 0;
    let mut page = Page::open(|_, age| {
        calls += 1;
        (calls < 4).then_some(age + 10 * MINUTE)
    });
    page.key();
    let pressed = page.now;
    page.run(15 * MINUTE);
    let told: Vec<u64> = page.told.iter().map(|(at, _)| at - pressed).collect();
    assert_eq!(told, [0, MINUTE, 2 * MINUTE, 3 * MINUTE], "and then it is known");
    let ages: Vec<u64> = page.told.iter().map(|(_, age)| *age).collect();
    assert_eq!(ages, told, "of the one key");
}

#[test]
fn one_that_never_takes_anything_in_is_not_asked_over_and_over_and_puts_no_end_off() {
    let mut page = Page::open(|now, _| Some(now));
    page.key();
    page.run(19 * MINUTE + 59_000);
    assert_eq!(page.agent.facts().ended, None);
    // Each minute, and in the last one, when it may be about to end it, each 5 s.
    assert!((19..=32).contains(&page.told.len()), "{} keep-alives", page.told.len());
    page.run(1_500);
    assert_eq!(page.agent.facts().ended, Some(EndedBecause::Idle), "20 minutes after the key");
}

#[test]
fn a_server_that_slides_in_the_second_half_of_its_window_keeps_who_was_active_in_the_first() {
    let (half, window) = (10 * MINUTE, 20 * MINUTE);
    // Anything may have slid it a moment before the page was opened.
    let (mut slid, mut touches) = (0, Vec::new());
    let mut page = Page::open(move |now, age| {
        // The preset: what is half a window old was surely taken in.
        assert!(now < slid + window, "it is dead at {now}, slid at {slid}, touched at {touches:?}");
        touches.push(now);
        if now >= slid + half {
            slid = now;
        }
        (age < half).then_some(half)
    });
    let press = |page: &mut Page<_>, at: u64| {
        page.run(at - page.now);
        page.key();
    };
    press(&mut page, 2 * MINUTE);
    press(&mut page, 9 * MINUTE);
    // 19.5 minutes later: the server must not have ended it at 20.
    press(&mut page, 28 * MINUTE + 30_000);
    for second in 0..3_600 {
        press(&mut page, 29 * MINUTE + second * 1_000);
    }
    let kept = page.told.len();
    page.run(window);
    assert_eq!(page.agent.facts().ended, Some(EndedBecause::Idle));
    let after = page.told.len() - kept;
    assert!(after <= 12, "{after} after the last key: until half a window is over, and no longer");
}
