//! Windows: a window that nobody sees is told of sleep (`WM_POWERBROADCAST`) and lock
//! (`WM_WTSSESSION_CHANGE`).

use std::{sync::OnceLock, thread};

use ::windows::{
    Win32::{
        Foundation::{HANDLE, HWND, LPARAM, LRESULT, WPARAM},
        System::{
            LibraryLoader::GetModuleHandleW,
            Power::RegisterSuspendResumeNotification,
            RemoteDesktop::{NOTIFY_FOR_THIS_SESSION, WTSRegisterSessionNotification},
        },
        UI::WindowsAndMessaging::{
            CreateWindowExW, DEVICE_NOTIFY_WINDOW_HANDLE, DefWindowProcW, DispatchMessageW,
            GetMessageW, HWND_MESSAGE, MSG, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, RegisterClassW,
            WINDOW_EX_STYLE, WINDOW_STYLE, WM_POWERBROADCAST, WM_WTSSESSION_CHANGE, WNDCLASSW,
            WTS_SESSION_LOCK,
        },
    },
    core::{PCWSTR, w},
};
use stillhere_native::context::Told;
use tauri::AppHandle;

use super::{
    PATIENCE,
    turns::{Turn, Turns},
};
use crate::shell;

const CLASS: PCWSTR = w!("stillhere-power");
/// That `WM_POWERBROADCAST` was seen to; what `WM_WTSSESSION_CHANGE` returns is ignored.
const HEARD: LRESULT = LRESULT(1);
/// What the window tells: Windows calls `hear` with nothing of ours.
static TOLD: OnceLock<(AppHandle, Turns)> = OnceLock::new();

/// On a thread of its own: the main thread covers and hides while this one holds up the sleep.
pub(super) fn watch(app: &AppHandle) {
    if TOLD.set((app.clone(), super::carry_out(app))).is_err() {
        return;
    }
    let thread = thread::Builder::new().name("power".to_owned()).spawn(|| {
        if let Err(why) = listen() {
            tracing::warn!(
                "sleep and lock are not heard of ({why}): windows are not covered before the machine \
                 sleeps, and a policy that ends sessions when the screen is locked has no effect"
            );
        }
    });
    if let Err(why) = thread {
        tracing::warn!("sleep and lock are not heard of, since no thread could be started: {why}");
    }
}

/// Goes on for as long as the program lives.
fn listen() -> ::windows::core::Result<()> {
    let window = window()?;
    if let Err(why) = hear_of_sleep(window) {
        tracing::warn!(
            "sleep is not heard of ({why}): windows are not covered before the machine sleeps"
        );
    }
    if let Err(why) = hear_of_locks(window) {
        tracing::warn!(
            "locks are not heard of ({why}): a policy that ends sessions when the screen is locked has \
             no effect"
        );
    }
    pass_on()
}

/// Of messages alone (`HWND_MESSAGE`): what is broadcast to all windows wakes nobody here.
#[expect(
    unsafe_code,
    reason = "Windows has no safe way to make a window without a library of windows"
)]
fn window() -> ::windows::core::Result<HWND> {
    // SAFETY: the class and its name live as long as the program, `hear` has the type that Windows
    // calls, and every handle is one that Windows has just given.
    unsafe {
        let program = GetModuleHandleW(None)?.into();
        let class = WNDCLASSW {
            lpfnWndProc: Some(hear),
            hInstance: program,
            lpszClassName: CLASS,
            ..Default::default()
        };
        if RegisterClassW(&class) == 0 {
            return Err(::windows::core::Error::from_thread());
        }
        let (plain, style) = (WINDOW_EX_STYLE(0), WINDOW_STYLE(0));
        let parent = Some(HWND_MESSAGE);
        CreateWindowExW(plain, CLASS, None, style, 0, 0, 0, 0, parent, None, Some(program), None)
    }
}

/// Machines that sleep with their network on (Modern Standby) tell only who asked.
#[expect(unsafe_code, reason = "a call of Windows")]
fn hear_of_sleep(window: HWND) -> ::windows::core::Result<()> {
    // SAFETY: the window is this thread's, and lives as long as the thread.
    unsafe { RegisterSuspendResumeNotification(HANDLE(window.0), DEVICE_NOTIFY_WINDOW_HANDLE) }
        .map(drop)
}

#[expect(unsafe_code, reason = "a call of Windows")]
fn hear_of_locks(window: HWND) -> ::windows::core::Result<()> {
    // SAFETY: the window is this thread's, and lives as long as the thread.
    unsafe { WTSRegisterSessionNotification(window, NOTIFY_FOR_THIS_SESSION) }
}

/// Passes messages on to `hear` until it is told to quit, which nobody does.
#[expect(
    unsafe_code,
    reason = "Windows brings messages to whoever asks for them on the window's thread"
)]
fn pass_on() -> ::windows::core::Result<()> {
    let mut message = MSG::default();
    loop {
        // SAFETY: the message is this function's own, and read only after Windows has filled it in.
        match unsafe { GetMessageW(&mut message, None, 0, 0) }.0 {
            -1 => return Err(::windows::core::Error::from_thread()),
            0 => return Ok(()),
            // SAFETY: as above.
            _ => drop(unsafe { DispatchMessageW(&message) }),
        }
    }
}

/// The window's procedure; Windows waits for it before the machine sleeps.
extern "system" fn hear(window: HWND, message: u32, what: WPARAM, more: LPARAM) -> LRESULT {
    match (TOLD.get(), message, u32::try_from(what.0)) {
        (Some((_, turns)), WM_POWERBROADCAST, Ok(PBT_APMSUSPEND)) => hold_up(turns),
        // Always after a sleep, whoever ended it; `PBT_APMRESUMESUSPEND` follows if it was a person.
        (Some((_, turns)), WM_POWERBROADCAST, Ok(PBT_APMRESUMEAUTOMATIC)) => {
            drop(turns.say(Turn::Awake));
        }
        (Some((app, _)), WM_WTSSESSION_CHANGE, Ok(WTS_SESSION_LOCK)) => {
            shell::of(app).tell(Told::Locked);
        }
        _ => return leave_to_windows(window, message, what, more),
    }
    HEARD
}

#[expect(unsafe_code, reason = "a call of Windows")]
fn leave_to_windows(window: HWND, message: u32, what: WPARAM, more: LPARAM) -> LRESULT {
    // SAFETY: passes on exactly what Windows gave to the window's procedure.
    unsafe { DefWindowProcW(window, message, what, more) }
}

fn hold_up(turns: &Turns) {
    if turns.say(Turn::Asleep).recv_timeout(PATIENCE).is_err() {
        tracing::warn!("the machine sleeps before windows are covered");
    }
}
