//! For systems that call back from a thread of theirs, and sleep soon after.

use std::{
    future::Future,
    sync::mpsc::{self, Receiver, Sender},
};

use tauri::async_runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The machine is about to sleep.
    Asleep,
    /// It is awake again.
    Awake,
}

/// Carries out what the system says in the order in which it says so: a wake that overtakes the sleep before it
/// would leave the curtain down.
#[derive(Debug, Clone)]
pub(super) struct Turns(UnboundedSender<(Turn, Sender<()>)>);

impl Turns {
    /// `carry_out` is called once for each, when the one before is done.
    pub(super) fn new<F>(mut carry_out: impl FnMut(Turn) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let (say, mut said) = unbounded_channel::<(Turn, Sender<()>)>();
        async_runtime::spawn(async move {
            while let Some((turn, done)) = said.recv().await {
                carry_out(turn).await;
                // Whoever waited may have lost patience.
                let _ = done.send(());
            }
        });
        Self(say)
    }

    /// Returns at once; the receiver hears when that is done, or that the program ends.
    pub(super) fn say(&self, turn: Turn) -> Receiver<()> {
        let (done, told) = mpsc::channel();
        // A program that ends has nothing to hide any more.
        let _ = self.0.send((turn, done));
        told
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn a_machine_that_wakes_early_waits_until_its_windows_are_hidden() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let hidden = Arc::new(Semaphore::new(0));
        let (tell, hide) = (told.clone(), hidden.clone());
        let turns = Turns::new(move |turn| {
            let (tell, hide) = (tell.clone(), hide.clone());
            async move {
                if turn == Turn::Asleep {
                    hide.acquire().await.unwrap().forget();
                }
                tell.lock().unwrap().push(turn);
            }
        });
        let asleep = turns.say(Turn::Asleep);
        let awake = turns.say(Turn::Awake);
        let early = awake.recv_timeout(Duration::from_millis(20));
        assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout), "the windows are not hidden yet");
        hidden.add_permits(1);
        assert_eq!(asleep.recv_timeout(Duration::from_secs(5)), Ok(()));
        assert_eq!(awake.recv_timeout(Duration::from_secs(5)), Ok(()));
        assert_eq!(*told.lock().unwrap(), [Turn::Asleep, Turn::Awake]);
    }

    #[test]
    fn what_comes_after_somebody_lost_patience_is_carried_out() {
        let turns = Turns::new(|_| async {});
        drop(turns.say(Turn::Asleep));
        assert_eq!(turns.say(Turn::Awake).recv_timeout(Duration::from_secs(5)), Ok(()));
    }
}
