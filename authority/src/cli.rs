//! The command line: flags, and what they come to.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use stillhere::core::policy::{MIN_KEEPALIVE_MS, OutOfRange, Policy};
use url::Url;

use crate::{
    admins::AdminToken,
    config::Config,
    demo::new_token,
    options::{Options, StoreChoice},
    state::{CALLS_PER_SECOND, EVENT_PING_MS, Settings},
    traces,
};

const AFTER_HELP: &str = "The administrator's token comes from STILLHERE_ADMIN_TOKEN only: arguments \
    are visible to other users of the machine. The configuration file can name more of them, by their \
    SHA-256.";

/// Ends the sessions of absent people, never those of present ones.
#[derive(Debug, Parser)]
#[command(name = "stillhere-authority", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// Configuration file (TOML); flags and environment go before it
    #[arg(long, value_name = "FILE", env = "STILLHERE_CONFIG")]
    pub config: Option<PathBuf>,

    /// Check flags, environment and file, say what they come to, and stop
    #[arg(long)]
    pub check_config: bool,

    /// What has a flag.
    #[command(flatten)]
    pub options: Options,

    /// The administrator's token, which the caller reads from the environment.
    #[arg(skip)]
    pub admin_token: Option<String>,
}

/// What the flags come to.
pub struct Setup {
    /// Address to listen on.
    pub listen: String,
    /// Where tokens, policies and logs are kept.
    pub store: StoreChoice,
    /// Settings of the server.
    pub settings: Settings,
    /// Only to be checked.
    pub check_only: bool,
    /// The administrator's token, where it was made just now and has to be shown.
    pub made_admin_token: Option<String>,
}

impl Setup {
    /// What the settings come to, for whoever checks them. It names no token.
    #[must_use]
    pub fn summary(&self) -> String {
        let Policy { idle_timeout_ms, warn_before_ms, keepalive_ms, max_hold_ms, .. } =
            self.settings.policy;
        let ping = self.settings.event_ping_ms;
        let names: Vec<_> = self.settings.admins.iter().map(|admin| admin.name.as_str()).collect();
        let receivers = &self.settings.notices.receivers;
        let receivers: Vec<_> = receivers.iter().map(|it| format!("{it:?}")).collect();
        let store = match &self.store {
            StoreChoice::Memory => "memory (a restart forgets all tokens)".to_owned(),
            StoreChoice::File(path) => path.display().to_string(),
            StoreChoice::Redis(_) => "Redis or Valkey".to_owned(),
        };
        format!(
            "The configuration can be used.\nlisten: {}\nstore: {store}\nidle timeout: {}\n\
             warning before: {}\nkeep-alive: {}\nlongest hold: {}\nping of silent event streams: {}\n\
             administrators: {}\nreceivers: {}\nspans: {}",
            self.listen,
            show(idle_timeout_ms),
            show(warn_before_ms),
            show(keepalive_ms),
            show(max_hold_ms),
            if ping == 0 { "none".to_owned() } else { show(ping) },
            names.join(", "),
            if receivers.is_empty() { "none".to_owned() } else { receivers.join(", ") },
            self.settings.otlp_endpoint.as_ref().map_or("none", Url::as_str),
        )
    }
}

/// Shortest administrator's token: it is compared with, never guessed (OWASP ASVS 5.0, 7.2.3).
const MIN_ADMIN_TOKEN: usize = 16;

impl Cli {
    /// Checks everything that clap cannot.
    ///
    /// # Errors
    /// One sentence that names the flag and what it takes.
    pub fn setup(self) -> Result<Setup, String> {
        let config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let options = self.options.or(config.options);
        let policy = policy(&options);
        policy.check(options.dev).map_err(|why| explain(&policy, why, options.dev))?;
        let event_ping_ms = event_ping(options.event_ping)?;
        check_folders(&options)?;
        let otlp_endpoint = otlp_endpoint(options.otlp_endpoint.as_deref())?;
        let made = options.dev && self.admin_token.is_none();
        let mut admins = config.admins;
        let admin_token = if made {
            Some(new_token().map_err(|why| format!("the system gave no randomness: {why}"))?)
        } else {
            checked_admin_token(self.admin_token, admins.is_empty())?
        };
        let own = |token: &String| AdminToken::of_all_scopes("administrator", token);
        admins.extend(admin_token.as_ref().map(own));
        let port = options.port.unwrap_or(8787);
        Ok(Setup {
            listen: options.listen.unwrap_or_else(|| format!("127.0.0.1:{port}")),
            store: options.store.unwrap_or(StoreChoice::Memory),
            settings: Settings {
                policy,
                dev: options.dev,
                allow_origins: options.allow_origins,
                admins,
                issuers: config.issuers,
                link_tokens: options.link_tokens,
                calls_per_second: options.calls_per_second.unwrap_or(CALLS_PER_SECOND),
                event_ping_ms,
                behind_proxy: options.behind_proxy,
                www: options.www,
                dist: options.dist,
                notices: config.notices,
                otlp_endpoint,
            },
            check_only: self.check_config,
            made_admin_token: admin_token.filter(|_| made),
        })
    }
}

