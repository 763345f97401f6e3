//! What other nodes changed: heard on a connection of its own, kept until somebody asks.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, Value as Answer, cmd};
use tokio::sync::{Notify, mpsc};

use super::link;
use crate::{
    policy::Scope,
    store::{Key, News, StoreError},
};

/// News that are kept until somebody asks. Beyond that all of it is one [`News::Missed`].
const KEPT: usize = 4096;
/// Time until a broken connection is made anew, the first time and at most.
const MIN_DELAY: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_secs(1);
/// Time between two questions whether the server is still there: a connection that was cut
/// without a word is noticed after this and the limit of a command.
const PING: Duration = Duration::from_secs(1);

/// What one node tells the others. Text, so that a person can listen in.
pub(super) fn message(node: &str, news: &News) -> String {
    match news {
        News::Session(key) => format!("{node} session {}", key.id()),
        News::Policy(scope) => format!("{node} policy {scope}"),
        News::Missed => format!("{node} missed"),
    }
}

/// What a message says, unless it is this node's own of a session. Its own of a policy is news too:
/// one whose answer got lost has been written, and this node would be the only one that does not know.
/// A message that a newer version sent says that something was missed.
fn read(node: &str, message: &str) -> Option<News> {
    let (from, news) = message.split_once(' ').unwrap_or_default();
    let known = match news.split_once(' ') {
        Some(("session", _)) if from == node => return None,
        Some(("session", id)) => Key::from_id(id).map(News::Session),
        Some(("policy", scope)) => Scope::parse(scope).map(News::Policy),
        _ => None,
    };
    Some(known.unwrap_or(News::Missed))
}

/// News that nobody has asked for yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    kept: Mutex<VecDeque<News>>,
    arrived: Notify,
}

impl Inbox {
    fn put(&self, news: News) {
        let mut kept = self.kept.lock();
        if news == News::Missed || kept.len() >= KEPT {
            // To look at everything again covers each single change before.
            kept.clear();
            kept.push_back(News::Missed);
        } else {
            kept.push_back(news);
        }
        drop(kept);
        self.arrived.notify_one();
    }

    /// Waits for the next.
    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(news) = self.kept.lock().pop_front() {
                return news;
            }
            self.arrived.notified().await;
        }
    }
}

/// Where a listener listens.
pub(super) struct Ear {
    pub(super) client: Client,
    pub(super) channel: String,
    pub(super) node: String,
    pub(super) limit: Duration,
}

impl Ear {
    /// Listens for good, over as many connections as it takes.
    pub(super) async fn listen(self, inbox: Arc<Inbox>) {
        let mut delay = MIN_DELAY;
        loop {
            let (sender, pushes) = mpsc::unbounded_channel();
            match self.connect(sender).await {
                Ok(connection) => {
                    delay = MIN_DELAY;
                    // What was said until now was said to nobody.
                    inbox.put(News::Missed);
                    let why = self.follow(connection, pushes, &inbox).await;
                    tracing::warn!(%why, "the news of other nodes are cut off");
                }
                Err(why) => tracing::warn!(%why, "the news of other nodes cannot be heard"),
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(MAX_DELAY);
        }
    }

    async fn connect(
        &self,
        sender: mpsc::UnboundedSender<PushInfo>,
    ) -> Result<redis::aio::MultiplexedConnection, StoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limit))
            .set_response_timeout(Some(self.limit))
            .set_push_sender(sender);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut connection = connection.map_err(|why| link::error(&why))?;
        connection.subscribe(&self.channel).await.map_err(|why| link::error(&why))?;
        Ok(connection)
    }

    /// Passes on what is heard until the connection ends, and says why it did.
    async fn follow(
        &self,
        mut connection: redis::aio::MultiplexedConnection,
        mut pushes: mpsc::UnboundedReceiver<PushInfo>,
        inbox: &Inbox,
    ) -> StoreError {
        let mut ping = tokio::time::interval(PING);
        loop {
            tokio::select! {
                push = pushes.recv() => match push {
                    Some(PushInfo { kind: PushKind::Message, data }) => {
                        let payload = data.last().and_then(text);
                        let news = payload.map_or(Some(News::Missed), |text| read(&self.node, text));
                        news.into_iter().for_each(|news| inbox.put(news));
                    }
                    Some(PushInfo { kind: PushKind::Disconnection, .. }) | None => {
                        return StoreError("Redis closed the connection".to_owned());
                    }
                    Some(_) => {}
                },
                _ = ping.tick() => {
                    let pong: Result<Answer, _> = cmd("PING").query_async(&mut connection).await;
                    if let Err(why) = pong {
                        return link::error(&why);
                    }
                }
            }
        }
    }
}

fn text(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_message_says_what_it_was_made_of_and_a_session_to_others_only() {
        let session = News::Session(Key::of("a token of some length"));
        assert_eq!(read("me", &message("me", &session)), None);
        assert_eq!(read("you", &message("me", &session)), Some(session));
        for news in [
            News::Policy(Scope::Organization),
            News::Policy(Scope::User("a b:c".into())),
            News::Missed,
        ] {
            let message = message("me", &news);
            assert_eq!(read("me", &message), Some(news.clone()));
            assert_eq!(read("you", &message), Some(news));
        }
    }

    #[test]
    fn what_cannot_be_read_is_missed() {
        for message in ["", "x", "x session", "x session abc", "x policy nobody", "x more to come"]
        {
            assert_eq!(read("me", message), Some(News::Missed), "{message}");
        }
    }

    #[test]
    fn an_inbox_is_bounded_and_says_that_something_was_missed() {
        let inbox = Inbox::default();
        let news = || News::Session(Key::of("a token of some length"));
        inbox.put(news());
        assert_eq!(inbox.next().now_or_never(), Some(news()));
        for _ in 0..=KEPT {
            inbox.put(news());
        }
        inbox.put(news());
        assert_eq!(inbox.next().now_or_never(), Some(News::Missed));
        assert_eq!(inbox.next().now_or_never(), Some(news()));
        assert_eq!(inbox.next().now_or_never(), None);
    }
}
