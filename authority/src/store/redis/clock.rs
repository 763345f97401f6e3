//! A clock that all nodes of one server share, however wrong their own are.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use redis::cmd;

use super::{background::Background, link::Link};
use crate::{clock::Clock, store::StoreError};

/// Questions of which the one that was answered fastest counts.
const SAMPLES: usize = 5;
/// Time between two looks at the server's clock.
const REFRESH: Duration = Duration::from_secs(10);
/// Longest single wait. Timers stop while the machine sleeps, so after waking it takes at most this
/// long until passed deadlines are noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How far two clocks drift apart at most, in millionths: twice what a bad quartz does.
const DRIFT_PPM: i64 = 200;
/// A server's clock that moved by this much since the last look was set, in microseconds.
const SET_US: i64 = 1_000_000;

/// One question for the server's time. All in microseconds: the first two by the local clock, the
/// last since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    sent: i64,
    received: i64,
    server: i64,
}

impl Sample {
    /// By how much the server's clock is ahead of the local one, if the way there took as long as
    /// the way back.
    const fn offset(self) -> i64 {
        self.server - self.sent - (self.received - self.sent) / 2
    }

    /// By how much that can be wrong: the server looked somewhere in between.
    const fn error(self) -> i64 {
        (self.received - self.sent + 1) / 2
    }
}

/// What the clock shows, as a function of the local one. In microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hands {
    /// By how much the server's clock is ahead of the local one, as far as is known, ...
    offset: i64,
    /// ... by how much that can be wrong, ...
    error: i64,
    /// ... and when that was measured, by the local clock.
    at: i64,
    /// What was shown then.
    shown: i64,
}

impl Hands {
    /// Set for the first time.
    fn new(samples: &[Sample]) -> Option<Self> {
        let best = best(samples)?;
        let shown = best.received + best.offset();
        Some(Self { offset: best.offset(), error: best.error(), at: best.received, shown })
    }

    /// The time. Where the clock was ahead of the server's it does not run back but at half the
    /// speed, until the server's has caught up.
    fn show(&self, local: i64) -> i64 {
        let since = (local - self.at).max(0);
        (local + self.offset).max(self.shown + since / 2)
    }

    /// Sets the clock by new samples, at `local`. A measurement that is worse than the last one has
    /// become by now is left aside. By how much the offset changed.
    fn set(&mut self, local: i64, samples: &[Sample]) -> i64 {
        let Some(best) = best(samples) else { return 0 };
        let drifted = self.error + (local - self.at).max(0) / 1_000_000 * DRIFT_PPM;
        if best.error() > drifted {
            return 0;
        }
        let moved = best.offset() - self.offset;
        let shown = self.show(local);
        *self = Self { offset: best.offset(), error: best.error(), at: local, shown };
        moved
    }
}

fn best(samples: &[Sample]) -> Option<Sample> {
    samples.iter().copied().min_by_key(|sample| sample.error())
}

/// The time of the Redis server, carried on by this machine's clock that counts suspended time too.
/// It never runs back, and goes on while the server is away. Nodes agree to about half of the time
/// that a question takes. Dropping it ends its task.
///
/// It follows the server: keep that one's clock by NTP. If it is set forward by an hour, sessions
/// are an hour nearer to their end on all nodes; if it is set back, all nodes go at half the speed
/// until it has caught up. Both are said in the log.
#[derive(Debug)]
pub struct RedisClock {
    started: boot_time::Instant,
    hands: Arc<Mutex<Hands>>,
    _following: Background,
}

impl RedisClock {
    /// Asks the server for its time, and again each 10 s from then on.
    pub(super) async fn start(link: Arc<Link>) -> Result<Self, StoreError> {
        let started = boot_time::Instant::now();
        let samples = ask(&link, started).await?;
        let hands = Hands::new(&samples)
            .ok_or_else(|| StoreError("Redis did not say what time it is".to_owned()))?;
        let hands = Arc::new(Mutex::new(hands));
        let following = Background::spawn(follow(link, started, hands.clone()));
        Ok(Self { started, hands, _following: following })
    }
}

#[async_trait]
impl Clock for RedisClock {
    fn now_ms(&self) -> u64 {
        let hands = self.hands.lock();
        // Read with the hands held, so that they are not moved between the two.
        u64::try_from(hands.show(micros(self.started)) / 1000).unwrap_or(0)
    }

    async fn sleep_until(&self, at_ms: u64) {
        loop {
            let left = at_ms.saturating_sub(self.now_ms());
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left).min(LOOK_AGAIN)).await;
        }
    }
}

async fn follow(link: Arc<Link>, started: boot_time::Instant, hands: Arc<Mutex<Hands>>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        // While the server is away the clock goes on as it was.
        let Ok(samples) = ask(&link, started).await else { continue };
        let mut hands = hands.lock();
        let moved = hands.set(micros(started), &samples);
        drop(hands);
        if moved.abs() >= SET_US {
            tracing::warn!(moved_ms = moved / 1000, "the clock of the Redis server was set");
        }
    }
}

