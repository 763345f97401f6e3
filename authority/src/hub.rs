//! Who listens to which token.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::watch;

use crate::store::Key;

/// Event streams that one token can have open: far more than partitions that a person uses.
const MAX_STREAMS: usize = 64;

/// The streams of one token.
#[derive(Debug)]
struct Ears {
    /// A hold began or ended, or the session did.
    standing: watch::Sender<()>,
    /// Somebody was active.
    activity: watch::Sender<()>,
    user: String,
}

#[derive(Debug, Default)]
struct Inner {
    tokens: DashMap<Key, Ears>,
    /// The tokens of each user that have streams.
    users: DashMap<String, Vec<Key>>,
}

/// Wakes the event streams of a token. It carries no content: a stream that wakes looks at the
/// session itself, so a slow one skips states but never misses the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub(Arc<Inner>);

impl Hub {
    /// Listens to a token of that user. None when it has too many streams already.
    pub(crate) fn subscribe(&self, key: Key, user: &str) -> Option<Subscription> {
        let ears = self.0.tokens.entry(key).or_insert_with(|| {
            self.0.users.entry(user.to_owned()).or_default().push(key);
            let (standing, activity) = (watch::Sender::new(()), watch::Sender::new(()));
            Ears { standing, activity, user: user.to_owned() }
        });
        if ears.standing.receiver_count() >= MAX_STREAMS {
            return None;
        }
        let hears = Some((ears.standing.subscribe(), ears.activity.subscribe()));
        Some(Subscription { hears, hub: self.clone(), key })
    }

    /// Says that something about the token has changed.
    pub(crate) fn wake(&self, key: &Key) {
        if let Some(ears) = self.0.tokens.get(key) {
            ears.standing.send_replace(());
        }
    }

    /// Says that somebody was active with the token. Whoever listens alone said so, or hears it from
    /// those that share its facts.
    pub(crate) fn stir(&self, key: &Key) {
        if let Some(ears) = self.0.tokens.get(key)
            && ears.activity.receiver_count() > 1
        {
            ears.activity.send_replace(());
        }
    }

    /// Says that something about a user's tokens has changed.
    pub(crate) fn wake_user(&self, user: &str) {
        let keys = self.0.users.get(user).map_or_else(Vec::new, |keys| keys.clone());
        keys.iter().for_each(|key| self.wake(key));
    }

    /// Says that something about each token may have changed.
    pub(crate) fn wake_all(&self) {
        self.0.tokens.iter().for_each(|ears| ears.standing.send_replace(()));
    }
}

/// What a stream is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A hold began or ended, the session did, or its rules changed.
    Standing,
    /// Somebody was active.
    Activity,
}

/// One event stream's ear. Unhooks itself when dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    hears: Option<(watch::Receiver<()>, watch::Receiver<()>)>,
    hub: Hub,
    key: Key,
}

impl Subscription {
    /// Returns when something changed since the last call.
    pub(crate) async fn changed(&mut self) -> Change {
        if let Some((standing, active)) = &mut self.hears {
            tokio::select! {
                biased;
                Ok(()) = standing.changed() => return Change::Standing,
                Ok(()) = active.changed() => return Change::Activity,
                else => {}
            }
        }
        // The senders are gone only when the server is.
        std::future::pending().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hears = None;
        let tokens = &self.hub.0.tokens;
        let left = tokens.remove_if(&self.key, |_, ears| ears.standing.receiver_count() == 0);
        if let Some((key, Ears { user, .. })) = left {
            self.hub.0.users.remove_if_mut(&user, |_, keys| {
                keys.retain(|known| *known != key);
                keys.is_empty()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_listener_leaves_nothing_behind() {
        let hub = Hub::default();
        let key = Key::of("a token of some length");
        let mut first = hub.subscribe(key, "ann").unwrap();
        let second = hub.subscribe(key, "ann").unwrap();
        hub.wake(&key);
        assert_eq!(first.changed().await, Change::Standing);
        drop(first);
        assert_eq!(hub.0.tokens.len(), 1);
        drop(second);
        assert!(hub.0.tokens.is_empty() && hub.0.users.is_empty());
    }

    #[tokio::test]
    async fn a_user_is_told_on_all_tokens_and_nobody_else_is() {
        let hub = Hub::default();
        let key = |name| Key::of(&format!("a token of some length {name}"));
        let mut hers =
            [hub.subscribe(key(1), "ann").unwrap(), hub.subscribe(key(2), "ann").unwrap()];
        let mut his = hub.subscribe(key(3), "bob").unwrap();
        hub.wake_user("ann");
        for ear in &mut hers {
            assert_eq!(ear.changed().await, Change::Standing);
        }
        assert!(futures_util::FutureExt::now_or_never(his.changed()).is_none());
        hub.wake_all();
        assert_eq!(his.changed().await, Change::Standing);
    }

    #[tokio::test]
    async fn activity_is_told_to_those_that_do_not_listen_alone() {
        let hub = Hub::default();
        let key = Key::of("a token of some length");
        let mut first = hub.subscribe(key, "ann").unwrap();
        hub.stir(&key);
        assert!(futures_util::FutureExt::now_or_never(first.changed()).is_none());
        let second = hub.subscribe(key, "ann").unwrap();
        hub.stir(&key);
        assert_eq!(first.changed().await, Change::Activity);
        drop(second);
        hub.stir(&key);
        assert!(futures_util::FutureExt::now_or_never(first.changed()).is_none());
    }

    #[test]
    fn a_token_has_a_bounded_number_of_streams() {
        let hub = Hub::default();
        let key = Key::of("a token of some length");
        let open: Vec<_> = (0..MAX_STREAMS).map(|_| hub.subscribe(key, "ann").unwrap()).collect();
        assert!(hub.subscribe(key, "ann").is_none());
        drop(open);
        assert!(hub.subscribe(key, "ann").is_some());
    }
}
