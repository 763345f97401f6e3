//! macOS: notifications of the workspace (sleep) and of the login window (lock).

use std::{
    sync::mpsc::{Receiver, TryRecvError},
    time::{Duration, Instant},
};

use objc2::{
    DefinedClass, MainThreadMarker, MainThreadOnly, define_class, msg_send, rc::Retained, sel,
};
use objc2_app_kit::{
    NSWorkspace, NSWorkspaceDidWakeNotification, NSWorkspaceWillSleepNotification,
};
use objc2_foundation::{
    NSDate, NSDefaultRunLoopMode, NSDistributedNotificationCenter, NSNotification,
    NSNotificationSuspensionBehavior, NSObject, NSRunLoop, ns_string,
};
use stillhere_native::context::Told;
use tauri::AppHandle;

use super::{
    PATIENCE,
    turns::{Turn, Turns},
};
use crate::shell;

/// Between two looks whether everything is hidden.
const LOOK: Duration = Duration::from_millis(10);

/// What an [`Observer`] tells.
struct Tells {
    app: AppHandle,
    turns: Turns,
}

define_class!(
    // SAFETY: NSObject asks nothing of what extends it.
    #[unsafe(super(NSObject))]
    #[thread_kind = MainThreadOnly]
    #[name = "StillherePowerObserver"]
    #[ivars = Tells]
    struct Observer;

    impl Observer {
        /// macOS waits for it before the machine sleeps, for up to 30 s.
        #[unsafe(method(willSleep:))]
        fn will_sleep(&self, _: &NSNotification) {
            let hidden = self.ivars().turns.say(Turn::Asleep);
            if !wait(&hidden) {
                tracing::warn!("the machine sleeps before windows are covered");
            }
        }

        #[unsafe(method(didWake:))]
        fn did_wake(&self, _: &NSNotification) {
            drop(self.ivars().turns.say(Turn::Awake));
        }

        #[unsafe(method(screenIsLocked:))]
        fn screen_is_locked(&self, _: &NSNotification) {
            shell::of(&self.ivars().app).tell(Told::Locked);
        }
    }
);

impl Observer {
    #[expect(unsafe_code, reason = "Objective-C makes its objects")]
    fn new(main: MainThreadMarker, tells: Tells) -> Retained<Self> {
        let this = Self::alloc(main).set_ivars(tells);
        // SAFETY: `init` of NSObject has this signature.
        unsafe { msg_send![super(this), init] }
    }
}

/// From the main thread, where macOS posts all of them.
pub(super) fn watch(app: &AppHandle) {
    let Some(main) = MainThreadMarker::new() else {
        tracing::warn!(
            "sleep and lock are not heard of, since this is not the main thread: windows are not covered \
             before the machine sleeps, and a policy that ends sessions when the screen is locked has no \
             effect"
        );
        return;
    };
    let tells = Tells { app: app.clone(), turns: super::carry_out(app) };
    let observer = Observer::new(main, tells);
    observe(&observer);
    // Who posts does not keep it: it lives as long as the program.
    std::mem::forget(observer);
}

#[expect(unsafe_code, reason = "selectors and the names of notifications are Objective-C's")]
fn observe(observer: &Observer) {
    let workspace = NSWorkspace::sharedWorkspace().notificationCenter();
    let system = NSDistributedNotificationCenter::defaultCenter();
    let locked = ns_string!("com.apple.screenIsLocked");
    // A program that is not in front is told later of what others say, unless it asks for it at once.
    let at_once = NSNotificationSuspensionBehavior::DeliverImmediately;
    // SAFETY: the observer has each of these methods, with one notification as its argument, and the
    // names are set before any program runs.
    unsafe {
        let (sleeps, wakes) = (NSWorkspaceWillSleepNotification, NSWorkspaceDidWakeNotification);
        workspace.addObserver_selector_name_object(observer, sel!(willSleep:), Some(sleeps), None);
        workspace.addObserver_selector_name_object(observer, sel!(didWake:), Some(wakes), None);
        system.addObserver_selector_name_object_suspensionBehavior(
            observer,
            sel!(screenIsLocked:),
            Some(locked),
            None,
            at_once,
        );
    }
}

/// Whether everything was hidden in time. The main thread, which waits here, covers and hides: its loop
/// goes on meanwhile.
#[expect(unsafe_code, reason = "the name of a mode is Objective-C's")]
fn wait(hidden: &Receiver<()>) -> bool {
    let main = NSRunLoop::currentRunLoop();
    // SAFETY: set before any program runs.
    let mode = unsafe { NSDefaultRunLoopMode };
    #[expect(
        clippy::disallowed_methods,
        reason = "a callback of the system's is no moment of the machine"
    )]
    let begun = Instant::now();
    while hidden.try_recv() == Err(TryRecvError::Empty) {
        if begun.elapsed() >= PATIENCE {
            return false;
        }
        main.runMode_beforeDate(mode, &NSDate::dateWithTimeIntervalSinceNow(LOOK.as_secs_f64()));
    }
    true
}
