//! Who is signed in, and what follows from what happens.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stillhere::core::ended::EndedBecause;
use stillhere_native::context::Told;
use tauri::{App, AppHandle, Manager, async_runtime, ipc::CapabilityBuilder};
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::{
    bridge::{self, Relays},
    curtain::{self, Curtain},
    keychain::{Keychain, SignIn},
    notice, power,
    session::Session,
    settings::Settings,
    sign_in::{self, Begun},
    tray,
    windows::{self, Windows},
};

/// Longest that the program waits on its way out: the last word of a session has 6 s, the keychain the rest.
const FAREWELL: Duration = Duration::from_secs(8);

/// What the program knows; Tauri hands it to whoever asks.
pub(crate) struct Shell {
    pub(crate) settings: Settings,
    pub(crate) client: reqwest::Client,
    pub(crate) relays: Relays,
    pub(crate) windows: Windows,
    pub(crate) curtain: Curtain,
    keychain: Keychain,
    session: Mutex<Option<Session>>,
    begun: Mutex<Option<Begun>>,
    /// What must be done before the program ends: the authority hears of an end, the keychain forgets.
    farewells: TaskTracker,
    /// Whether the keychain was looked into.
    ready: watch::Sender<bool>,
}

/// A thread that panicked holding one of these left it whole: each is set in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shell {
    fn new(settings: Settings) -> Result<Self, String> {
        // A token is never sent on to an address that an answer names.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|why| format!("HTTPS cannot be used: {why}"))?;
        let keychain = Keychain::new(settings.app.as_str().to_owned());
        Ok(Self {
            settings,
            client,
            relays: Relays::default(),
            windows: Windows::default(),
            curtain: Curtain::default(),
            keychain,
            session: Mutex::default(),
            begun: Mutex::default(),
            farewells: TaskTracker::new(),
            ready: watch::Sender::new(false),
        })
    }

    /// Who is signed in, once that is known.
    pub(crate) async fn sign_in(&self) -> Option<SignIn> {
        // The sender lives as long as this.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
        lock(&self.session).as_ref().map(|session| session.sign_in.clone())
    }

    /// Asks something of the session, if there is one.
    pub(crate) fn with_session<T>(&self, ask: impl FnOnce(&Session) -> T) -> Option<T> {
        lock(&self.session).as_ref().map(ask)
    }

    /// Does that, and keeps the program from ending before it is done.
    fn say_farewell(&self, farewell: impl Future<Output = ()> + Send + 'static) {
        self.farewells.spawn_on(farewell, async_runtime::handle().inner());
    }

    /// Tells the machine something, if somebody is signed in.
    pub(crate) fn tell(&self, told: Told) {
        self.with_session(|session| session.tell(told));
    }
}

/// The shell of this program.
pub(crate) fn of(app: &AppHandle) -> tauri::State<'_, Shell> {
    app.state::<Shell>()
}

/// Sets everything up before the first window.
///
/// # Errors
/// One sentence that says what is missing.
pub(crate) fn set_up(app: &mut App, settings: Settings, minimized: bool) -> Result<(), String> {
    let handle = app.handle().clone();
    let origin = settings.app.origin().ascii_serialization();
    // The app's own pages can ask the shell what `bridge` answers, and no other page anything.
    let mut pages =
        CapabilityBuilder::new("app").remote(format!("{origin}/*")).local(false).window("*");
    for command in ["token", "sign-in", "relay", "hear", "covered"] {
        pages = pages.permission(format!("allow-{command}"));
    }
    app.add_capability(pages).map_err(|why| format!("app: {why}"))?;
    app.manage(Shell::new(settings)?);
    tray::set_up(&handle);
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    if let Err(why) = app.deep_link().register_all() {
        tracing::warn!("the browser cannot come back to this app by itself: {why}");
    }
    let links = handle.clone();
    app.deep_link().on_open_url(move |event| {
        for link in event.urls() {
            follow_link(&links, link);
        }
    });
    power::watch(&handle);
    async_runtime::spawn(resume(handle.clone(), minimized));
    Ok(())
}

/// Goes on with the sign-in that the keychain holds, and opens the first window.
async fn resume(app: AppHandle, minimized: bool) {
    let shell = of(&app);
    match shell.keychain.read().await {
        Ok(Some(sign_in)) => start(&app, sign_in),
        Ok(None) => {}
        Err(why) => {
            tracing::warn!("there is no keychain ({why}): sign-ins last until this app quits")
        }
    }
    shell.ready.send_replace(true);
    if !minimized {
        windows::open(&app);
    }
}

