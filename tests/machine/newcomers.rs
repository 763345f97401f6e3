//! A page that opens learns what its peers know (docs/architecture.md, "Who greets whom").

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
    world.tell(0, stillhere::core::input::Input::Visible(false));
    world.run(1_000);
    let counts = world.contexts[newcomer].agent.facts().counts();
    assert_eq!(counts.keystrokes, 1, "pressed in the page that was closed");
}
