//! The tray icon: whether somebody is signed in, and until when.

use std::time::Duration;

use jiff::tz::TimeZone;
use stillhere::core::ended::EndedBecause;
use stillhere_native::{context::Told, snapshot::Snapshot};
use tauri::{
    AppHandle, Manager, Wry, async_runtime,
    image::Image,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};

use tokio::sync::oneshot;

use crate::{
    shell, windows,
    words::{self, Shown, Sign},
};

/// The icon and the parts of its menu that change.
struct Tray {
    icon: TrayIcon,
    line: MenuItem<Wry>,
    stay: MenuItem<Wry>,
    sign: MenuItem<Wry>,
    shown: std::sync::Mutex<Option<Shown>>,
    zone: TimeZone,
}

/// When to try again where nothing shows icons yet, in seconds: a panel may start after this program.
const AGAIN: [u64; 3] = [2, 10, 30];

/// Puts the icon up, now or once a panel is there.
pub(crate) fn set_up(app: &AppHandle) {
    let Err(why) = put_up(app) else { return };
    tracing::info!("there is no place for a tray icon yet: {why}");
    let app = app.clone();
    async_runtime::spawn(async move {
        for seconds in AGAIN {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let (tell, told) = oneshot::channel();
            let handle = app.clone();
            // Nobody waits any more when the program quits.
            let put = move || drop(tell.send(put_up(&handle)));
            if app.run_on_main_thread(put).is_err() || matches!(told.await, Ok(Ok(()))) {
                return;
            }
        }
        tracing::warn!("nothing here shows tray icons: the program quits with its last window");
    });
}

/// Whether there is an icon, by which the program can be found when no window is open.
pub(crate) fn is_there(app: &AppHandle) -> bool {
    app.try_state::<Tray>().is_some()
}

fn put_up(app: &AppHandle) -> tauri::Result<()> {
    let item =
        |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
    let line = item("line", "Not signed in", false)?;
    let stay = item("stay", "I am here", false)?;
    let open = item("open", "Open", true)?;
    let another = item("another", "New window", true)?;
    let sign = item("sign", "Sign in\u{2026}", true)?;
    let quit = item("quit", "Quit", true)?;
    let gap = || PredefinedMenuItem::separator(app);
    let menu =
        Menu::with_items(app, &[&line, &stay, &gap()?, &open, &another, &gap()?, &sign, &quit])?;
    let icon = TrayIconBuilder::with_id("stillhere")
        .icon(picture(Sign::Off))
        .tooltip("Not signed in")
        .title(title(""))
        .menu(&menu)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
        .build(app)?;
    let shown = std::sync::Mutex::default();
    app.manage(Tray { icon, line, stay, sign, shown, zone: TimeZone::system() });
    Ok(())
}

/// On macOS the text beside the icon; elsewhere the name that goes with it.
fn title(time: &str) -> String {
    if cfg!(target_os = "macos") {
        time.to_owned()
    } else {
        format!("Stillhere {time}").trim_end().to_owned()
    }
}

fn picture(sign: Sign) -> Image<'static> {
    match sign {
        Sign::Active => tauri::include_image!("icons/tray-active.png"),
        Sign::Warning => tauri::include_image!("icons/tray-warning.png"),
        Sign::Off => tauri::include_image!("icons/tray-off.png"),
    }
}

fn chosen(app: &AppHandle, item: &str) {
    match item {
        "open" => windows::open_or_show(app),
        "another" => windows::open(app),
        "stay" => shell::of(app).tell(Told::Stay),
        "sign" if shell::of(app).with_session(|_| ()).is_some() => shell::sign_out(app),
        "sign" => {
            if let Err(why) = shell::begin_sign_in(app) {
                crate::notice::say(app, "Not signed in", &why);
            }
        }
        "quit" => app.exit(0),
        _ => {}
    }
}

/// Shows where the session stands.
pub(crate) fn show_session(app: &AppHandle, user: &str, snapshot: &Snapshot) {
    let Some(tray) = app.try_state::<Tray>() else { return };
    show(app, words::shown(user, snapshot, words::now(), &tray.zone));
}

/// Shows that nobody is signed in, and why.
pub(crate) fn show_signed_out(app: &AppHandle, because: Option<EndedBecause>) {
    show(app, words::signed_out(because));
}

fn show(app: &AppHandle, next: Shown) {
    let Some(tray) = app.try_state::<Tray>() else { return };
    let mut shown = tray.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if shown.as_ref() == Some(&next) {
        return;
    }
    let warns = next.sign == Sign::Warning;
    let changed = shown.as_ref().is_none_or(|shown| shown.sign != next.sign);
    let painted = (if changed { tray.icon.set_icon(Some(picture(next.sign))) } else { Ok(()) })
        .and_then(|()| tray.icon.set_title(Some(title(&next.title))))
        .and_then(|()| tray.icon.set_tooltip(Some(&next.line)))
        .and_then(|()| tray.line.set_text(&next.line))
        .and_then(|()| tray.stay.set_enabled(warns))
        .and_then(|()| {
            tray.sign.set_text(if next.signed_in { "Sign out" } else { "Sign in\u{2026}" })
        });
    if let Err(why) = painted {
        tracing::warn!("the tray icon does not show where the session stands: {why}");
    }
    *shown = Some(next);
}
