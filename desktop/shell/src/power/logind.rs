//! Linux: logind, over D-Bus (org.freedesktop.login1(5)).

use futures_util::StreamExt;
use stillhere_native::context::Told;
use tauri::{AppHandle, async_runtime};
use zbus::{
    Connection, proxy,
    zvariant::{OwnedFd, OwnedObjectPath},
};

use crate::{curtain, shell};

/// org.freedesktop.login1(5).
#[proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
trait Manager {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> zbus::Result<OwnedObjectPath>;
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
    #[zbus(signal)]
    fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;
}

#[proxy(
    interface = "org.freedesktop.login1.Session",
    default_service = "org.freedesktop.login1",
    gen_blocking = false
)]
trait Session {
    #[zbus(signal)]
    fn lock(&self) -> zbus::Result<()>;
    #[zbus(property)]
    fn locked_hint(&self) -> zbus::Result<bool>;
}

pub(super) fn watch(app: &AppHandle) {
    let app = app.clone();
    async_runtime::spawn(async move {
        if let Err(why) = listen(&app).await {
            tracing::warn!(
                "sleep and lock are not heard of ({why}): windows are not covered before the machine \
                 sleeps, and a policy that ends sessions when the screen is locked has no effect"
            );
        }
    });
}

async fn listen(app: &AppHandle) -> zbus::Result<()> {
    let system = Connection::system().await?;
    let manager = ManagerProxy::new(&system).await?;
    let mut sleeps = manager.receive_prepare_for_sleep().await?;
    // Of a program that a user's service manager started, logind knows the session by this name.
    let path = match manager.get_session_by_pid(std::process::id()).await {
        Ok(path) => path,
        Err(_) => OwnedObjectPath::try_from("/org/freedesktop/login1/session/auto")?,
    };
    let session = SessionProxy::builder(&system).path(path)?.build().await?;
    let mut locks = session.receive_lock().await?;
    let mut hints = session.receive_locked_hint_changed().await;
    // The machine sleeps when this is let go of.
    let mut delay = delay(&manager).await;
    loop {
        tokio::select! {
            Some(signal) = sleeps.next() => {
                if signal.args()?.start {
                    curtain::asleep(app).await;
                    delay = None;
                } else {
                    curtain::awake(app).await;
                    delay = self::delay(&manager).await;
                }
            }
            Some(_) = locks.next() => shell::of(app).tell(Told::Locked),
            Some(hint) = hints.next() => {
                // What it was before is a change too, the first time.
                if hint.get().await? {
                    shell::of(app).tell(Told::Locked);
                }
            }
            else => {
                drop(delay);
                return Err(zbus::Error::Failure("logind is gone".to_owned()));
            }
        }
    }
}

/// Time to cover what is shown, before the machine sleeps.
async fn delay(manager: &ManagerProxy<'_>) -> Option<OwnedFd> {
    let asked = manager.inhibit("sleep", "Stillhere", "Covers its windows", "delay").await;
    if let Err(why) = &asked {
        tracing::warn!("the machine may sleep before windows are covered: {why}");
    }
    asked.ok()
}
