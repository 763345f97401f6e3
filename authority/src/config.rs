//! The configuration file (TOML): every flag by its name, and what is too long for a flag.

use std::{fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use toml::Table;

use crate::{
    admins::{AdminToken, Scope},
    issuers::{IntrospectionSettings, IssuerSettings, JwtSettings, settings::ClaimSettings},
    notices::NoticeSettings,
    options::Options,
};

/// A configuration file that was read.
#[derive(Debug, Default)]
pub struct Config {
    /// The flags.
    pub options: Options,
    /// Administrators' tokens besides the one of the environment.
    pub admins: Vec<AdminToken>,
    /// Who vouches for tokens that nobody registered.
    pub issuers: Vec<IssuerSettings>,
    /// Who is told when a session ended.
    pub notices: NoticeSettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminSection {
    name: String,
    sha256: String,
    scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct JwtSection {
    issuer: String,
    jwks_url: String,
    audience: String,
    algorithms: Vec<String>,
    user_claim: Option<String>,
    groups_claim: Option<String>,
}

impl JwtSection {
    fn settings(self) -> IssuerSettings {
        let usual = JwtSettings::new(self.issuer, self.jwks_url, self.audience, &[]);
        let claims = claims(self.user_claim, self.groups_claim);
        IssuerSettings::Jwt(JwtSettings { algorithms: self.algorithms, claims, ..usual })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct IntrospectionSection {
    endpoint: String,
    client_id: String,
    client_secret: String,
    user_claim: Option<String>,
    groups_claim: Option<String>,
}

impl IntrospectionSection {
    fn settings(self) -> IssuerSettings {
        let usual = IntrospectionSettings::new(self.endpoint, self.client_id, self.client_secret);
        let claims = claims(self.user_claim, self.groups_claim);
        IssuerSettings::Introspection(IntrospectionSettings { claims, ..usual })
    }
}

fn claims(user: Option<String>, groups: Option<String>) -> ClaimSettings {
    let usual = ClaimSettings::default();
    ClaimSettings { user: user.unwrap_or(usual.user), groups: groups.or(usual.groups), ..usual }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// One sentence that names the file and what is wrong in it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let at = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|why| at(why.to_string()))?;
        Self::parse(&text).map_err(at)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// One sentence on what is wrong in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut table: Table = text.parse().map_err(|why| one_line(&why))?;
        let admins: Vec<AdminSection> = section(&mut table, "admin")?.unwrap_or_default();
        let admins = admins.into_iter().map(AdminSection::check).collect::<Result<_, _>>()?;
        let jwt: Vec<JwtSection> = section(&mut table, "jwt")?.unwrap_or_default();
        let asked: Vec<IntrospectionSection> =
            section(&mut table, "introspection")?.unwrap_or_default();
        let jwt = jwt.into_iter().map(JwtSection::settings);
        let issuers: Vec<_> = jwt.chain(asked.into_iter().map(|a| a.settings())).collect();
        let notices = NoticeSettings::take(&mut table)?;
        let options = Options::deserialize(table).map_err(|why| one_line(&why))?;
        if let Some(wrong) = issuers.iter().flat_map(IssuerSettings::check).next() {
            return Err(format!("issuer: {wrong}"));
        }
        Ok(Self { options, admins, issuers, notices })
    }
}

impl AdminSection {
    fn check(self) -> Result<AdminToken, String> {
        let Self { name, sha256, scopes } = self;
        let wrong = |why: &str| format!("admin `{name}`: {why}");
        let digest = hex(&sha256).ok_or_else(|| {
            wrong(
                "sha256 must be the SHA-256 of the token in 64 hexadecimal digits, such as \
                   `printf %s TOKEN | sha256sum` prints",
            )
        })?;
        let scope = |text: &String| {
            Scope::parse(text).ok_or_else(|| {
                let all = Scope::ALL.map(Scope::name).join(", ");
                wrong(&format!("there is no scope `{text}`: use some of {all}"))
            })
        };
        let scopes = scopes.iter().map(scope).collect::<Result<_, _>>()?;
        Ok(AdminToken { name, digest, scopes })
    }
}

/// Takes a section out of the file, so that what is left are flags.
pub(crate) fn section<T: DeserializeOwned>(
    table: &mut Table,
    name: &str,
) -> Result<Option<T>, String> {
    let value = table.remove(name);
    value
        .map(|value| value.try_into().map_err(|why| format!("{name}: {}", one_line(&why))))
        .transpose()
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digit = |at: usize| text.get(at..=at).and_then(|d| u8::from_str_radix(d, 16).ok());
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = digit(2 * at)? * 16 + digit(2 * at + 1)?;
    }
    (text.len() == 64).then_some(bytes)
}

/// The first line says what, the others show where; a line number is enough.
fn one_line(why: &toml::de::Error) -> String {
    let text = why.to_string();
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [first, .., last] if first.starts_with("TOML parse error") => format!("{first}: {last}"),
        [first, ..] => (*first).to_owned(),
        [] => "it cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_flags_and_administrators() {
        let config = Config::parse(
            r#"
            listen = "[::]:8787"
            idle-timeout = "10m"
            event-ping = "20s"
            allow-origin = ["https://app.example"]
            store = "sessions.redb"
            otlp-endpoint = "http://localhost:4318"

            [[admin]]
            name = "workforce"
            sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            scopes = ["policy:write"]
            "#,
        )
        .unwrap();
        assert_eq!(config.options.idle_timeout, Some(600_000));
        assert_eq!(config.options.event_ping, Some(20_000));
        assert_eq!(config.options.allow_origins, ["https://app.example"]);
        assert_eq!(config.options.otlp_endpoint.as_deref(), Some("http://localhost:4318"));
        assert_eq!(config.admins[0].scopes, [Scope::PolicyWrite]);
        let abc = AdminToken::of_all_scopes("workforce", "abc");
        assert_eq!(config.admins[0].digest, abc.digest);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (text, words) in [
            ("idle-timeout = 10", "string"),
            ("idle-timeout = \"soon\"", "60s, 15m or 8h"),
            ("idle_timeout = \"10m\"", "unknown field `idle_timeout`"),
            ("allow-origin = [\"https://app.example/\"]", "exact origin"),
            ("listen = ", "line 1"),
            ("[[admin]]\nname = \"a\"\nsha256 = \"00\"\nscopes = []", "64 hexadecimal digits"),
            ("[[admin]]\nname = \"a\"", "admin: missing field"),
            ("[[jwt]]\nissuer = \"i\"", "jwt: missing field"),
            (
                "[[jwt]]\nissuer = \"i\"\njwks-url = \"http://id.example/jwks\"\naudience = \"a\"\n\
                 algorithms = [\"RS256\"]",
                "jwks_url must",
            ),
            (
                "[[jwt]]\nissuer = \"i\"\njwks-url = \"https://id.example/jwks\"\naudience = \"a\"\n\
                 algorithms = [\"HS256\"]",
                "algorithms",
            ),
            (
                "[[introspection]]\nendpoint = \"https://id.example/i\"\nclient-id = \"\"\n\
                 client-secret = \"s\"",
                "client_id",
            ),
        ] {
            let why = Config::parse(text).unwrap_err();
            assert!(why.contains(words) && !why.contains('\n'), "{text}: {why}");
        }
        let digest = "0".repeat(64);
        let text = format!("[[admin]]\nname = \"a\"\nsha256 = \"{digest}\"\nscopes = [\"all\"]");
        assert!(Config::parse(&text).unwrap_err().contains("use some of sessions:read"));
    }
}
