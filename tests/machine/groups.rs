//! Groups whose pages hold tokens of their own: what people do counts for all of them, and each token
//! is told of and ends by its own authority (docs/architecture.md, "Groups with many tokens").

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Wish;
use stillhere::core::input::{Departure, Input};
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Context, Network, World};
use crate::short;

/// One group: `pages` of each of `tokens` tokens, in the order of the tokens.
fn group(seed: u64, tokens: usize, pages: usize) -> World {
    group_under(short(), seed, tokens, pages)
}

fn group_under(policy: Policy, seed: u64, tokens: usize, pages: usize) -> World {
    let mut world = World::new(seed, Network::GOOD, policy);
    world.group = true;
    world.enforces = true;
    world.watch(0);
    for token in 0..tokens {
        if token > 0 {
            world.rotate();
        }
        for page in 0..pages {
            world.open_with(token, 0, token + page == 0, Wish::default());
        }
    }
    world.run(3_000);
    world.count_anew();
    world
}

fn idle_ms(world: &mut World, token: usize) -> u64 {
    let (now, policy) = (world.now, world.policy.clone());
    world.session_of(token).state(now, &policy).idle_ms
}

#[test]
fn activity_counts_for_all_and_each_token_is_told_once_an_interval() {
    for pages in [1, 4] {
        let mut world = group(1, 3, pages);
        world.type_for(0, 20_000, 400);
        for token in 0..3 {
            let told = world.tally.keepalives_of.get(&token).copied().unwrap_or(0);
            assert!((7..=10).contains(&told), "token {token}: {told} keep-alives in 20 s");
            let idle = idle_ms(&mut world, token);
            assert!(idle < 5_000, "token {token}: idle for {idle} ms");
        }
        assert!((0..3 * pages).all(|at| !world.is_ended(at)));
    }
}

#[test]
fn nobody_tells_on_while_nobody_is_there_and_all_end_together() {
    let mut world = group(2, 3, 2);
    world.key(0);
    world.run(3_500);
    world.count_anew();
    world.run(2_400);
    assert_eq!(world.tally.broadcasts, 0, "what one token acknowledges is no news for the next");
    assert_eq!(world.tally.keepalives, 0);
    world.run(5_000);
    assert!(world.all_ended());
    assert_eq!(world.tally.keepalives, 0);
    let ended = world.ended_at();
    let (first, last) = (ended.iter().min(), ended.iter().max());
    let apart = last.zip(first).map(|(last, first)| last - first);
    assert!(apart.is_some_and(|ms| ms < 50), "{apart:?} ms apart");
}

#[test]
fn a_token_that_is_revoked_takes_no_other_with_it() {
    let mut world = group(3, 2, 2);
    world.key(0);
    world.revoke();
    world.run(1_000);
    assert!(world.is_ended(2) && world.is_ended(3), "the pages of the newest token");
    assert_eq!(world.contexts[2].agent.facts().ended, Some(EndedBecause::Revoked));
    world.type_for(0, 12_000, 500);
    assert_eq!(world.phase(0), Phase::Active);
    assert_eq!(world.phase(1), Phase::Active);
}

#[test]
fn what_ended_pages_hear_of_other_tokens_they_do_not_answer() {
    let mut world = group(4, 2, 1);
    world.revoke();
    world.run(1_000);
    world.count_anew();
    world.type_for(0, 5_000, 500);
    assert!(!world.tally.sent_by.contains_key(&1), "it says nothing any more");
}

#[test]
fn who_signs_out_signs_out_of_every_token_once() {
    let mut world = group(5, 3, 3);
    world.tell(1, Input::End(EndedBecause::SignedOut));
    world.run(500);
    assert!(world.all_ended());
    assert_eq!(world.tally.ends, 3, "one for each token");
    for token in 0..3 {
        let (now, policy) = (world.now, world.policy.clone());
        let ended = world.session_of(token).settle(now, &policy).map(|ended| ended.because);
        assert_eq!(ended, Some(EndedBecause::SignedOut));
    }
    // Whoever did not hear of it is told when it says something.
    let mut world = group(6, 2, 1);
    world.network.loss = 100;
    world.tell(0, Input::End(EndedBecause::SignedOut));
    world.run(500);
    world.network.loss = 0;
    assert!(!world.is_ended(1));
    world.tell(1, Input::Visible(true));
    world.run(500);
    assert!(world.is_ended(1));
}

