//! Which app is shown, which authority decides, and where people sign in.

use std::{fs, path::PathBuf};

use clap::Parser;
use serde::Deserialize;
use url::Url;

/// The app of `npm start`.
const DEMO: &str = "http://localhost:8787/";
/// Who asks, in the words of OAuth 2.0 (RFC 6749, 2.2).
const CLIENT_ID: &str = "stillhere-desktop";

/// What the command line says; each setting can also come from the environment or from a file.
#[derive(Debug, Parser)]
#[command(version, about = "Stillhere: logs out absent people, never present ones")]
pub(crate) struct Arguments {
    /// A TOML file with any of the settings below, by their names (`app = "https://app.example/"`).
    #[arg(long, env = "STILLHERE_DESKTOP_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// Start with the tray icon alone.
    #[arg(long)]
    minimized: bool,
    /// The deep link that the browser followed.
    link: Option<String>,
}

/// What can be set, by whichever way.
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    /// The app's address, https, or http on this machine.
    #[arg(long, env = "STILLHERE_DESKTOP_APP")]
    app: Option<Url>,
    /// The authority's address; the app's own origin without it.
    #[arg(long, env = "STILLHERE_DESKTOP_AUTHORITY")]
    authority: Option<Url>,
    /// Where the browser signs people in (RFC 6749, 3.1); `desktop/` at the app's address without it.
    #[arg(long, env = "STILLHERE_DESKTOP_AUTHORIZE")]
    authorize: Option<Url>,
    /// Where the code is exchanged for the token (RFC 6749, 3.2); `demo/token` at the app's address
    /// without it.
    #[arg(long, env = "STILLHERE_DESKTOP_TOKEN")]
    token: Option<Url>,
    /// The client's name at both [default: stillhere-desktop].
    #[arg(long, env = "STILLHERE_DESKTOP_CLIENT_ID")]
    client_id: Option<String>,
    /// What is asked for (RFC 6749, 3.3), in words with spaces between; nothing without it.
    #[arg(long, env = "STILLHERE_DESKTOP_SCOPE")]
    scope: Option<String>,
    /// The group, where the app names one for its agent.
    #[arg(long, env = "STILLHERE_DESKTOP_GROUP")]
    group: Option<String>,
}

/// Settings that were checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) app: Url,
    pub(crate) authority: Url,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) group: Option<String>,
    pub(crate) minimized: bool,
}

impl Settings {
    /// Reads the file, if one is named, and checks everything.
    ///
    /// # Errors
    /// One sentence that names the setting and what it takes.
    pub(crate) fn read(arguments: Arguments) -> Result<Self, String> {
        let Arguments { config, given, minimized, link: _ } = arguments;
        let file = config.as_ref().map(|path| {
            let text = fs::read_to_string(path)
                .map_err(|why| format!("--config: {} cannot be read: {why}", path.display()))?;
            toml::from_str(&text).map_err(|why| format!("--config: {}: {why}", path.display()))
        });
        let file: Given = file.transpose()?.unwrap_or_default();
        let app = match given.app.or(file.app) {
            Some(app) => app,
            None => Url::parse(DEMO).map_err(|why| why.to_string())?,
        };
        let app = checked("app", app)?;
        let beside = |path: &str| app.join(path).map_err(|why| format!("app: {why}"));
        let or = |name, said: Option<Url>, path| match said {
            Some(url) => checked(name, url),
            None => beside(path),
        };
        let group = given.group.or(file.group);
        if group.as_deref() == Some("") {
            return Err("group must not be empty: leave it out where the app names none".to_owned());
        }
        let scope = given.scope.or(file.scope).unwrap_or_default();
        Ok(Self {
            authority: or("authority", given.authority.or(file.authority), "/")?,
            authorize: or("authorize", given.authorize.or(file.authorize), "desktop/")?,
            token: or("token", given.token.or(file.token), "demo/token")?,
            client_id: given.client_id.or(file.client_id).unwrap_or_else(|| CLIENT_ID.into()),
            scope: scope.split_whitespace().map(str::to_owned).collect(),
            group,
            minimized,
            app,
        })
    }
}

/// A token travels to each of these addresses: in the clear only within this machine.
fn checked(name: &str, url: Url) -> Result<Url, String> {
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && here) {
        return Ok(url);
    }
    Err(format!("{name} must be an https address, or an http address on this machine, not {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let all = ["stillhere-desktop"].iter().chain(arguments);
        Settings::read(Arguments::try_parse_from(all).map_err(|why| why.to_string())?)
    }

    #[test]
    fn everything_stands_beside_the_app_unless_it_is_named() {
        let settings = read(&["--app", "https://desk.example/front/"]).unwrap();
        assert_eq!(settings.authority.as_str(), "https://desk.example/");
        assert_eq!(settings.authorize.as_str(), "https://desk.example/front/desktop/");
        assert_eq!(settings.token.as_str(), "https://desk.example/front/demo/token");
        let other = read(&["--authority", "https://still.example/", "--scope", "openid  profile"]);
        let other = other.unwrap();
        assert_eq!(other.authority.as_str(), "https://still.example/");
        assert_eq!(other.scope, ["openid", "profile"]);
        assert_eq!(other.app.as_str(), DEMO);
    }

    #[test]
    fn no_token_leaves_the_machine_in_the_clear() {
        for address in
            ["http://desk.example/", "ftp://desk.example/", "file:///desk", "http://10.0.0.1/"]
        {
            let why = read(&["--app", address]).unwrap_err();
            assert!(why.starts_with("app must be an https address"), "{why}");
        }
        for address in ["http://127.0.0.1:1/", "http://[::1]:1/", "http://crm.localhost:8787/"] {
            assert!(read(&["--app", address]).is_ok(), "{address}");
        }
    }

    #[test]
    fn a_file_says_the_same_and_the_command_line_says_it_louder() {
        let path = std::env::temp_dir().join(format!("stillhere-{}.toml", std::process::id()));
        fs::write(&path, "app = \"https://file.example/\"\ngroup = \"desk\"\n").unwrap();
        let config = path.to_string_lossy().into_owned();
        let settings = read(&["--config", &config]).unwrap();
        assert_eq!(settings.app.as_str(), "https://file.example/");
        assert_eq!(settings.group.as_deref(), Some("desk"));
        let settings = read(&["--config", &config, "--app", "https://flag.example/"]).unwrap();
        assert_eq!(settings.app.as_str(), "https://flag.example/");
        fs::write(&path, "ap = \"https://file.example/\"\n").unwrap();
        let why = read(&["--config", &config]).unwrap_err();
        assert!(why.contains("unknown field `ap`"), "{why}");
        fs::remove_file(&path).unwrap();
        let why = read(&["--config", &config]).unwrap_err();
        assert!(why.contains("cannot be read"), "{why}");
    }

    #[test]
    fn an_empty_group_is_refused() {
        assert!(read(&["--group", ""]).unwrap_err().starts_with("group must not be empty"));
    }
}
