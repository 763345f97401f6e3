//! Notifications, for when no window is seen.

use notify_rust::Notification;
use stillhere::core::ended::EndedBecause;
use stillhere_native::snapshot::Snapshot;
use tauri::{AppHandle, async_runtime};

use crate::words;

/// Says that the session is about to end.
pub(crate) fn warn(app: &AppHandle, snapshot: &Snapshot) {
    let left = words::left(snapshot.ends_at, words::now());
    show(
        app,
        "Are you still here?",
        &format!("You are signed out in {left}. Open the app to stay."),
    );
}

/// Says that it is over.
pub(crate) fn ended(app: &AppHandle, because: EndedBecause) {
    show(app, "Stillhere", words::why(because));
}

/// Says something else.
pub(crate) fn say(app: &AppHandle, title: &str, body: &str) {
    tracing::warn!("{title}: {body}");
    show(app, title, body);
}

fn show(app: &AppHandle, title: &str, body: &str) {
    let mut notification = Notification::new();
    notification.appname("Stillhere").summary(title).body(body).auto_icon();
    let app = app.clone();
    async_runtime::spawn_blocking(move || {
        #[cfg(target_os = "linux")]
        notification.action("default", "Open");
        match notification.show() {
            #[cfg(target_os = "linux")]
            Ok(shown) => shown.wait_for_action(|action| {
                if action == "default" {
                    crate::windows::open_or_show(&app);
                }
            }),
            #[cfg(not(target_os = "linux"))]
            Ok(_) => drop(app),
            // The tray icon says it too.
            Err(why) => tracing::debug!("there are no notifications here: {why}"),
        }
    });
}