#[test]
fn a_page_that_stood_still_for_too_long_logs_out_nobody_else() {
    let mut world = group(7, 2, 1);
    world.leave(1, Departure::Frozen);
    world.type_for(0, 15_000, 500);
    assert!(idle_ms(&mut world, 1) > 10_000, "nobody else could tell of its token");
    world.come_back(1);
    world.run(500);
    assert!(world.is_ended(1));
    world.type_for(0, 5_000, 500);
    assert_eq!(world.phase(0), Phase::Active);
}

#[test]
fn a_key_late_in_the_window_reaches_every_authority_in_time() {
    let policy = Policy { warn_before_ms: 2_500, keepalive_ms: 2_000, ..short() };
    let mut world = group_under(policy, 8, 3, 3);
    world.key(3);
    world.run(2_000);
    world.key(0);
    // Who would tell of the second token first.
    world.crash(3);
    world.run(9_200);
    world.key(0);
    world.run(4_000);
    let ended: Vec<_> = (0..9).filter(|at| world.is_ended(*at)).collect();
    assert!(ended.is_empty(), "each was told before it gave up: {ended:?}");
}

#[test]
fn the_others_tell_of_a_token_whose_user_crashed_though_somebody_types_on_elsewhere() {
    let policy = Policy { idle_timeout_ms: 60_000, ..short() };
    let mut world = group_under(policy, 9, 2, 3);
    // The natural sender of the second token: who was active with it last.
    world.key(3);
    world.run(4_000);
    world.crash(3);
    for _ in 0..40 {
        world.type_for(0, 600, 200);
        let idle = idle_ms(&mut world, 1);
        assert!(
            idle < 6_500,
            "idle for {idle} ms: an interval, a grace, and a pause between messages"
        );
    }
    assert!((4..6).all(|at| !world.is_ended(at)));
}

#[test]
fn a_hold_of_one_page_keeps_every_token() {
    let mut world = group(10, 2, 2);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 40_000 });
    world.run(100);
    assert_eq!(world.tally.keepalives_of.get(&1), Some(&1), "the other token is told at once");
    world.run(30_000);
    assert!((0..4).all(|at| world.phase(at) == Phase::Held));
    world.tell(0, Input::Release(1));
    world.run(9_000);
    assert!((0..4).all(|at| !world.is_ended(at)), "the idle time starts anew");
    world.run(3_000);
    assert!(world.all_ended());
}

#[test]
fn a_hold_that_another_token_was_told_of_is_news_for_this_one() {
    let mut world = group(14, 2, 1);
    world.key(0);
    world.run(4_000);
    world.network.loss = 100;
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 40_000 });
    world.run(1_000);
    world.network.loss = 0;
    world.tell(0, Input::Visible(false));
    world.run(10_000);
    assert_eq!(world.phase(1), Phase::Held);
}

#[test]
fn a_page_that_is_given_another_token_of_its_group_is_told_of_at_once() {
    let mut world = group(11, 2, 2);
    world.key(0);
    world.run(5_000);
    world.rotate();
    world.take_new_token(3);
    world.run(1_000);
    assert!(idle_ms(&mut world, 2) < 7_000, "the key was 6 s ago");
    world.type_for(0, 12_000, 500);
    for token in 0..3 {
        let idle = idle_ms(&mut world, token);
        assert!(idle < 5_000, "token {token}: idle for {idle} ms");
    }
    assert!((0..4).all(|at| !world.is_ended(at)));
}

#[test]
fn each_token_has_a_reader_of_its_own_stream() {
    let mut world = group(12, 3, 3);
    assert_eq!(world.listeners(), 3);
    world.run(1_000);
    for token in 0..3 {
        let reads = |each: &&Context| {
            let row = each.agent.facts().rows.get(each.agent.id());
            each.token == token && row.is_some_and(|row| row.streaming)
        };
        assert_eq!(world.contexts.iter().filter(reads).count(), 1, "token {token}");
    }
}

#[test]
fn without_a_group_two_tokens_never_mix() {
    let mut world = World::new(13, Network::GOOD, short());
    world.open_all(2);
    world.rotate();
    let other = world.open(true);
    world.run(2_000);
    world.type_for(other, 12_000, 500);
    assert!(world.is_ended(0) && world.is_ended(1), "nobody was active with the first token");
    assert_eq!(world.phase(other), Phase::Active);
    let counts = world.contexts[0].agent.facts().counts();
    assert_eq!(counts.keystrokes, 0);
}

