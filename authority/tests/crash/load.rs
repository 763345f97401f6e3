//! Callers that register, touch, ask, revoke and write policies, on any node.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use oorandom::Rand64;
use tokio::task::JoinHandle;

use crate::client::{Client, USERS};

/// Tokens that are worked on. Those that leave run out.
const TOKENS: usize = 60;
/// Between two calls of one worker: the test is about order, and leaves the machine to the servers.
const PAUSE: Duration = Duration::from_millis(1);

/// Workers under way.
pub struct Load {
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many workers, which share the tokens that they work on.
    pub fn start(client: &Client, seed: u64, round: u64, workers: u64) -> Self {
        let (stop, tokens) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let worker = |number| {
            let worker = Worker {
                client: client.clone(),
                name: format!("a-token-of-the-crash-test-{seed}-{round}-{number}"),
                random: Rand64::new(u128::from(seed ^ (round << 20) ^ number)),
                tokens: Arc::clone(&tokens),
                stop: stop.clone(),
            };
            tokio::spawn(worker.work())
        };
        Self { workers: (0..workers).map(worker).collect(), stop }
    }

    /// Lets each worker end its call. Panics if one of them found something.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.unwrap();
        }
    }
}

struct Worker {
    client: Client,
    name: String,
    random: Rand64,
    tokens: Arc<Mutex<VecDeque<String>>>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    async fn work(mut self) {
        for number in 0_u64.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // No answer means that the node was killed. That is for the ledger alone.
            let _ = self.act(number).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn act(&mut self, number: u64) -> Option<()> {
        let node = self.below(self.client.nodes());
        let user = USERS[self.below(USERS.len())];
        match (self.below(20), self.chosen()) {
            (0..=1, _) => self.client.policy(node, user).await,
            (2, Some(token)) => self.client.revoke(node, &token).await,
            (3..=13, Some(token)) => self.client.touch(node, &token).await.map(drop),
            (14..=17, Some(token)) => self.client.ask(node, "/v1/session", &token).await.map(drop),
            _ => {
                let token = format!("{}-{number}", self.name);
                let done = self.client.register(node, &token, user).await;
                let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                tokens.push_back(token);
                if tokens.len() > TOKENS {
                    tokens.pop_front();
                }
                done
            }
        }
    }

    fn chosen(&mut self) -> Option<String> {
        let at = self.random.rand_u64();
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(at % (tokens.len().max(1) as u64)).unwrap();
        tokens.get(at).cloned()
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.rand_range(0..end as u64)).unwrap()
    }
}
