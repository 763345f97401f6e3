//! A page that opens learns what its peers know (docs/architecture.md, "Who greets whom").

use stillhere::core::input::Input;

use crate::rig::{Network, World};
use crate::short;

/// A page was used and closed; its peer has just moved to another token and owes a newcomer a greeting,
/// for when it has caught up there itself.
fn owed_a_greeting() -> (World, usize) {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(2);
    world.key(1);
    world.run(1_500);
    world.close(1);
    world.run(500);
    world.rotate();
    world.take_new_token(0);
    world.run(50);
    let newcomer = world.open(false);
    world.run(100);
    (world, newcomer)
}

fn knows_the_closed_page(world: &mut World, newcomer: usize) {
    world.run(1_000);
    let counts = world.contexts[newcomer].agent.facts().counts();
    assert_eq!(counts.keystrokes, 1, "pressed in the page that was closed");
}

#[test]
fn a_newcomer_learns_of_pages_that_are_gone_though_news_go_out_first() {
    let (mut world, newcomer) = owed_a_greeting();
    world.tell(0, Input::Visible(false));
    knows_the_closed_page(&mut world, newcomer);
}

#[test]
fn a_newcomer_that_was_greeted_with_an_old_row_soon_has_the_new_one() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(3);
    // The first by name greets; the news of the last are lost on their way to it.
    let Some(last) = (0..3).max_by_key(|at| world.contexts[*at].agent.id()) else { return };
    let visible = last != 0;
    world.network.loss = 100;
    world.tell(last, Input::Visible(visible));
    world.network.loss = 0;
    let newcomer = world.open(false);
    world.run(1_500);
    let id = world.contexts[last].agent.id();
    let row = world.contexts[newcomer].agent.facts().rows.get(id).copied();
    assert_eq!(row.map(|row| row.visible), Some(visible));
}

#[test]
fn what_a_newcomer_says_itself_is_no_greeting() {
    let (mut world, newcomer) = owed_a_greeting();
    world.tell(newcomer, Input::Visible(true));
    knows_the_closed_page(&mut world, newcomer);
}

#[test]
fn a_page_that_a_greeting_left_out_says_that_it_is_there() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(2);
    // The third hears of the others, but they never heard of it. The first by name greets.
    world.network.loss = 100;
    let third = world.open(false);
    world.run(1_000);
    world.network.loss = 0;
    world.tell(0, Input::Visible(false));
    world.tell(1, Input::Visible(true));
    world.run(100);
    assert!((0..2).any(|at| world.contexts[at].agent.id() < world.contexts[third].agent.id()));
    let newcomer = world.open(false);
    world.run(1_500);
    let id = world.contexts[third].agent.id();
    assert!(world.contexts[newcomer].agent.facts().rows.get(id).is_some());
}
