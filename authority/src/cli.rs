//! Flags and environment.

use std::{path::PathBuf, time::Duration};

use axum::http::HeaderValue;
use clap::Parser;
use stillhere::core::policy::{MIN_KEEPALIVE_MS, OutOfRange, Policy};

use crate::{admins::AdminToken, cors::parse_origin, demo::new_token, state::Settings};

const AFTER_HELP: &str = "The administrator's token comes from STILLHERE_ADMIN_TOKEN only: arguments \
    are visible to other users of the machine.";

/// Ends the sessions of absent people, never those of present ones.
#[derive(Debug, Parser)]
#[command(name = "stillhere-authority", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// Address to listen on [default: 127.0.0.1 at the port of --port]
    #[arg(long, value_name = "ADDR", env = "STILLHERE_LISTEN")]
    pub listen: Option<String>,

    /// Port on the loopback address, where --listen is not given
    #[arg(long, env = "PORT", default_value_t = 8787)]
    pub port: u16,

    /// Time without activity after which a session ends, 5m to 8h
    #[arg(long, value_name = "DURATION", env = "STILLHERE_IDLE_TIMEOUT", default_value = "15m", value_parser = duration_ms)]
    pub idle_timeout: u64,

    /// Time before the deadline at which users are warned, at least 20s [default: 1m, a third of a
    /// shorter timeout]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_WARN_BEFORE", value_parser = duration_ms)]
    pub warn_before: Option<u64>,

    /// Time between two keep-alives of a token at the least [default: 30s, a third of a shorter
    /// timeout]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_KEEP_ALIVE", value_parser = duration_ms)]
    pub keep_alive: Option<u64>,

    /// Longest time to live of a hold, at most 24h
    #[arg(long, value_name = "DURATION", env = "STILLHERE_MAX_HOLD", default_value = "1h", value_parser = duration_ms)]
    pub max_hold: u64,

    /// Tokens of one sign-in share activity and holds: while one lives, none is idle. Otherwise each
    /// has its own idle time
    #[arg(long, env = "STILLHERE_LINK_TOKENS")]
    pub link_tokens: bool,

    /// Where tokens are kept: memory
    #[arg(long, env = "STILLHERE_STORE", default_value = "memory", value_parser = store)]
    pub store: String,

    /// Development mode: times under 5 minutes, calls from every loopback origin, a token for the
    /// administrator if there is none, and readable logs
    #[arg(long, env = "STILLHERE_DEV")]
    pub dev: bool,

    /// Exact origin of pages that may call from a browser; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN", env = "STILLHERE_ALLOW_ORIGIN", value_delimiter = ',', value_parser = parse_origin)]
    pub allow_origins: Vec<HeaderValue>,

    /// Folder of demo pages to serve at /, together with /demo/sign-in; needs --dev
    #[arg(long, value_name = "DIR", env = "STILLHERE_WWW")]
    pub www: Option<PathBuf>,

    /// Folder of the built agent to serve at /dist; needs --www
    #[arg(long, value_name = "DIR", env = "STILLHERE_DIST")]
    pub dist: Option<PathBuf>,

    /// The administrator's token, which the caller reads from the environment.
    #[arg(skip)]
    pub admin_token: Option<String>,
}

/// What the flags come to.
pub struct Setup {
    /// Address to listen on.
    pub listen: String,
    /// Settings of the server.
    pub settings: Settings,
    /// The administrator's token, where it was made just now and has to be shown.
    pub made_admin_token: Option<String>,
}

/// Shortest administrator's token: it is compared with, never guessed (OWASP ASVS 5.0, 7.2.3).
const MIN_ADMIN_TOKEN: usize = 16;

impl Cli {
    /// Checks everything that clap cannot.
    ///
    /// # Errors
    /// One sentence that names the flag and what it takes.
    pub fn setup(self) -> Result<Setup, String> {
        let policy = self.policy();
        policy.check(self.dev).map_err(|why| self.explain(why))?;
        for (flag, folder) in [("--www", &self.www), ("--dist", &self.dist)] {
            if let Some(folder) = folder.as_deref().filter(|folder| !folder.is_dir()) {
                return Err(format!("{flag} {}: there is no such folder", folder.display()));
            }
        }
        for (flag, given, other, there) in [
            ("--www", self.www.is_some(), "--dev", self.dev),
            ("--dist", self.dist.is_some(), "--www", self.www.is_some()),
        ] {
            if given && !there {
                return Err(format!("{flag} needs {other}"));
            }
        }
        let made = self.dev && self.admin_token.is_none();
        let admin_token = if made {
            new_token().map_err(|why| format!("the system gave no randomness: {why}"))?
        } else {
            checked_admin_token(self.admin_token)?
        };
        Ok(Setup {
            listen: self.listen.unwrap_or_else(|| format!("127.0.0.1:{}", self.port)),
            settings: Settings {
                policy,
                dev: self.dev,
                allow_origins: self.allow_origins,
                admins: vec![AdminToken::of_all_scopes("administrator", &admin_token)],
                link_tokens: self.link_tokens,
                www: self.www,
                dist: self.dist,
            },
            made_admin_token: made.then_some(admin_token),
        })
    }

    fn policy(&self) -> Policy {
        let third = self.idle_timeout / 3;
        Policy {
            idle_timeout_ms: self.idle_timeout,
            warn_before_ms: self
                .warn_before
                .unwrap_or_else(|| Policy::DEFAULT.warn_before_ms.min(third)),
            keepalive_ms: self
                .keep_alive
                .unwrap_or_else(|| Policy::DEFAULT.keepalive_ms.min(third).max(MIN_KEEPALIVE_MS)),
            max_hold_ms: self.max_hold,
            ..Policy::DEFAULT
        }
    }

    fn explain(&self, why: OutOfRange) -> String {
        let (flag, given) = match why.field {
            "idle_timeout_ms" => ("--idle-timeout", self.policy().idle_timeout_ms),
            "warn_before_ms" => ("--warn-before", self.policy().warn_before_ms),
            "keepalive_ms" => ("--keep-alive", self.policy().keepalive_ms),
            _ => ("--max-hold", self.policy().max_hold_ms),
        };
        let show = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
        let range = format!("must be between {} and {}", show(why.min), show(why.max));
        let short = given < why.min && !self.dev;
        let hint = if short && flag != "--keep-alive" { "; shorter times need --dev" } else { "" };
        format!("{flag} {}: {range}{hint}", show(given))
    }
}

fn checked_admin_token(token: Option<String>) -> Result<String, String> {
    let token = token.ok_or(
        "STILLHERE_ADMIN_TOKEN is not set: give the administrator a token of 128 bits or more, \
         or use --dev to have one made",
    )?;
    if token.len() < MIN_ADMIN_TOKEN || !crate::bearer::is_b64token(&token) {
        return Err(format!(
            "STILLHERE_ADMIN_TOKEN must have at least {MIN_ADMIN_TOKEN} characters: letters, \
             digits and -._~+/, with = at the end only"
        ));
    }
    Ok(token)
}

fn duration_ms(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "write a duration such as 500ms, 60s, 15m or 8h".to_owned())?;
    let whole = duration.subsec_nanos() % 1_000_000 == 0;
    let ms = u64::try_from(duration.as_millis()).ok().filter(|_| whole);
    ms.ok_or_else(|| "write a duration in whole milliseconds".to_owned())
}

fn store(text: &str) -> Result<String, String> {
    if text == "memory" {
        Ok(text.to_owned())
    } else {
        Err("this version keeps tokens in memory only: use --store memory".to_owned())
    }
}
