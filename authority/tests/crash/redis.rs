//! Three authorities on one Redis, each over a network of its own. In each round one of them is killed
//! or cut off, or Redis is, while callers go on to work on all three.
//!
//! Redis runs with `appendfsync always`, where nothing may be lost. With `everysec` a kill may take what
//! was acknowledged in the last two seconds, and nothing else.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write,
    time::{Duration, Instant},
};

use oorandom::Rand64;
use tokio::task::block_in_place;

use crate::{
    authority::{Authority, TIMEOUT},
    client::Client,
    ledger::Tolerance,
    load::Load,
    number,
    proxy::Proxy,
    server::{Server, free_port},
};

/// Nodes follow the server's clock, each as well as it was answered when it asked: a busy machine
/// answers late. Nothing else may be early, since nothing is written later than it is acknowledged.
const CLOCKS: Duration = Duration::from_millis(200);
const TOLERANCE: Tolerance = Tolerance { early: CLOCKS, of_slowest: 0, late: CLOCKS };
/// With `everysec` Redis puts off a write by up to two seconds while a sync is under way, and looks ten
/// times a second whether that is over.
const LOSS: Duration = Duration::from_millis(2200);
const NODES: usize = 3;
const WORKERS: u64 = 6;

/// What goes wrong in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Redis is killed, with that `appendfsync`.
    Redis(&'static str),
    /// A node is killed.
    Node,
    /// A node is cut off from Redis.
    Cut(Cut),
}

/// How a node is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Its connections are closed, new ones too.
    Closed,
    /// Nothing passes for a while. What was sent arrives late.
    Held,
    /// Its connections fall silent for good. New ones are well.
    Silent,
}

const FAULTS: [Fault; 6] = [
    Fault::Redis("always"),
    Fault::Redis("everysec"),
    Fault::Node,
    Fault::Cut(Cut::Closed),
    Fault::Cut(Cut::Held),
    Fault::Cut(Cut::Silent),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(fsync) => write!(f, "Redis killed, appendfsync {fsync}"),
            Self::Node => f.write_str("a node killed"),
            Self::Cut(cut) => write!(f, "a node cut off ({cut:?})"),
        }
    }
}

/// What the rounds have shown together.
#[derive(Debug, Default)]
struct Sum {
    faults: BTreeMap<String, u64>,
    /// Answers of the three nodes about sessions that had to live, and about those that were over.
    alive: usize,
    over: usize,
    /// Acknowledged revocations that `everysec` has lost.
    undone: usize,
    /// Answers of nodes that were cut off about tokens that were revoked meanwhile, by status.
    cut_off: BTreeMap<u16, u64>,
    /// The longest time until all nodes had the same policies.
    agreed: Duration,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (fault, times) in &self.faults {
            writeln!(f, "  {fault}: {times} times")?;
        }
        let cut_off = |status| self.cut_off.get(&status).copied().unwrap_or(0);
        writeln!(
            f,
            "  a session lived that must: {} times; was over: {} times",
            self.alive, self.over
        )?;
        writeln!(
            f,
            "  a node that was cut off, about a token that was revoked meanwhile: 503 {} times, 401 {} \
             times, once it had reached Redis by itself",
            cut_off(503),
            cut_off(401)
        )?;
        writeln!(f, "  acknowledged revocations that everysec lost: {}", self.undone)?;
        write!(f, "  all nodes had the same policies after {} ms at most", self.agreed.as_millis())
    }
}

struct World {
    server: Server,
    proxies: Vec<Proxy>,
    ports: Vec<u16>,
    nodes: Vec<Authority>,
    client: Client,
    random: Rand64,
    sum: Sum,
}

impl World {
    async fn new(seed: u64) -> Self {
        let server = Server::durable();
        let ports: Vec<u16> = (0..NODES).map(|_| free_port()).collect();
        let client = Client::new(&ports, TOLERANCE);
        let mut proxies = Vec::new();
        for _ in 0..NODES {
            proxies.push(Proxy::to(server.port()).await);
        }
        let random = Rand64::new(u128::from(seed));
        let mut world =
            Self { server, proxies, ports, nodes: Vec::new(), client, random, sum: Sum::default() };
        for node in 0..NODES {
            let started = world.start(node);
            world.nodes.push(started);
        }
        world.ready().await;
        world
    }

    fn start(&self, node: usize) -> Authority {
        // Outages are meant here.
        Authority::start(&self.proxies[node].url, self.ports[node], "off")
    }

    /// Returns once all nodes take requests.
    async fn ready(&mut self) {
        for node in &mut self.nodes {
            node.ready(&self.client.http).await;
        }
    }

