//! The examples of docs/testing.md, line by line: tests/docs-snippets.test.mjs compares them.

use crate::rig::{Network, World};
use crate::short;

#[test]
#[rustfmt::skip]
fn what_the_rig_can_do() {
    let mut world = World::new(1, Network::GOOD, short()); // 10 s idle, 4 s warning, 2 s interval
    world.open_all(3);               // three pages, the first visible
    world.key(1);                    // a key in the second
    world.run(5_000);                // 5 s pass
    assert_eq!(world.tally.keepalives, 1);
    world.crash(1);                  // its process dies; freeze(), thaw(), close() and jump() exist too
}

#[test]
fn what_failed() {
    let network = Network { loss: 12, doubling: 0, delay: 250, latency: 700, freeing: 0 };
    let mut world = World::new(81, network, short());
    world.open_all(2); // and the same steps
}
