//! What the system says of the machine: that it goes to sleep and wakes, and that its screen is locked.

use tauri::AppHandle;

#[cfg(target_os = "linux")]
mod logind;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", target_os = "windows", test))]
mod turns;
#[cfg(target_os = "windows")]
mod windows;

/// Longest that a callback holds up a sleep. Windows waits about 2 s for all programs together
/// (`PBT_APMSUSPEND`), macOS 30 s (QA1340).
#[cfg(any(target_os = "macos", target_os = "windows"))]
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Listens from now on.
pub(crate) fn watch(app: &AppHandle) {
    #[cfg(target_os = "linux")]
    logind::watch(app);
    #[cfg(target_os = "macos")]
    macos::watch(app);
    #[cfg(target_os = "windows")]
    windows::watch(app);
    #[cfg(unix)]
    continued::watch(app);
}

/// What the system says in its callbacks, carried out in turn.
#[cfg(any(target_os = "macos", target_os = "windows"))]
fn carry_out(app: &AppHandle) -> turns::Turns {
    let app = app.clone();
    turns::Turns::new(move |turn| {
        let app = app.clone();
        async move {
            match turn {
                turns::Turn::Asleep => crate::curtain::asleep(&app).await,
                turns::Turn::Awake => crate::curtain::awake(&app).await,
            }
        }
    })
}

#[cfg(unix)]
mod continued {
    use tauri::{AppHandle, async_runtime};
    use tokio::signal::unix::{SignalKind, signal};

    use crate::curtain;

    /// This process was stopped and goes on: what it showed before is still on the screen.
    pub(super) fn watch(app: &AppHandle) {
        let app = app.clone();
        async_runtime::spawn(async move {
            match signal(SignalKind::from_raw(libc::SIGCONT)) {
                Ok(mut signal) => {
                    while signal.recv().await.is_some() {
                        curtain::stopped(&app).await;
                    }
                }
                Err(why) => tracing::warn!("that the program was stopped is not noticed: {why}"),
            }
        });
    }
}