#[test]
fn what_an_answer_takes_on_its_way_is_no_activity_for_the_next_token() {
    let mut world = group(15, 3, 2);
    // Not as long for one as for the next.
    world.network.latency = 300;
    world.key(0);
    let at = world.now;
    world.run(2);
    world.network.latency = 100;
    world.run(9_000);
    for token in 0..3 {
        assert_eq!(world.tally.keepalives_of.get(&token), Some(&1), "token {token}");
    }
    world.run(4_000);
    assert!(world.all_ended());
    let last = world.ended_at().into_iter().max().map(|last| last - at);
    assert!(last.is_some_and(|ms| ms < 11_500), "{last:?} ms after the key");
}

#[test]
fn clocks_that_differ_unnoticed_keep_no_absent_person_in() {
    let mut world = group(16, 2, 1);
    world.key(0);
    world.run(2_500);
    // Too little for the pages that are open to notice; those that open now go by the new time.
    world.set_clock(0, -2_500);
    for token in 0..2 {
        let at = world.open_with(token, 0, false, Wish::default());
        world.run(500);
        world.key(at);
    }
    world.run(20_000);
    assert!(world.all_ended());
}

#[test]
fn who_is_about_to_be_warned_hears_of_a_key_at_once_whatever_another_token_allows() {
    let mut world = group(17, 2, 1);
    world.key(0);
    world.run(7_800);
    // A new sign-in: the page that has it has all of its time before it.
    world.rotate();
    world.take_new_token(0);
    world.run(400);
    world.key(0);
    world.run(100);
    assert_eq!(world.phase(1), Phase::Active);
    world.run(2_400);
    assert!(!world.is_ended(1));
}

#[test]
fn a_frozen_page_leaves_the_telling_to_the_others_of_its_token() {
    let mut world = group(18, 2, 2);
    world.key(2);
    world.run(4_000);
    world.leave(2, Departure::Frozen);
    world.run(500);
    world.key(0);
    world.run(1_300);
    let idle = idle_ms(&mut world, 1);
    assert!(idle < 1_400, "idle for {idle} ms");
}

#[test]
fn the_last_key_of_a_page_whose_token_is_revoked_keeps_the_others() {
    let mut world = group(19, 2, 2);
    // The one that hears of it from the other.
    let reads = |at: &usize| {
        let agent = &world.contexts[*at].agent;
        agent.facts().rows.get(agent.id()).is_some_and(|row| row.streaming)
    };
    let at = (2..4).find(|at| !reads(at)).expect("one of two reads");
    world.key(at);
    world.run(3_000);
    world.key(at);
    world.run(500);
    world.key(at);
    let pressed = world.now;
    // Told with the next routine message, for which there is no time any more.
    world.run(100);
    world.revoke();
    world.run(500);
    assert!(world.is_ended(at));
    world.run(9_800 - (world.now - pressed));
    assert!(!world.is_ended(0), "the key was less than 10 s ago");
}

#[test]
fn a_hold_moves_with_a_page_to_its_next_token_before_its_shift_ends() {
    let logout_at = Some(crate::rig::START + 12_000);
    let policy = Policy { logout_at, keepalive_ms: 9_000, idle_timeout_ms: 60_000, ..short() };
    let mut world = group_under(policy, 20, 2, 1);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 40_000 });
    world.run(6_000);
    world.rotate();
    world.take_new_token(1);
    world.run(6_000);
    assert_eq!(world.phase(1), Phase::Held);
}

#[test]
fn who_would_ask_before_the_warning_of_a_shift_tells_of_a_key_instead() {
    let logout_at = Some(crate::rig::START + 14_500);
    let policy = Policy { logout_at, ..short() };
    let mut world = group_under(policy, 21, 2, 2);
    world.network.latency = 40;
    // Whose telling the others leave to it.
    world.key(2);
    world.run(4_000);
    world.crash(2);
    world.run(5_850);
    // It ends the warning of the idle timeout and begins that of the shift.
    world.key(0);
    world.run(600);
    assert!(!world.is_ended(3), "there was no time for a question and the key after it");
}
