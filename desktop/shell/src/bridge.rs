//! What pages can ask of the shell, and the way of the group's messages. `bridge.js` is its other half.
//!
//! All windows share one BroadcastChannel, so one of them passes its messages on: the first that is there.

use std::sync::{Mutex, PoisonError};

use stillhere_native::context::{self, Told};
use tauri::{AppHandle, Manager, WebviewWindow};

use crate::{curtain, keychain::SignIn, shell};

/// What runs in each window before any script of the page.
pub(crate) const SCRIPT: &str = include_str!("bridge.js");
/// Longest message that is passed on, in bytes: as long as the machine reads (src/core/wire.rs).
const LONGEST: usize = stillhere::core::wire::MAX_BYTES;

/// The windows whose pages are there, by label; the first one passes messages on.
#[derive(Debug, Default)]
pub(crate) struct Relays(Mutex<Vec<String>>);

impl Relays {
    fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// Whether another window passes messages on now.
    fn set(&self, label: &str, ready: bool) -> bool {
        let mut labels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = labels.first().cloned();
        labels.retain(|known| known != label);
        if ready {
            // Where it stood before counts for nothing: its page is a new one.
            labels.push(label.to_owned());
        }
        before.as_deref() == Some(label) || labels.first() != before.as_ref()
    }
}

/// `stillhereDesktop.token()`: who is signed in.
#[tauri::command]
pub(crate) async fn token(app: AppHandle) -> Option<SignIn> {
    shell::of(&app).sign_in().await
}

/// `stillhereDesktop.signIn()`: opens the browser.
#[tauri::command]
pub(crate) async fn sign_in(app: AppHandle) -> Result<(), String> {
    shell::begin_sign_in(&app)
}

/// A page is there, or goes.
#[tauri::command]
pub(crate) async fn relay(app: AppHandle, window: WebviewWindow, ready: bool) {
    if shell::of(&app).relays.set(window.label(), ready) {
        choose(&app);
    }
    if ready {
        // A new page has painted nothing yet.
        curtain::covered(&app, window.label());
    }
}

/// A message of the group, from the window that passes them on.
#[tauri::command]
pub(crate) async fn hear(app: AppHandle, window: WebviewWindow, message: Vec<u8>) {
    let shell = shell::of(&app);
    if shell.relays.first().as_deref() == Some(window.label()) && message.len() <= LONGEST {
        shell.tell(Told::Message(message));
    }
}

/// Nothing of the page is shown any more.
#[tauri::command]
pub(crate) async fn covered(app: AppHandle, window: WebviewWindow) {
    curtain::covered(&app, window.label());
}

/// A window is gone, or its page: another passes messages on, and what its page was is over.
pub(crate) fn left(app: &AppHandle, label: &str) {
    let shell = shell::of(app);
    if shell.relays.set(label, false) {
        choose(app);
    }
    if shell.relays.first().is_none() {
        shell.tell(Told::Alone);
    }
}

/// Tells each window whether it passes messages on, and brings both sides together.
pub(crate) fn choose(app: &AppHandle) {
    let shell = shell::of(app);
    let Some(first) = shell.relays.first() else { return };
    let Some(channel) = shell.with_session(|session| session.channel().to_owned()) else { return };
    for (label, window) in app.webview_windows() {
        let name = if label == first { json(&channel) } else { "null".to_owned() };
        call(&window, "relay", &name);
    }
    // Each side is asked what it knows, as a newcomer would.
    match context::hello() {
        Ok(hello) => {
            post(app, &hello);
            shell.tell(Told::Message(hello));
        }
        Err(why) => tracing::warn!("the system gave no randomness ({why})"),
    }
}

/// Passes a message of the machine on to the pages.
pub(crate) fn post(app: &AppHandle, message: &[u8]) {
    let first = shell::of(app).relays.first();
    if let Some(window) = first.and_then(|first| app.get_webview_window(&first)) {
        call(&window, "post", &json(message));
    }
}

/// Tells all pages who signed in.
pub(crate) fn tell_signed_in(app: &AppHandle, sign_in: &SignIn) {
    for window in app.webview_windows().values() {
        call(window, "signedIn", &json(sign_in));
    }
}

/// Calls the page's half, where it is.
pub(crate) fn call(window: &WebviewWindow, what: &str, given: &str) {
    let script = format!("window.__stillhereShell?.{what}({given})");
    if let Err(why) = window.eval(script) {
        // It is being closed.
        tracing::debug!("{} was not told of {what}: {why}", window.label());
    }
}

/// JSON is JavaScript (ECMA-262, "JSON superset").
fn json(value: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_window_passes_messages_on_until_it_goes() {
        let relays = Relays::default();
        assert!(relays.set("one", true), "the first");
        assert!(!relays.set("two", true));
        assert_eq!(relays.first().as_deref(), Some("one"));
        assert!(!relays.set("two", false));
        assert!(!relays.set("two", true));
        assert!(relays.set("one", true), "its page was loaded anew: its channel is another");
        assert_eq!(relays.first().as_deref(), Some("two"));
        assert!(relays.set("two", false));
        assert!(relays.set("one", false));
        assert_eq!(relays.first(), None);
    }
}
