//! The desktop app. It loads the app's pages in windows, with the same agent in each, and runs the same
//! machine itself, so that the session goes on while no window is open (docs/desktop.md).
//!
//! | file | answers |
//! | --- | --- |
//! | `settings` | which app, which authority, where people sign in |
//! | `shell` | START HERE: who is signed in, and what follows from what happens |
//! | `session` | the machine of a sign-in, and whom it tells |
//! | `windows` | windows, and where their links go |
//! | `curtain` | nothing is shown before it is known where the session stands |
//! | `crash` | what goes wrong in them |
//! | `bridge` | what pages can ask of the shell, and the way of the group's messages |
//! | `sign_in`, `keychain` | through the browser and back; where the token waits |
//! | `tray`, `notice`, `words` | what people see outside of windows |
//! | `power`, `idle` | what the operating system knows: sleep, lock, the last input |
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod crash;
mod curtain;
mod idle;
mod keychain;
mod notice;
mod power;
mod session;
mod settings;
mod shell;
mod sign_in;
mod tray;
mod windows;
mod words;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use tauri::RunEvent;
use tracing_subscriber::EnvFilter;

use crate::settings::{Arguments, Settings};

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("STILLHERE_LOG")
        .unwrap_or_else(|_| "error,stillhere_desktop=warn,stillhere_native=warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Settings::read(Arguments::parse()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tracing::error!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: Settings) -> Result<(), String> {
    // Whatever else in this process speaks TLS may have chosen first: one of them is enough.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let minimized = settings.minimized;
    runtime()?;
    let builder = tauri::Builder::default();
    #[cfg(target_os = "macos")]
    let builder = builder.on_web_content_process_terminate(crash::terminated);
    let app = builder
        // It must come first: a second start hands its arguments over and ends here.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            shell::second_start(app, &arguments);
        }))
        .plugin(tauri_plugin_deep_link::init())
        .invoke_handler(tauri::generate_handler![
            bridge::token,
            bridge::sign_in,
            bridge::relay,
            bridge::hear,
            bridge::covered,
        ])
        .setup(move |app| Ok(shell::set_up(app, settings, minimized)?))
        .build(tauri::generate_context!())
        .map_err(|why| format!("the window system cannot be used: {why}"))?;
    app.run(|app, event| match event {
        // The tray icon stays when the last window is closed.
        RunEvent::ExitRequested { code: None, api, .. } if tray::is_there(app) => {
            api.prevent_exit();
        }
        RunEvent::Exit => shell::leave(app),
        _ => {}
    });
    Ok(())
}

/// One thread carries everything; what blocks (the keychain, a notification, the system's idle time) is rare,
/// and its threads end soon.
fn runtime() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_keep_alive(Duration::from_secs(1))
        .enable_all()
        .build()
        .map_err(|why| format!("no thread could be started: {why}"))?;
    // It lives as long as the program.
    let runtime: &'static _ = Box::leak(Box::new(runtime));
    tauri::async_runtime::set(runtime.handle().clone());
    Ok(())
}
