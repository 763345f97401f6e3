//! Nothing of a page is on the screen before it is known where the session stands: when the machine falls
//! asleep, and when this process was stopped and goes on, a curtain falls in front of every page. It is
//! raised when the machine is awake, the session known, and the page behind it has covered itself, so that
//! what was painted before is not seen once more. Then the page uncovers itself when its own agent knows.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stillhere::core::rules::Phase;
use stillhere_native::context::Told;
use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::{Notify, oneshot};

use crate::{bridge, shell};

/// Longest that a page has to cover itself before the curtain falls anyway. logind waits 5 s for whoever
/// delays a sleep (logind.conf, `InhibitDelayMaxSec`); elsewhere it must have fallen before
/// `power::PATIENCE` is over.
const COVER: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 500 } else { 300 });
/// How long the main thread has to paint what is no longer there: a few frames.
const FRAMES: Duration = Duration::from_millis(50);

/// Where the curtain is.
#[derive(Debug, Default)]
pub(crate) struct Curtain {
    state: Mutex<State>,
    covered: Notify,
    /// One sleep, wake or stop after the other.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The machine sleeps: nothing is shown whatever is known.
    asleep: bool,
    /// The windows behind it, by label, and whether their pages have covered themselves.
    behind: HashMap<String, bool>,
}

impl Curtain {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything stands behind it from now on.
    fn put_behind<'a>(&self, labels: impl Iterator<Item = &'a String>) {
        let mut state = self.state();
        for label in labels {
            state.behind.entry(label.clone()).or_insert(false);
        }
    }

    async fn all_covered(&self) {
        while self.state().behind.values().any(|covered| !covered) {
            self.covered.notified().await;
        }
    }

    /// What can be seen again, if it is `known` where the session stands.
    fn take_free(&self, known: bool) -> Vec<String> {
        let mut state = self.state();
        if state.asleep || !known {
            return Vec::new();
        }
        state.behind.extract_if(|_, covered| *covered).map(|(label, _)| label).collect()
    }
}

/// The machine is about to sleep. Returns once nothing of a page is on the screen.
pub(crate) async fn asleep(app: &AppHandle) {
    let shell = shell::of(app);
    let _turn = shell.curtain.turn.lock().await;
    shell.curtain.state().asleep = true;
    shell.tell(Told::Sleeping);
    let windows = app.webview_windows();
    shell.curtain.put_behind(windows.keys());
    for window in windows.values() {
        bridge::call(window, "cover", "");
    }
    if tokio::time::timeout(COVER, shell.curtain.all_covered()).await.is_err() {
        tracing::debug!("a page did not cover itself in time");
    }
    windows.values().for_each(|window| draw(window, true));
    painted(app).await;
}

/// The machine is awake: the curtain is raised as soon as it is known where the session stands.
pub(crate) async fn awake(app: &AppHandle) {
    let shell = shell::of(app);
    let _turn = shell.curtain.turn.lock().await;
    shell.curtain.state().asleep = false;
    look(app).await;
}

/// The program was stopped, and goes on. What it painted before is still on the screen.
#[cfg(unix)]
pub(crate) async fn stopped(app: &AppHandle) {
    let shell = shell::of(app);
    let _turn = shell.curtain.turn.lock().await;
    let windows = app.webview_windows();
    shell.curtain.put_behind(windows.keys());
    windows.values().for_each(|window| draw(window, true));
    for window in windows.values() {
        bridge::call(window, "cover", "");
    }
    look(app).await;
}

/// The machine in the program finds out where the session stands.
async fn look(app: &AppHandle) {
    let shell = shell::of(app);
    let (tell, told) = oneshot::channel();
    shell.tell(Told::Awake);
    shell.tell(Told::Look(tell));
    // Nobody answers if nobody is signed in.
    let _ = told.await;
    raise(app);
}

/// That page has covered itself, or is a new one.
pub(crate) fn covered(app: &AppHandle, label: &str) {
    let shell = shell::of(app);
    if let Some(covered) = shell.curtain.state().behind.get_mut(label) {
        *covered = true;
    }
    shell.curtain.covered.notify_one();
    raise(app);
}

/// Raises it in front of each page that has covered itself, if the machine is awake and it is known where
/// the session stands.
pub(crate) fn raise(app: &AppHandle) {
    let shell = shell::of(app);
    let phase = shell.with_session(|session| session.snapshot().borrow().phase);
    let known = phase.is_none_or(|phase| phase != Phase::Checking);
    for label in shell.curtain.take_free(known) {
        if let Some(window) = app.get_webview_window(&label) {
            bridge::call(&window, "uncover", "");
            draw(&window, false);
        }
    }
}

/// Draws the curtain in front of one page, or back. The window stays where it is, so that the page goes on
/// painting behind it.
#[cfg(target_os = "linux")]
fn draw(window: &WebviewWindow, closed: bool) {
    use gtk::prelude::WidgetExt;
    let drawn = window.with_webview(move |webview| {
        webview.inner().set_opacity(if closed { 0.0 } else { 1.0 });
    });
    if let Err(why) = drawn {
        tracing::warn!("{} is not what it should be, hidden: {closed}: {why}", window.label());
    }
}

/// Elsewhere the window is hidden.
#[cfg(not(target_os = "linux"))]
fn draw(window: &WebviewWindow, closed: bool) {
    let drawn = if closed { window.hide() } else { window.show() };
    if let Err(why) = drawn {
        tracing::warn!("{} is not what it should be, hidden: {closed}: {why}", window.label());
    }
}

/// Returns once the main thread has done what it was asked before, and the display shows it.
async fn painted(app: &AppHandle) {
    let (tell, told) = oneshot::channel();
    let tell = move || {
        // Nobody waits any more when the program quits.
        let _ = tell.send(());
    };
    if app.run_on_main_thread(tell).is_ok() {
        let _ = told.await;
        tokio::time::sleep(FRAMES).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(labels: &[&str]) -> Curtain {
        let curtain = Curtain::default();
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        curtain.put_behind(labels.iter());
        curtain
    }

    fn cover(curtain: &Curtain, label: &str) {
        *curtain.state().behind.get_mut(label).unwrap() = true;
    }

    #[test]
    fn a_page_is_seen_again_when_it_is_covered_and_the_session_known() {
        let curtain = behind(&["one", "two"]);
        assert!(curtain.take_free(true).is_empty(), "neither has covered itself");
        cover(&curtain, "one");
        assert!(curtain.take_free(false).is_empty(), "nobody knows");
        assert_eq!(curtain.take_free(true), ["one"]);
        assert!(curtain.take_free(true).is_empty(), "once");
        cover(&curtain, "two");
        assert_eq!(curtain.take_free(true), ["two"]);
    }

    #[test]
    fn nothing_is_seen_while_the_machine_sleeps() {
        let curtain = behind(&["one"]);
        cover(&curtain, "one");
        curtain.state().asleep = true;
        assert!(curtain.take_free(true).is_empty());
        curtain.put_behind([String::from("one")].iter());
        curtain.state().asleep = false;
        assert_eq!(curtain.take_free(true), ["one"], "it is covered still");
    }
}