    async fn pause(&mut self, ms: std::ops::Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.rand_range(ms))).await;
    }

    fn any_node(&mut self) -> usize {
        usize::try_from(self.random.rand_range(0..NODES as u64)).unwrap()
    }

    async fn round(&mut self, seed: u64, round: u64, fault: Fault) {
        // What fails is read under the round that it failed in.
        print!("Redis, round {round}: {fault}: ");
        std::io::stdout().flush().unwrap();
        if let Fault::Redis(fsync) = fault {
            self.set_appendfsync(fsync).await;
        }
        let load = Load::start(&self.client, seed, round, WORKERS);
        self.pause(50..700).await;
        if fault == Fault::Redis("everysec") {
            // For some to be older than what may be lost.
            tokio::time::sleep(LOSS).await;
        }
        match fault {
            Fault::Redis(fsync) => self.kill_redis(fsync).await,
            Fault::Node => self.kill_node().await,
            Fault::Cut(cut) => self.cut_off(cut).await,
        }
        self.ready().await;
        self.pause(0..300).await;
        load.stop().await;
        if self.random.rand_range(0..6) == 0 {
            // Long enough for some to run out while nobody calls.
            tokio::time::sleep(TIMEOUT / 2).await;
        }
        self.check(fault).await;
        self.client.ledger().tidy();
    }

    async fn kill_redis(&mut self, fsync: &str) {
        let killed = Instant::now();
        self.server.kill();
        self.pause(0..600).await;
        if fsync == "everysec" {
            self.client.ledger().may_be_lost(killed - LOSS);
        }
        // With the settings that it began with.
        block_in_place(|| self.server.restart());
    }

    async fn kill_node(&mut self) {
        let node = self.any_node();
        self.nodes[node].kill();
        self.pause(0..500).await;
        self.nodes[node] = self.start(node);
    }

    /// Asks the node all the while for tokens that are revoked through others.
    async fn cut_off(&mut self, cut: Cut) {
        let node = self.any_node();
        let since = Instant::now();
        match cut {
            Cut::Closed => self.proxies[node].cut(),
            Cut::Held => self.proxies[node].hold(),
            Cut::Silent => self.proxies[node].silence(),
        }
        let until = since + Duration::from_millis(self.random.rand_range(300..1800));
        let asking = (0..4).map(|number| ask_for_revoked(&self.client, node, since, until, number));
        for answers in futures_util::future::join_all(asking).await {
            for status in answers {
                *self.sum.cut_off.entry(status).or_default() += 1;
            }
        }
        self.proxies[node].mend();
    }

    async fn check(&mut self, fault: Fault) {
        let agreed = self.client.check_policies().await;
        let client = &self.client;
        let nodes = (0..NODES).map(|node| client.check_tokens(node));
        let nodes = futures_util::future::join_all(nodes).await;
        let (alive, over, undone) = nodes.iter().fold((0, 0, 0), |(alive, over, undone), node| {
            (alive + node.alive, over + node.over, undone.max(node.undone))
        });
        println!(
            "{alive} that must live, {over} that are over; policies agreed after {} ms; {undone} \
             revocations lost",
            agreed.as_millis()
        );
        *self.sum.faults.entry(fault.to_string()).or_default() += 1;
        self.sum.alive += alive;
        self.sum.over += over;
        self.sum.undone += undone;
        self.sum.agreed = self.sum.agreed.max(agreed);
    }

    async fn set_appendfsync(&self, fsync: &str) {
        let client = redis::Client::open(self.server.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg("appendfsync").arg(fsync);
        command.query_async::<()>(&mut connection).await.unwrap();
    }
}

/// Asks a node, until then, for tokens that were revoked since it was cut off. The statuses that it
/// answered with; what else they say the ledger has judged.
async fn ask_for_revoked(
    client: &Client,
    node: usize,
    since: Instant,
    until: Instant,
    mut number: usize,
) -> Vec<u16> {
    let mut statuses = Vec::new();
    while Instant::now() < until {
        let revoked = client.ledger().revoked_since(since);
        if let Some(token) = revoked.get(number % revoked.len().max(1)) {
            statuses.extend(match number % 3 {
                0 => client.touch(node, token).await,
                1 => client.ask(node, "/v1/check", token).await.map(|(status, _)| status),
                _ => client.ask(node, "/v1/session", token).await.map(|(status, _)| status),
            });
        }
        number += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    statuses
}

/// All faults in an order of their own, again and again.
fn shuffled(random: &mut Rand64) -> [Fault; 6] {
    let mut faults = FAULTS;
    for end in (1..faults.len()).rev() {
        faults.swap(end, usize::try_from(random.rand_range(0..end as u64 + 1)).unwrap());
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_or_cut_off_nothing_acknowledged_is_lost_and_nothing_dead_lives() {
    let (rounds, seed) = (number("STILLHERE_ROUNDS", 6), number("STILLHERE_SEED", 1));
    let mut world = World::new(seed).await;
    let mut faults = Vec::new();
    for round in 0..rounds {
        if faults.is_empty() {
            faults.extend(shuffled(&mut world.random));
        }
        let fault = faults.pop().unwrap();
        world.round(seed, round, fault).await;
    }
    println!("Redis, {rounds} rounds of seed {seed}:\n{}", world.sum);
}