fn check_folders(options: &Options) -> Result<(), String> {
    for (flag, folder) in [("--www", &options.www), ("--dist", &options.dist)] {
        if let Some(folder) = folder.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(format!("{flag} {}: there is no such folder", folder.display()));
        }
    }
    for (flag, given, other, there) in [
        ("--www", options.www.is_some(), "--dev", options.dev),
        ("--dist", options.dist.is_some(), "--www", options.www.is_some()),
    ] {
        if given && !there {
            return Err(format!("{flag} needs {other}"));
        }
    }
    Ok(())
}

/// A proxy that cuts within a second would cut answers as well; nobody needs to know after more than an
/// hour that a connection is dead.
fn event_ping(given: Option<u64>) -> Result<u64, String> {
    match given.unwrap_or(EVENT_PING_MS) {
        ms @ (0 | 1000..=3_600_000) => Ok(ms),
        ms => Err(format!("--event-ping {}: must be between 1s and 1h, or 0s for none", show(ms))),
    }
}

/// An empty variable of OpenTelemetry's environment is one that is not set. What was written may hold a
/// password, so it is not repeated.
fn otlp_endpoint(text: Option<&str>) -> Result<Option<Url>, String> {
    let wrong = |why| format!("--otlp-endpoint or OTEL_EXPORTER_OTLP_ENDPOINT {why}");
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| traces::endpoint(text).map_err(wrong)).transpose()
}

fn policy(options: &Options) -> Policy {
    let idle_timeout_ms = options.idle_timeout.unwrap_or(Policy::DEFAULT.idle_timeout_ms);
    let third = idle_timeout_ms / 3;
    let warn_before_ms = options.warn_before.unwrap_or(Policy::DEFAULT.warn_before_ms.min(third));
    let interval = Policy::DEFAULT.keepalive_ms.min(third).max(MIN_KEEPALIVE_MS);
    Policy {
        idle_timeout_ms,
        warn_before_ms,
        keepalive_ms: options.keep_alive.unwrap_or(interval),
        max_hold_ms: options.max_hold.unwrap_or(Policy::DEFAULT.max_hold_ms),
        ..Policy::DEFAULT
    }
}

fn show(ms: u64) -> String {
    humantime::format_duration(Duration::from_millis(ms)).to_string()
}

fn explain(policy: &Policy, why: OutOfRange, dev: bool) -> String {
    let (flag, given) = match why.field {
        "idle_timeout_ms" => ("--idle-timeout", policy.idle_timeout_ms),
        "warn_before_ms" => ("--warn-before", policy.warn_before_ms),
        "keepalive_ms" => ("--keep-alive", policy.keepalive_ms),
        _ => ("--max-hold", policy.max_hold_ms),
    };
    let range = format!("must be between {} and {}", show(why.min), show(why.max));
    let short = given < why.min && !dev;
    let hint = if short && flag != "--keep-alive" { "; shorter times need --dev" } else { "" };
    format!("{flag} {}: {range}{hint}", show(given))
}

fn checked_admin_token(token: Option<String>, needed: bool) -> Result<Option<String>, String> {
    let Some(token) = token else {
        let why = "STILLHERE_ADMIN_TOKEN is not set: give the administrator a token of 128 bits or \
                   more, name one in the configuration file, or use --dev to have one made";
        return if needed { Err(why.to_owned()) } else { Ok(None) };
    };
    if token.len() < MIN_ADMIN_TOKEN || !crate::bearer::is_b64token(&token) {
        return Err(format!(
            "STILLHERE_ADMIN_TOKEN must have at least {MIN_ADMIN_TOKEN} characters: letters, \
             digits and -._~+/, with = at the end only"
        ));
    }
    Ok(Some(token))
}
