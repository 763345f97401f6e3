//! The operating system's idle time.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use stillhere_native::system::IdleTime;

/// What the system says, whichever it is (X11, the idle monitor of GNOME on Wayland, macOS, Windows).
#[derive(Debug, Default)]
pub(crate) struct SystemIdle {
    said: AtomicBool,
}

#[async_trait::async_trait]
impl IdleTime for SystemIdle {
    async fn idle(&self) -> Option<Duration> {
        let read = || system_idle_time::get_idle_time().map_err(|why| why.to_string());
        let idle = match tokio::task::spawn_blocking(read).await {
            Ok(idle) => idle,
            Err(why) => Err(why.to_string()),
        };
        match idle {
            Ok(idle) => {
                self.said.store(false, Ordering::Relaxed);
                Some(idle)
            }
            Err(why) => {
                // Once each time that it begins.
                if !self.said.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "the policy counts input in other programs, and this system does not say when \
                         there was any ({why}); only input in the app counts"
                    );
                }
                None
            }
        }
    }
}
