//! The services of a desktop, for tests: logind on the system's bus, a panel for tray icons and
//! notifications on the session's. Told by lines on its input, it answers by lines of JSON.
//!
//! | line | does |
//! | --- | --- |
//! | `sleep`, `wake` | `PrepareForSleep`; `sleep` is answered once nobody delays it |
//! | `lock`, `hint` | `Lock`; `LockedHint` becomes true |
//! | `tray` | the icon's label, tooltip and menu |
//! | `choose TEXT` | clicks the menu's item of that text |
//! | `secrets` | how many entries of the app the keychain holds |
#![allow(missing_docs, reason = "a tool of the tests")]

use std::{
    collections::HashMap,
    io::BufRead,
    os::fd::OwnedFd,
    sync::{Arc, Mutex},
};

use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use zbus::{
    Connection, connection, interface,
    message::Header,
    object_server::SignalEmitter,
    zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value},
};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn say(line: &Json) {
    println!("{line}");
}

/// Ends of the pipes whose other ends are with whoever delays sleep.
type Delays = Arc<Mutex<Vec<std::io::PipeReader>>>;

struct Manager {
    delays: Delays,
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, _pid: u32) -> OwnedObjectPath {
        ObjectPath::from_static_str_unchecked("/org/freedesktop/login1/session/one").into()
    }

    fn inhibit(
        &self,
        what: &str,
        who: &str,
        why: &str,
        mode: &str,
    ) -> zbus::fdo::Result<zbus::zvariant::OwnedFd> {
        let (reader, writer) =
            std::io::pipe().map_err(|why| zbus::fdo::Error::Failed(why.to_string()))?;
        if let Ok(mut delays) = self.delays.lock() {
            delays.push(reader);
        }
        say(&json!({ "inhibit": [what, who, why, mode] }));
        Ok(OwnedFd::from(writer).into())
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;
}

struct Session {
    locked: bool,
}

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        self.locked
    }

    #[zbus(signal)]
    async fn lock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

/// Where an icon can be asked: the bus name and the path.
type Icon = Arc<Mutex<Option<(String, String)>>>;

struct Watcher {
    icon: Icon,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let (name, path) = if service.starts_with('/') {
            (sender, service.to_owned())
        } else {
            (service.to_owned(), "/StatusNotifierItem".to_owned())
        };
        if let Ok(mut icon) = self.icon.lock() {
            *icon = Some((name, path));
        }
        say(&json!({ "icon": service }));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

struct Notifications;

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "Desktop Notifications Specification, Notify")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire: i32,
    ) -> u32 {
        say(&json!({ "notification": { "summary": summary, "body": body } }));
        1
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".to_owned(), "actions".to_owned()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("tests".to_owned(), "tests".to_owned(), "1".to_owned(), "1.2".to_owned())
    }
}

/// An item of a menu: its number, its text, whether it can be chosen.
type Item = (i32, String, bool);
/// com.canonical.dbusmenu, `GetLayout`.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// StatusNotifierItem, `ToolTip`: an icon's name, its picture, a title, a text.
type ToolTip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);

/// What a panel shows of an icon.
struct Shown {
    title: String,
    tooltip: String,
    menu: String,
    items: Vec<Item>,
}

async fn look(bus: &Connection, icon: &Icon) -> Outcome<Shown> {
    let (name, path) = icon.lock().ok().and_then(|icon| icon.clone()).ok_or("there is no icon")?;
    let item = zbus::Proxy::new(bus, name.clone(), path, "org.kde.StatusNotifierItem").await?;
    let menu: OwnedObjectPath = item.get_property("Menu").await?;
    let menu_path = menu.to_string();
    let menu = zbus::Proxy::new(bus, name, menu, "com.canonical.dbusmenu").await?;
    let (_, (_, _, children)): (u32, Layout) =
        menu.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).await?;
    let mut items = Vec::new();
    for child in children {
        let (id, about, _): Layout = Value::from(child).try_into()?;
        let text = about.get("label").and_then(|text| text.downcast_ref::<String>().ok());
        let enabled = about.get("enabled").and_then(|on| on.downcast_ref::<bool>().ok());
        if let Some(text) = text {
            items.push((id, text.replace('_', ""), enabled.unwrap_or(true)));
        }
    }
    let title: String = item.get_property("Title").await?;
    let about: ToolTip = item.get_property::<OwnedValue>("ToolTip").await?.try_into()?;
    Ok(Shown { title, tooltip: about.3, menu: menu_path, items })
}