async fn ask(link: &Link, started: boot_time::Instant) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let sent = micros(started);
        let (seconds, micros_of) = link.run::<(i64, i64)>(&cmd("TIME")).await?;
        let server = seconds.saturating_mul(1_000_000).saturating_add(micros_of);
        samples.push(Sample { sent, received: micros(started), server });
    }
    Ok(samples)
}

fn micros(started: boot_time::Instant) -> i64 {
    i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;
    const EPOCH: i64 = 1_700_000_000 * SECOND;

    /// A question that was sent at `sent`, took `there` and `back`, of a server that is `ahead`.
    fn sample(sent: i64, there: i64, back: i64, ahead: i64) -> Sample {
        Sample { sent, received: sent + there + back, server: sent + there + ahead }
    }

    #[test]
    fn the_round_trip_is_halved_and_the_fastest_counts() {
        assert_eq!(sample(70, 300, 300, EPOCH).offset(), EPOCH);
        let slow = sample(0, 90_000, 10_000, EPOCH);
        assert_eq!((slow.offset(), slow.error()), (EPOCH + 40_000, 50_000));
        let fast = sample(200_000, 150, 50, EPOCH);
        let hands = Hands::new(&[slow, fast, slow]).unwrap();
        assert_eq!((hands.offset, hands.error), (EPOCH + 50, 100));
        assert_eq!(Hands::new(&[]), None);
    }

    #[test]
    fn a_server_set_forward_is_followed_at_once() {
        let mut hands = Hands::new(&[sample(0, 100, 100, EPOCH)]).unwrap();
        let forward = EPOCH + 5 * SECOND;
        let moved = hands.set(10 * SECOND, &[sample(10 * SECOND, 100, 100, forward)]);
        assert_eq!(moved, 5 * SECOND);
        assert_eq!(hands.show(11 * SECOND), 11 * SECOND + forward);
    }

    #[test]
    fn a_server_set_back_is_waited_for_at_half_the_speed() {
        let mut hands = Hands::new(&[sample(0, 100, 100, EPOCH)]).unwrap();
        let at = 10 * SECOND;
        let before = hands.show(at);
        hands.set(at, &[sample(at, 100, 100, EPOCH - 4 * SECOND)]);
        assert_eq!(hands.show(at), before);
        assert_eq!(hands.show(at + 4 * SECOND), before + 2 * SECOND);
        assert_eq!(hands.show(at + 8 * SECOND), before + 4 * SECOND);
        assert_eq!(hands.show(at + 10 * SECOND), before + 6 * SECOND, "caught up after 8 s");
    }

    #[test]
    fn a_slow_answer_does_not_replace_a_better_one_until_that_has_drifted() {
        let mut hands = Hands::new(&[sample(0, 100, 100, EPOCH)]).unwrap();
        let slow = |at| sample(at, 4000, 0, EPOCH);
        assert_eq!(hands.set(SECOND, &[slow(SECOND)]), 0);
        assert_eq!(hands.show(SECOND), SECOND + EPOCH);
        let later = 20 * SECOND;
        assert_eq!(hands.set(later, &[slow(later)]), 2000);
    }

    #[test]
    fn without_answers_it_goes_on() {
        let mut hands = Hands::new(&[sample(0, 100, 100, EPOCH)]).unwrap();
        assert_eq!(hands.set(10 * SECOND, &[]), 0);
        assert_eq!(hands.show(100 * SECOND), 100 * SECOND + EPOCH);
    }

    proptest! {
        /// Whatever the server's clock does, what is shown never runs back, and never stands still
        /// for long.
        #[test]
        fn it_never_runs_back(
            steps in prop::collection::vec((1..20_000_000_i64, 0..50_000_i64, 0..50_000_i64,
                -10_000_000..10_000_000_i64, any::<bool>()), 1..40),
        ) {
            let mut hands = Hands::new(&[sample(0, 100, 100, EPOCH)]).unwrap();
            let (mut local, mut shown) = (200, hands.show(200));
            for (later, there, back, ahead, ask) in steps {
                local += later;
                if ask {
                    hands.set(local, &[sample(local - there - back, there, back, EPOCH + ahead)]);
                }
                let now = hands.show(local);
                prop_assert!(now >= shown + later / 2 - 1, "{now} after {shown}");
                shown = now;
            }
        }

        /// The error is never more than what is said, as long as clocks drift as they may.
        #[test]
        fn it_is_as_good_as_it_says(
            asked in prop::collection::vec((0..50_000_i64, 0..50_000_i64), 1..9),
        ) {
            let samples: Vec<_> =
                asked.iter().map(|(there, back)| sample(7, *there, *back, EPOCH)).collect();
            let hands = Hands::new(&samples).unwrap();
            prop_assert!((hands.offset - EPOCH).abs() <= hands.error);
            prop_assert!(samples.iter().all(|sample| hands.error <= sample.error()));
        }
    }
}
