//! The machine of a sign-in: it runs as long as the sign-in does, whether a window is open or not.

use std::{sync::Arc, time::Duration};

use stillhere::core::{output::Event, rules::Phase};
use stillhere_native::{
    authority::Authority,
    clock::SystemClock,
    context::{self, Context, Options, Said, Told},
    snapshot::Snapshot,
};
use tauri::{
    AppHandle,
    async_runtime::{self, JoinHandle},
};
use tokio::sync::{mpsc::UnboundedReceiver, watch};

use crate::{
    bridge, curtain, idle::SystemIdle, keychain::SignIn, notice, shell, shell::Shell, tray, windows,
};

/// Longest that the program waits on its way out: the machine waits no longer for an answer either.
const LAST_WORD: Duration = Duration::from_secs(6);
/// How often the countdown of a warning is painted.
const TICK: Duration = Duration::from_secs(1);

/// A sign-in that lives.
pub(crate) struct Session {
    pub(crate) sign_in: SignIn,
    context: Context,
    run: JoinHandle<()>,
}

impl Session {
    /// Starts the machine for a sign-in.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn start(app: &AppHandle, shell: &Shell, sign_in: SignIn) -> Result<Self, String> {
        let settings = &shell.settings;
        let authority = Authority::new(
            shell.client.clone(),
            settings.authority.as_str(),
            sign_in.token.clone(),
        );
        let options = Options {
            token: sign_in.token.clone(),
            group: settings.group.clone(),
            keepalive: Arc::new(authority),
            clock: Arc::new(SystemClock::start()),
            idle: Some(Arc::new(SystemIdle::default())),
        };
        let (context, said, run) = context::start(options)
            .map_err(|why| format!("The system gave no randomness ({why}). Sign in again."))?;
        let seen = context.snapshot.clone();
        let user = sign_in.user.clone();
        async_runtime::spawn(follow(app.clone(), user, context.channel.clone(), said, seen));
        let run = async_runtime::spawn(run);
        Ok(Self { sign_in, context, run })
    }

    /// Tells the machine something; nothing once it is over.
    pub(crate) fn tell(&self, told: Told) {
        if self.context.tell.send(told).is_err() {
            tracing::debug!("the machine has ended");
        }
    }

    pub(crate) fn channel(&self) -> &str {
        &self.context.channel
    }

    pub(crate) fn snapshot(&self) -> watch::Receiver<Snapshot> {
        self.context.snapshot.clone()
    }

    /// Leaves: what the authority was not told yet it is told now. The sign-in goes on.
    pub(crate) async fn leave(self) {
        let Self { context, run, .. } = self;
        drop(context);
        if tokio::time::timeout(LAST_WORD, run).await.is_err() {
            tracing::warn!("the authority was not told of the newest activity in time");
        }
    }
}

/// Hands on what the machine says, until it is over.
async fn follow(
    app: AppHandle,
    user: String,
    channel: String,
    mut said: UnboundedReceiver<Said>,
    mut seen: watch::Receiver<Snapshot>,
) {
    loop {
        let warns = seen.borrow().phase == Phase::Warning;
        tokio::select! {
            word = said.recv() => match word {
                Some(Said::Message(bytes)) => bridge::post(&app, &bytes),
                Some(Said::Event(Event::Ended(because))) => shell::ended(&app, &channel, because),
                Some(Said::Event(Event::Phase(Phase::Warning))) => {
                    if !windows::is_any_seen(&app) {
                        notice::warn(&app, &seen.borrow());
                    }
                }
                Some(Said::Event(_)) => {}
                None => return,
            },
            Ok(()) = seen.changed() => {}
            // Nothing is painted by the second but a warning.
            () = tokio::time::sleep(TICK), if warns => {}
        }
        let snapshot = seen.borrow_and_update().clone();
        if shell::is_current(&app, &channel) {
            tray::show_session(&app, &user, &snapshot);
        }
        if snapshot.phase != Phase::Checking {
            curtain::raise(&app);
        }
    }
}
