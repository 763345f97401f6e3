//! The connection for commands, with a time limit for each.

use std::time::Duration;

use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo,
    ProtocolVersion, RedisError, ScriptInvocation, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::store::StoreError;

/// Commands that wait in this process to be sent.
const QUEUE: usize = 1024;
/// Time until the second attempt to connect; it doubles with each.
const MIN_DELAY: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_millis(500);
/// Attempts to connect, after the first, until a command fails. The next command goes on with it.
const RETRIES: usize = 3;

/// The connection of the moment, and how many there were before it.
#[derive(Clone)]
struct Current {
    number: u64,
    manager: ConnectionManager,
}

/// Sends commands. One that is not answered in time fails, and what was sent is not sent again:
/// nobody knows whether it was carried out.
pub(super) struct Link {
    client: Client,
    limit: Duration,
    current: Mutex<Current>,
}

impl Link {
    /// Reads the URL. Connects with the first command.
    pub(super) fn new(url: &str, limit: Duration) -> Result<Self, StoreError> {
        // Without it rustls would have to guess where another crate brings a second provider. That
        // one is installed already is no fault.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client(url).map_err(|why| {
            StoreError(format!("its URL cannot be used ({why}): write redis://HOST:PORT/DB"))
        })?;
        let current = Mutex::new(Current { number: 0, manager: manager(&client, limit)? });
        Ok(Self { client, limit, current })
    }

    /// Connects once, by itself: the connection for commands tries several times, and what is wrong
    /// with a password would not be heard within the limit.
    pub(super) async fn reach(&self) -> Result<(), StoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limit))
            .set_response_timeout(Some(self.limit));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await;
        connection.map(drop).map_err(|why| error(&why))
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a command and gives its answer.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut current = self.current();
        let answer = command.query_async(&mut current.manager);
        self.within(current.number, answer).await
    }

    /// Runs a script; the server is sent its text if it does not know it (any more).
    pub(super) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut current = self.current();
        let answer = script.invoke_async(&mut current.manager);
        self.within(current.number, answer).await
    }

    fn current(&self) -> Current {
        self.current.lock().clone()
    }

    async fn within<T>(
        &self,
        number: u64,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(why)) => {
                if why.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
                    self.renew(number);
                }
                Err(error(&why))
            }
            Err(_) => {
                self.renew(number);
                let limit = self.limit.as_millis();
                Err(StoreError(format!("Redis did not answer within {limit} ms")))
            }
        }
    }

    /// Drops a connection that is silent, or whose server is a replica now: neither breaks by itself.
    fn renew(&self, number: u64) {
        let mut current = self.current.lock();
        // Of the many commands that failed on one connection the first renews it.
        if current.number == number
            && let Ok(manager) = manager(&self.client, self.limit)
        {
            *current = Current { number: number + 1, manager };
        }
    }
}

/// RESP3, since only there the end of a connection is noticed while nothing is sent.
fn client(url: &str) -> Result<Client, RedisError> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp))
}

fn manager(client: &Client, limit: Duration) -> Result<ConnectionManager, StoreError> {
    let config = ConnectionManagerConfig::new()
        .set_min_delay(MIN_DELAY)
        .set_max_delay(MAX_DELAY)
        .set_number_of_retries(RETRIES)
        .set_connection_timeout(Some(limit))
        // The whole command has the limit, waiting for the connection included.
        .set_response_timeout(None)
        .set_pipeline_buffer_size(QUEUE);
    client.get_connection_manager_lazy(config).map_err(|why| error(&why))
}

/// The sentence for what went wrong.
pub(super) fn error(why: &RedisError) -> StoreError {
    StoreError(format!("Redis: {why}"))
}