/// Starts the session of a sign-in, in place of any other.
fn start(app: &AppHandle, sign_in: SignIn) {
    let shell = of(app);
    match Session::start(app, &shell, sign_in) {
        Ok(session) => {
            if let Some(before) = lock(&shell.session).replace(session) {
                shell.say_farewell(before.leave());
            }
            bridge::choose(app);
        }
        Err(why) => notice::say(app, "Not signed in", &why),
    }
}

/// A second start of the program, which ends at once: what it was started for.
pub(crate) fn second_start(app: &AppHandle, arguments: &[String]) {
    let is_link = |argument: &String| Url::parse(argument).is_ok_and(|url| sign_in::is_link(&url));
    // Links come by `on_open_url`; whoever started it by hand wants to see it.
    if !arguments.iter().skip(1).any(is_link) {
        windows::open_or_show(app);
    }
}

fn follow_link(app: &AppHandle, link: Url) {
    if !sign_in::is_link(&link) {
        tracing::warn!("a link that this app does not know was not followed");
        return;
    }
    let app = app.clone();
    async_runtime::spawn(async move {
        let shell = of(&app);
        match sign_in::finish(&shell.client, &shell.settings, &shell.begun, &link).await {
            Ok(sign_in) => signed_in(&app, sign_in).await,
            Err(why) => notice::say(&app, "Not signed in", &why),
        }
        windows::open_or_show(&app);
    });
}

async fn signed_in(app: &AppHandle, sign_in: SignIn) {
    let shell = of(app);
    start(app, sign_in.clone());
    if let Err(why) = shell.keychain.write(&sign_in).await {
        tracing::warn!("there is no keychain ({why})");
        let body = "There is no keychain here, so you sign in again when this app was closed.";
        notice::say(app, "Signed in until you quit", body);
    }
    bridge::tell_signed_in(app, &sign_in);
}

/// Opens the browser for signing in.
///
/// # Errors
/// One sentence for the person.
pub(crate) fn begin_sign_in(app: &AppHandle) -> Result<(), String> {
    let shell = of(app);
    let (url, begun) = sign_in::begin(&shell.settings)?;
    *lock(&shell.begun) = Some(begun);
    open::that_detached(url.as_str())
        .map_err(|why| format!("No browser could be opened ({why}). Set a default browser first."))
}

/// Signs out everywhere.
pub(crate) fn sign_out(app: &AppHandle) {
    of(app).tell(Told::End(EndedBecause::SignedOut));
}

/// The session of that channel is over.
pub(crate) fn ended(app: &AppHandle, channel: &str, because: EndedBecause) {
    let shell = of(app);
    let over = {
        let mut session = lock(&shell.session);
        session.take_if(|session| session.channel() == channel)
    };
    let Some(over) = over else { return };
    tray::show_signed_out(app, Some(because));
    curtain::raise(app);
    if because != EndedBecause::SignedOut && !windows::is_any_seen(app) {
        notice::ended(app, because);
    }
    let (handle, keychain) = (app.clone(), shell.keychain.clone());
    shell.say_farewell(async move {
        over.leave().await;
        // Somebody may have signed in meanwhile: theirs stays.
        let anew = of(&handle).with_session(|_| ()).is_some();
        if !anew && let Err(why) = keychain.clear().await {
            tracing::warn!("the keychain did not forget the token, which is dead ({why})");
        }
    });
}

/// Whether the session of that channel is the one that lives.
pub(crate) fn is_current(app: &AppHandle, channel: &str) -> bool {
    of(app).with_session(|session| session.channel() == channel) == Some(true)
}

/// The program ends: the sign-in goes on, and the authority hears of the newest activity.
pub(crate) fn leave(app: &AppHandle) {
    let shell = of(app);
    if let Some(session) = lock(&shell.session).take() {
        shell.say_farewell(session.leave());
    }
    shell.farewells.close();
    let all = async { tokio::time::timeout(FAREWELL, shell.farewells.wait()).await };
    if async_runtime::block_on(all).is_err() {
        tracing::warn!("the program quits before the authority or the keychain has heard of all");
    }
}
