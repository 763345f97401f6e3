//! The server as one binary.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use stillhere_authority::{
    AppState,
    cli::{Cli, Setup},
    clock::{Clock, SystemClock},
    options::StoreChoice,
    run,
    store::{
        Store, StoreError,
        embedded::EmbeddedStore,
        memory::MemoryStore,
        redis::{RedisOptions, RedisStore},
    },
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A request allocates some dozens of times, and that of the C library takes an eighth of its time; the one
/// of musl, with which the static binary is linked, more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bad flags, as shells and clap have it.
const USAGE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            return fail(text.lines().next().unwrap_or_default(), USAGE);
        }
        Err(help) => help.exit(),
    };
    let admin_token = std::env::var("STILLHERE_ADMIN_TOKEN").ok().filter(|token| !token.is_empty());
    let setup = match (Cli { admin_token, ..cli }).setup() {
        Ok(setup) => setup,
        Err(why) => return fail(&format!("error: {why}"), USAGE),
    };
    if setup.check_only {
        println!("{}", setup.summary());
        return ExitCode::SUCCESS;
    }
    log(setup.settings.dev);
    use_small_pages();
    match serve(setup).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&format!("error: {why}"), 1),
    }
}

/// An open event stream is some pieces of memory of which most is never written, such as the buffers for a next
/// request. In huge pages, which the allocator asks for, all of it counts (docs/decisions/stream-memory.md).
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        // Only what streams cost depends on it.
        tracing::debug!(%error, "huge pages stay on");
    }
}

async fn serve(setup: Setup) -> Result<(), String> {
    let Setup { listen, store, settings, made_admin_token, .. } = setup;
    let listener = TcpListener::bind(&listen).await.map_err(|why| match why.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{listen} is taken: stop the program that listens there, or choose another address \
             with --listen or PORT"
        ),
        _ => format!("cannot listen on {listen}: {why}"),
    })?;
    let address = listener.local_addr().map_err(|why| why.to_string())?;
    let stop = stop_signal().map_err(|why| format!("cannot listen for signals: {why}"))?;
    if let Some(token) = made_admin_token {
        eprintln!("administrator's token: {token}");
    }
    if settings.dev && !address.ip().is_loopback() {
        tracing::warn!("development mode, yet other machines can reach {address}");
    }
    tracing::info!("listening on http://{address}");
    let (store, clock) = open(store).await.map_err(|why| why.to_string())?;
    let state = AppState::open(settings, clock, store).await.map_err(|why| why.to_string())?;
    run(listener, state, stop).await.map_err(|why| why.to_string())
}

/// Nodes that share a store share its clock.
async fn open(store: StoreChoice) -> Result<(Arc<dyn Store>, Arc<dyn Clock>), StoreError> {
    Ok(match store {
        StoreChoice::Memory => (Arc::new(MemoryStore::default()), Arc::new(SystemClock::start())),
        StoreChoice::File(path) => {
            (Arc::new(EmbeddedStore::open(&path)?), Arc::new(SystemClock::start()))
        }
        StoreChoice::Redis(url) => {
            let opened = RedisStore::open(url.expose(), RedisOptions::default()).await?;
            (Arc::new(opened.0), Arc::new(opened.1))
        }
    })
}

/// Logs go to the standard error: JSON for machines, one compact line for a developer.
fn log(dev: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let log = log.with_ansi(io::stderr().is_terminal());
    if dev { log.compact().with_target(false).init() } else { log.json().init() }
}

/// Completes on SIGTERM or ctrl-c.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes on ctrl-c.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn fail(line: &str, code: u8) -> ExitCode {
    eprintln!("{line}");
    ExitCode::from(code)
}
