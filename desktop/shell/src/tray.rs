//! The tray icon: whether somebody is signed in, and until when.

use jiff::tz::TimeZone;
use stillhere::core::ended::EndedBecause;
use stillhere_native::{
    clock::{Clock, SystemClock},
    context::Told,
    snapshot::Snapshot,
};
use tauri::{
    App, AppHandle, Manager, Wry,
    image::Image,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};

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
    clock: SystemClock,
    zone: TimeZone,
}

/// Puts the icon up.
///
/// # Errors
/// When the system has no place for it.
pub(crate) fn set_up(app: &mut App) -> tauri::Result<()> {
    let item = |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
    let line = item("line", "Not signed in", false)?;
    let stay = item("stay", "I am here", false)?;
    let open = item("open", "Open", true)?;
    let another = item("another", "New window", true)?;
    let sign = item("sign", "Sign in\u{2026}", true)?;
    let quit = item("quit", "Quit", true)?;
    let gap = || PredefinedMenuItem::separator(app);
    let menu = Menu::with_items(
        app,
        &[&line, &stay, &gap()?, &open, &another, &gap()?, &sign, &quit],
    )?;
    let icon = TrayIconBuilder::with_id("stillhere")
        .icon(picture(Sign::Off))
        .tooltip("Stillhere: not signed in")
        .menu(&menu)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
        .build(app)?;
    let shown = std::sync::Mutex::default();
    let (clock, zone) = (SystemClock::start(), TimeZone::system());
    app.manage(Tray { icon, line, stay, sign, shown, clock, zone });
    Ok(())
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
    let tray = app.state::<Tray>();
    let now = tray.clock.read().wall;
    show(app, words::shown(user, snapshot, now, &tray.zone));
}

/// Shows that nobody is signed in, and why.
pub(crate) fn show_signed_out(app: &AppHandle, because: Option<EndedBecause>) {
    show(app, words::signed_out(because));
}

fn show(app: &AppHandle, next: Shown) {
    let tray = app.state::<Tray>();
    let mut shown = tray.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if shown.as_ref() == Some(&next) {
        return;
    }
    let warns = next.sign == Sign::Warning;
    let title = Some(next.title.as_str()).filter(|title| !title.is_empty());
    let changed = shown.as_ref().is_none_or(|shown| shown.sign != next.sign);
    let painted = (if changed { tray.icon.set_icon(Some(picture(next.sign))) } else { Ok(()) })
        .and_then(|()| tray.icon.set_title(title))
        .and_then(|()| tray.icon.set_tooltip(Some(&next.line)))
        .and_then(|()| tray.line.set_text(&next.line))
        .and_then(|()| tray.stay.set_enabled(warns))
        .and_then(|()| tray.sign.set_text(if next.signed_in { "Sign out" } else { "Sign in\u{2026}" }));
    if let Err(why) = painted {
        tracing::warn!("the tray icon does not show where the session stands: {why}");
    }
    *shown = Some(next);
}
