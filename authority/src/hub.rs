//! Who listens to which token.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::watch;

use crate::store::Key;

/// Event streams that one token can have open: far more than partitions that a person uses.
const MAX_STREAMS: usize = 64;

/// Wakes the event streams of a token. It carries no content: a stream that wakes looks at the
/// session itself, so a slow one skips states but never misses the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub(Arc<DashMap<Key, watch::Sender<()>>>);

impl Hub {
    /// Listens to a token. None when it has too many streams already.
    pub(crate) fn subscribe(&self, key: Key) -> Option<Subscription> {
        let sender = self.0.entry(key).or_default();
        if sender.receiver_count() >= MAX_STREAMS {
            return None;
        }
        let receiver = Some(sender.subscribe());
        Some(Subscription { receiver, hub: self.clone(), key })
    }

    /// Says that something about the token has changed.
    pub(crate) fn wake(&self, key: &Key) {
        if let Some(sender) = self.0.get(key) {
            sender.send_replace(());
        }
    }
}

/// One event stream's ear. Unhooks itself when dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    receiver: Option<watch::Receiver<()>>,
    hub: Hub,
    key: Key,
}

impl Subscription {
    /// Returns when something changed since the last call.
    pub(crate) async fn changed(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return;
        }
        // The sender is gone only when the server is.
        std::future::pending().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.receiver = None;
        self.hub.0.remove_if(&self.key, |_, sender| sender.receiver_count() == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_listener_leaves_nothing_behind() {
        let hub = Hub::default();
        let key = Key::of("a token of some length");
        let mut first = hub.subscribe(key).unwrap();
        let second = hub.subscribe(key).unwrap();
        hub.wake(&key);
        first.changed().await;
        drop(first);
        assert_eq!(hub.0.len(), 1);
        drop(second);
        assert!(hub.0.is_empty());
    }

    #[test]
    fn a_token_has_a_bounded_number_of_streams() {
        let hub = Hub::default();
        let key = Key::of("a token of some length");
        let open: Vec<_> = (0..MAX_STREAMS).map(|_| hub.subscribe(key).unwrap()).collect();
        assert!(hub.subscribe(key).is_none());
        drop(open);
        assert!(hub.subscribe(key).is_some());
    }
}
