//! Windows: opened, covered while the machine sleeps, and when something goes wrong in them.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use stillhere::core::rules::Phase;
use stillhere_native::context::Told;
use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    webview::NewWindowResponse,
};
use tokio::sync::{Notify, oneshot};
use url::Url;

#[cfg(any(target_os = "linux", target_os = "windows"))]
use crate::crash;
use crate::{bridge, crash::Crashes, shell};

/// Longest that a page has to cover itself before its window is hidden anyway. logind waits 5 s for whoever
/// delays a sleep (logind.conf, `InhibitDelayMaxSec`); elsewhere hiding must be over too before
/// `power::PATIENCE` is.
const COVER: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 500 } else { 300 });

/// What is known of the windows.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    opened: AtomicU32,
    hidden: Mutex<Hidden>,
    covered: Notify,
    pub(crate) crashes: Crashes,
}

/// Windows that are not shown while nobody knows whether the session lives.
#[derive(Debug, Default)]
struct Hidden {
    /// Those that were seen before.
    labels: HashSet<String>,
    /// Those whose pages have not covered themselves yet.
    uncovered: HashSet<String>,
    /// The machine sleeps: nothing is shown whatever is known.
    asleep: bool,
}

impl Windows {
    fn hidden(&self) -> MutexGuard<'_, Hidden> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    let hidden = shell::of(app).windows.hidden().asleep;
    for window in windows.values().filter(|_| !hidden) {
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

/// Covers every page and hides every window that is seen. Returns once that is done.
pub(crate) async fn hide(app: &AppHandle, patience: Duration) {
    let shell = shell::of(app);
    let all = app.webview_windows();
    {
        let mut hidden = shell.windows.hidden();
        hidden.uncovered = all.keys().cloned().collect();
        let seen = all.iter().filter(|(_, window)| is_seen(window));
        hidden.labels.extend(seen.map(|(label, _)| label.clone()));
    }
    for window in all.values() {
        bridge::call(window, "cover", "");
    }
    let covered = async {
        while !shell.windows.hidden().uncovered.is_empty() {
            shell.windows.covered.notified().await;
        }
    };
    if tokio::time::timeout(patience, covered).await.is_err() {
        tracing::debug!("a page did not cover itself in time; its window is hidden all the same");
    }
    for window in all.values() {
        if let Err(why) = window.hide() {
            tracing::warn!("{} could not be hidden: {why}", window.label());
        }
    }
    done(app).await;
}

/// Returns once the main thread has done what it was asked before, and the display as well.
async fn done(app: &AppHandle) {
    let (tell, told) = oneshot::channel();
    let asked = app.run_on_main_thread(move || {
        #[cfg(target_os = "linux")]
        if let Some(display) = gtk::gdk::Display::default() {
            display.sync();
        }
        // Nobody waits any more when the program quits.
        let _ = tell.send(());
    });
    if asked.is_err() || told.await.is_err() {
        tracing::debug!("the main thread has ended");
    }
}

/// The machine is about to sleep.
pub(crate) async fn asleep(app: &AppHandle) {
    let shell = shell::of(app);
    shell.windows.hidden().asleep = true;
    shell.tell(Told::Sleeping);
    hide(app, COVER).await;
}

/// That page has covered itself.
pub(crate) fn covered(app: &AppHandle, label: &str) {
    let shell = shell::of(app);
    shell.windows.hidden().uncovered.remove(label);
    shell.windows.covered.notify_one();
}

/// The machine is awake: as soon as it is known where the session stands, windows are shown again.
pub(crate) async fn awake(app: &AppHandle) {
    shell::of(app).windows.hidden().asleep = false;
    look(app).await;
}

/// The program was stopped, and goes on: what it showed before is not shown again before it is known
/// where the session stands.
#[cfg(unix)]
pub(crate) async fn stopped(app: &AppHandle) {
    hide(app, Duration::ZERO).await;
    look(app).await;
}

async fn look(app: &AppHandle) {
    let shell = shell::of(app);
    let (tell, told) = oneshot::channel();
    shell.tell(Told::Awake);
    shell.tell(Told::Look(tell));
    // Nobody answers if nobody is signed in.
    let _ = told.await;
    show_again(app);
}

/// Shows what was hidden, if the machine is awake and it is known where the session stands. Pages
/// uncover themselves once their own agent knows.
pub(crate) fn show_again(app: &AppHandle) {
    let shell = shell::of(app);
    let phase = shell.with_session(|session| session.snapshot().borrow().phase);
    let known = phase.is_none_or(|phase| phase != Phase::Checking);
    let labels = {
        let mut hidden = shell.windows.hidden();
        if hidden.asleep || !known || hidden.labels.is_empty() {
            return;
        }
        std::mem::take(&mut hidden.labels)
    };
    for window in app.webview_windows().values() {
        bridge::call(window, "uncover", "");
        if labels.contains(window.label()) {
            show(window);
        }
    }
}
