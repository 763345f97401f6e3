//! Windows, and where their links go.

use std::sync::atomic::{AtomicU32, Ordering};

use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    webview::NewWindowResponse,
};
use url::Url;

#[cfg(any(target_os = "linux", target_os = "windows"))]
use crate::crash;
use crate::{bridge, crash::Crashes, shell};

/// What is known of the windows.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    opened: AtomicU32,
    pub(crate) crashes: Crashes,
}

/// Opens one more window with the app.
pub(crate) fn open(app: &AppHandle) {
    let shell = shell::of(app);
    let label = format!("desk-{}", shell.windows.opened.fetch_add(1, Ordering::Relaxed) + 1);
    let address = shell.settings.app.clone();
    // A window is built from the main thread's loop, and whoever asks for it may be that loop.
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(why) = build(&app, &label, address) {
            tracing::error!("no window could be opened: {why}");
        }
    });
}

fn build(app: &AppHandle, label: &str, address: Url) -> tauri::Result<()> {
    let (stays, opens) = (address.clone(), address.clone());
    let (opener, closer) = (app.clone(), app.clone());
    let window = WebviewWindowBuilder::new(app, label, WebviewUrl::External(address))
        .title("Stillhere")
        .inner_size(1180.0, 780.0)
        .min_inner_size(360.0, 480.0)
        .initialization_script(bridge::SCRIPT)
        .on_navigation(move |to| {
            let inside = to.origin() == stays.origin();
            if !inside {
                open_outside(to);
            }
            inside
        })
        .on_new_window(move |to, _| {
            if to.origin() == opens.origin() {
                open(&opener);
            } else {
                open_outside(&to);
            }
            NewWindowResponse::Deny
        })
        .on_document_title_changed(|window, title| {
            if let Err(why) = window.set_title(&title) {
                tracing::debug!("the title was not shown: {why}");
            }
        })
        .build()?;
    let gone = label.to_owned();
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            bridge::left(&closer, &gone);
        }
    });
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    crash::watch(&window)?;
    Ok(())
}

/// Other sites belong to the browser.
fn open_outside(address: &Url) {
    if !matches!(address.scheme(), "http" | "https" | "mailto" | "tel") {
        tracing::warn!("an address of another kind than the web's was not opened");
    } else if let Err(why) = open::that_detached(address.as_str()) {
        tracing::warn!("no program could open a link: {why}");
    }
}

/// Shows the windows that there are, or opens one.
pub(crate) fn open_or_show(app: &AppHandle) {
    let windows = app.webview_windows();
    if windows.is_empty() {
        open(app);
    }
    for window in windows.values() {
        show(window);
    }
}

fn show(window: &WebviewWindow) {
    let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(why) = shown {
        tracing::debug!("{} could not be shown: {why}", window.label());
    }
}

fn is_seen(window: &WebviewWindow) -> bool {
    window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(false)
}

/// Whether somebody can see a window.
pub(crate) fn is_any_seen(app: &AppHandle) -> bool {
    app.webview_windows().values().any(is_seen)
}
