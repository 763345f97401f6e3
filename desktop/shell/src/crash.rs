//! What goes wrong in a window: the process of its page crashes, or its address does not answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tauri::{Manager, WebviewWindow};

use crate::{bridge, notice, shell};

#[cfg(target_os = "macos")]
pub(crate) use macos::terminated;
#[cfg(target_os = "linux")]
pub(crate) use webkit::watch;
#[cfg(target_os = "windows")]
pub(crate) use webview2::watch;

/// A page that crashes again so soon would crash for ever.
const AGAIN: Duration = Duration::from_secs(60);

/// When the page of each window crashed last.
#[derive(Debug, Default)]
pub(crate) struct Crashes(Mutex<HashMap<String, Instant>>);

impl Crashes {
    /// Whether that is the first crash of the window in a while.
    fn note(&self, label: &str, now: Instant) -> bool {
        let mut crashes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = crashes.insert(label.to_owned(), now);
        before.is_none_or(|before| now.duration_since(before) >= AGAIN)
    }
}

/// The session is not in that process: its page is loaded anew, once.
fn crashed(window: &WebviewWindow, why: &str) {
    let app = window.app_handle();
    bridge::left(app, window.label());
    #[expect(clippy::disallowed_methods, reason = "a crash is no moment of the machine")]
    let first = shell::of(app).windows.crashes.note(window.label(), Instant::now());
    if !first {
        tracing::error!("the page of {} crashed twice ({why}); it is closed", window.label());
        close(window, "Its page crashed twice. You are still signed in.");
        return;
    }
    tracing::warn!("the page of {} crashed ({why}) and is loaded anew", window.label());
    if let Err(why) = window.reload() {
        tracing::error!("{} could not be loaded anew: {why}", window.label());
    }
}

fn close(window: &WebviewWindow, body: &str) {
    notice::say(window.app_handle(), "A window was closed", body);
    if let Err(why) = window.destroy() {
        tracing::error!("{} could not be closed: {why}", window.label());
    }
}

#[cfg(target_os = "linux")]
mod webkit {
    use tauri::WebviewWindow;
    use webkit2gtk::WebViewExt;

    use super::crashed;

    /// Shown in place of a page that cannot be loaded.
    const UNREACHABLE: &str = include_str!("../pages/unreachable.html");

    /// Listens to the web view of that window.
    pub(crate) fn watch(window: &WebviewWindow) -> tauri::Result<()> {
        let watched = window.clone();
        window.with_webview(move |webview| {
            let webview = webview.inner();
            let window = watched.clone();
            webview.connect_web_process_terminated(move |_, why| {
                crashed(&window, &format!("{why:?}"))
            });
            let window = watched.clone();
            webview.connect_load_failed(move |webview, _, address, why| {
                if why.matches(webkit2gtk::NetworkError::Cancelled)
                    || why.matches(webkit2gtk::PolicyError::FrameLoadInterruptedByPolicyChange)
                {
                    return false;
                }
                tracing::warn!("{} could not load the app: {why}", window.label());
                webview.load_alternate_html(UNREACHABLE, address, Some(address));
                true
            });
        })
    }
}

#[cfg(target_os = "windows")]
mod webview2 {
    use ::windows::core::Result;
    use tauri::{WebviewWindow, async_runtime};
    use webview2_com::{
        Microsoft::Web::WebView2::Win32::{
            COREWEBVIEW2_PROCESS_FAILED_KIND,
            COREWEBVIEW2_PROCESS_FAILED_KIND_BROWSER_PROCESS_EXITED,
            COREWEBVIEW2_PROCESS_FAILED_KIND_RENDER_PROCESS_EXITED, ICoreWebView2Controller,
            ICoreWebView2ProcessFailedEventArgs,
        },
        ProcessFailedEventHandler,
    };

    use super::{close, crashed};

    /// Listens to the web view of that window.
    pub(crate) fn watch(window: &WebviewWindow) -> tauri::Result<()> {
        let watched = window.clone();
        window.with_webview(move |webview| {
            if let Err(why) = listen(&webview.controller(), watched.clone()) {
                tracing::warn!(
                    "that the page of {} crashes is not noticed: {why}",
                    watched.label()
                );
            }
        })
    }

    #[expect(unsafe_code, reason = "calls of WebView2")]
    fn listen(controller: &ICoreWebView2Controller, window: WebviewWindow) -> Result<()> {
        let handler = ProcessFailedEventHandler::create(Box::new(move |_, failed| {
            failed.map_or(Ok(()), |failed| look(&failed, &window))
        }));
        // It listens for as long as the web view lives.
        let mut token = 0;
        // SAFETY: on the web view's own thread, and everything given lives through the call.
        unsafe { controller.CoreWebView2()?.add_ProcessFailed(&handler, &mut token) }
    }

    #[expect(unsafe_code, reason = "a call of WebView2")]
    fn look(failed: &ICoreWebView2ProcessFailedEventArgs, window: &WebviewWindow) -> Result<()> {
        let mut kind = COREWEBVIEW2_PROCESS_FAILED_KIND::default();
        // SAFETY: WebView2 gave the event for the time of this call, and writes one number.
        unsafe { failed.ProcessFailedKind(&mut kind) }?;
        let window = window.clone();
        // A web view is not closed from its own call.
        async_runtime::spawn(async move {
            match kind {
                COREWEBVIEW2_PROCESS_FAILED_KIND_RENDER_PROCESS_EXITED => {
                    crashed(&window, "its process has ended");
                }
                // Nothing can be loaded in that web view any more.
                COREWEBVIEW2_PROCESS_FAILED_KIND_BROWSER_PROCESS_EXITED => {
                    tracing::error!("WebView2 has ended; {} is closed", window.label());
                    close(
                        &window,
                        "What shows its page crashed. You are still signed in: open it again.",
                    );
                }
                // A frame, or a helper that WebView2 starts anew.
                _ => tracing::info!("a process of WebView2 has ended: {kind:?}"),
            }
        });
        Ok(())
    }
}

#[cfg(target_os = "macos")]
mod macos {
    use tauri::{Manager, Webview};

    use super::crashed;

    /// The process of that web view is gone.
    pub(crate) fn terminated(webview: &Webview) {
        if let Some(window) = webview.app_handle().get_webview_window(webview.label()) {
            crashed(&window, "its process has ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_crashes_again_within_a_minute_is_closed() {
        let crashes = Crashes::default();
        #[expect(clippy::disallowed_methods, reason = "any moment will do")]
        let now = Instant::now();
        assert!(crashes.note("one", now));
        assert!(crashes.note("two", now), "each window for itself");
        assert!(!crashes.note("one", now + Duration::from_secs(59)));
        assert!(crashes.note("one", now + Duration::from_secs(120)));
    }
}
