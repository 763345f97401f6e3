//! A page that opens learns what its peers know (docs/architecture.md, "Who greets whom").

use stillhere::core::input::Input;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn a_newcomer_learns_of_pages_that_are_gone_though_news_go_out_first() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(2);
    world.key(1);
    world.run(1_500);
    world.close(1);
    world.run(500);
    // Its peer has just moved to another token: it greets once it has caught up there itself.
    world.rotate();
    world.take_new_token(0);
    world.run(50);
    let newcomer = world.open(false);
    world.run(100);
    world.tell(0, Input::Visible(false));
    world.run(1_000);
    let counts = world.contexts[newcomer].agent.facts().counts();
    assert_eq!(counts.keystrokes, 1, "pressed in the page that was closed");
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
