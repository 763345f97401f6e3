//! One authority on a file: killed under load, and started again on it.

use std::time::Duration;

use oorandom::Rand64;

use crate::{
    authority::{Authority, TIMEOUT},
    client::Client,
    ledger::Tolerance,
    load::Load,
    number,
    server::free_port,
};

/// Activity is written each 100 ms, and then waits for the commit under way and for its own. How long
/// those take on this machine is told by the calls that wait for them.
const TOLERANCE: Tolerance =
    Tolerance { early: Duration::from_millis(100), of_slowest: 2, late: Duration::ZERO };
const WORKERS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_dead_lives() {
    let (rounds, seed) = (number("STILLHERE_ROUNDS", 4), number("STILLHERE_SEED", 1));
    let mut random = Rand64::new(u128::from(seed));
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.redb");
    let port = free_port();
    let client = Client::new(&[port], TOLERANCE);
    let mut authority = Authority::start(&store, port, "error");
    authority.ready(&client.http).await;
    for round in 0..rounds {
        let load = Load::start(&client, seed, round, WORKERS);
        tokio::time::sleep(Duration::from_millis(random.rand_range(50..900))).await;
        authority.kill();
        load.stop().await;
        if random.rand_range(0..3) == 0 {
            // Long enough for some to run out while nobody looks.
            tokio::time::sleep(TIMEOUT / 2).await;
        }
        authority = Authority::start(&store, port, "error");
        authority.ready(&client.http).await;
        client.check_policies().await;
        let checked = client.check_tokens(0).await;
        let window = client.ledger().window().as_millis();
        println!(
            "file, round {round}: {} that must live, {} that are over; a window of {window} ms",
            checked.alive, checked.over
        );
        client.ledger().tidy();
    }
}