/// Secret Service API 0.2, `SearchItems`.
async fn secrets(bus: &Connection) -> Outcome<usize> {
    let path = "/org/freedesktop/secrets";
    let name = "org.freedesktop.secrets";
    let service = zbus::Proxy::new(bus, name, path, "org.freedesktop.Secret.Service").await?;
    let wanted = HashMap::from([("service", "stillhere-desktop")]);
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
        service.call("SearchItems", &(wanted,)).await?;
    Ok(open.len() + locked.len())
}

async fn choose(bus: &Connection, icon: &Icon, text: &str) -> Outcome<()> {
    let shown = look(bus, icon).await?;
    let path = shown.menu;
    let (id, ..) =
        shown.items.into_iter().find(|item| item.1 == text).ok_or("there is no such item")?;
    let name = icon.lock().ok().and_then(|icon| icon.clone()).ok_or("there is no icon")?.0;
    let menu = zbus::Proxy::new(bus, name, path, "com.canonical.dbusmenu").await?;
    let none = Value::from(0_i32);
    let () = menu.call("Event", &(id, "clicked", none, 0_u32)).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let delays = Delays::default();
    let icon = Icon::default();
    let system = connection::Builder::system()?
        .name("org.freedesktop.login1")?
        .serve_at("/org/freedesktop/login1", Manager { delays: delays.clone() })?
        .serve_at("/org/freedesktop/login1/session/one", Session { locked: false })?
        .build()
        .await?;
    let session = connection::Builder::session()?
        .name("org.kde.StatusNotifierWatcher")?
        .name("org.freedesktop.Notifications")?
        .serve_at("/StatusNotifierWatcher", Watcher { icon: icon.clone() })?
        .serve_at("/org/freedesktop/Notifications", Notifications)?
        .build()
        .await?;
    let manager = system.object_server().interface::<_, Manager>("/org/freedesktop/login1").await?;
    let one = system
        .object_server()
        .interface::<_, Session>("/org/freedesktop/login1/session/one")
        .await?;
    say(&json!({ "ready": true }));

    let (lines, mut told) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = told.recv().await {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer: Outcome<Json> = match word {
            "sleep" => {
                Manager::prepare_for_sleep(manager.signal_emitter(), true).await?;
                released(&delays).await;
                Ok(json!({ "asleep": true }))
            }
            "wake" => {
                Manager::prepare_for_sleep(manager.signal_emitter(), false).await?;
                Ok(json!({ "awake": true }))
            }
            "lock" => {
                Session::lock(one.signal_emitter()).await?;
                Ok(json!({ "locked": true }))
            }
            "hint" => {
                let mut session = one.get_mut().await;
                session.locked = true;
                session.locked_hint_changed(one.signal_emitter()).await?;
                Ok(json!({ "locked": true }))
            }
            "tray" => look(&session, &icon).await.map(|shown| {
                let items: Vec<Json> = shown
                    .items
                    .into_iter()
                    .map(|(_, text, enabled)| json!({ "text": text, "enabled": enabled }))
                    .collect();
                json!({ "tray": { "title": shown.title, "tooltip": shown.tooltip, "items": items } })
            }),
            "choose" => choose(&session, &icon, rest).await.map(|()| json!({ "chosen": rest })),
            "secrets" => secrets(&session).await.map(|count| json!({ "secrets": count })),
            _ => Err("unknown".into()),
        };
        say(&answer.unwrap_or_else(|why| json!({ "error": why.to_string() })));
    }
    Ok(())
}

/// Returns once whoever delayed sleep has let go.
async fn released(delays: &Delays) {
    let all = delays.lock().map(|mut delays| std::mem::take(&mut *delays)).unwrap_or_default();
    let wait = move || {
        for mut reader in all {
            let _ = std::io::Read::read(&mut reader, &mut [0]);
        }
    };
    let _ = tokio::task::spawn_blocking(wait).await;
}
