//! The sections of the configuration file about receivers, and what is wrong with them.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use toml::Table;
use url::Url;

use super::{
    Receiver, Way, backchannel::BackChannel, caep::Caep, signing::Signer, webhook::Webhook,
};
use crate::{
    config::section,
    http_client::{AnswerLimits, Endpoint, address},
    options::duration_ms,
    secret::Secret,
};

/// Bytes of an answer that are read: a reason for a refusal is short.
const MAX_ANSWER: usize = 16 * 1024;
/// Characters of a receiver's name.
const MAX_NAME: usize = 64;

/// When to try again, and when to give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySettings {
    /// Longest pause after the first failure, in milliseconds, 1 or more; it doubles with each.
    pub first_ms: u64,
    /// Longest pause at all, in milliseconds, at least `first_ms`. No receiver can ask for a longer
    /// one with `Retry-After` either.
    pub longest_ms: u64,
    /// Milliseconds after an end at which it becomes a dead letter, 0 or more. One that happened
    /// before the start of the process has this long from the start.
    pub give_up_ms: u64,
    /// Attempts after which it becomes a dead letter, 1 or more.
    pub max_attempts: u32,
    /// What pauses are drawn from; None takes the system's randomness.
    pub seed: Option<u64>,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            first_ms: 5000,
            longest_ms: 60 * 60 * 1000,
            give_up_ms: 24 * 60 * 60 * 1000,
            max_attempts: u32::MAX,
            seed: None,
        }
    }
}

/// Who is told when a session ended, and how.
#[derive(Debug, Clone, Default)]
pub struct NoticeSettings {
    /// The receivers, no two of one kind with the same name.
    pub receivers: Vec<Receiver>,
    /// What signs tokens. Its public key is published even where nobody is sent one.
    pub signer: Option<Arc<Signer>>,
    /// When to try again.
    pub retry: RetrySettings,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NoticesSection {
    timeout: Option<String>,
    first_retry: Option<String>,
    longest_retry: Option<String>,
    give_up_after: Option<String>,
    max_attempts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SigningSection {
    issuer: String,
    key_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WebhookSection {
    name: String,
    url: String,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    secret_files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BackChannelSection {
    name: String,
    url: String,
    audience: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CaepSection {
    name: String,
    url: String,
    audience: String,
    subject_issuer: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
}

/// What the sections have in common while they are read.
struct Reading {
    limits: AnswerLimits,
    signer: Option<Arc<Signer>>,
    receivers: Vec<Receiver>,
}

impl NoticeSettings {
    /// Takes the sections about receivers out of the configuration file.
    ///
    /// # Errors
    /// One sentence that names the section and what is wrong in it.
    pub(crate) fn take(table: &mut Table) -> Result<Self, String> {
        let notices: NoticesSection = section(table, "notices")?.unwrap_or_default();
        let (retry, timeout) = notices.check().map_err(|why| format!("notices: {why}"))?;
        let signing: Option<SigningSection> = section(table, "signing")?;
        let signer = signing.map(SigningSection::check).transpose();
        let signer = signer.map_err(|why| format!("signing: {why}"))?.map(Arc::new);
        let limits = AnswerLimits { timeout, max_body: MAX_ANSWER };
        let mut reading = Reading { limits, signer, receivers: Vec::new() };
        for it in section::<Vec<WebhookSection>>(table, "webhook")?.unwrap_or_default() {
            reading.add("webhook", it.name.clone(), it.url.clone(), |_| it.way())?;
        }
        let kind = "backchannel-logout";
        for it in section::<Vec<BackChannelSection>>(table, kind)?.unwrap_or_default() {
            reading.add(kind, it.name.clone(), it.url.clone(), |signer| it.way(signer))?;
        }
        for it in section::<Vec<CaepSection>>(table, "caep")?.unwrap_or_default() {
            reading.add("caep", it.name.clone(), it.url.clone(), |signer| it.way(signer))?;
        }
        let Reading { signer, receivers, .. } = reading;
        let mut readers = BTreeSet::new();
        if let Some(twice) = receivers.iter().find(|receiver| !readers.insert(receiver.reader())) {
            return Err(format!("{} `{}`: name is taken already", twice.kind(), twice.name()));
        }
        Ok(Self { receivers, signer, retry })
    }
}

impl Reading {
    fn add(
        &mut self,
        kind: &str,
        name: String,
        url: String,
        way: impl FnOnce(Option<Arc<Signer>>) -> Result<Way, String>,
    ) -> Result<(), String> {
        let receiver = self.receiver(&name, &url, way);
        self.receivers.push(receiver.map_err(|why| format!("{kind} `{name}`: {why}"))?);
        Ok(())
    }

    fn receiver(
        &self,
        name: &str,
        url: &str,
        way: impl FnOnce(Option<Arc<Signer>>) -> Result<Way, String>,
    ) -> Result<Receiver, String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(format!("name must have 1 to {MAX_NAME} letters, digits, -, _ and ."));
        }
        let url = url_of("url", url)?;
        let endpoint = Endpoint::new(&url, self.limits.clone()).map_err(|why| format!("url {why}"));
        let (endpoint, way) = (endpoint?, way(self.signer.clone())?);
        let origin = url.origin().ascii_serialization();
        Ok(Receiver::new(name.to_owned(), origin, endpoint, way))
    }
}

impl NoticesSection {
    fn check(self) -> Result<(RetrySettings, Duration), String> {
        let usual = RetrySettings::default();
        let ms = |field: &str, text: Option<String>, otherwise: u64| match text {
            Some(text) => duration_ms(&text).map_err(|why| format!("{field}: {why}")),
            None => Ok(otherwise),
        };
        let retry = RetrySettings {
            first_ms: ms("first-retry", self.first_retry, usual.first_ms)?,
            longest_ms: ms("longest-retry", self.longest_retry, usual.longest_ms)?,
            give_up_ms: ms("give-up-after", self.give_up_after, usual.give_up_ms)?,
            max_attempts: self.max_attempts.unwrap_or(usual.max_attempts),
            seed: None,
        };
        if retry.first_ms == 0 {
            return Err("first-retry must be at least 1ms".to_owned());
        }
        if retry.longest_ms < retry.first_ms {
            return Err("longest-retry must be no shorter than first-retry".to_owned());
        }
        if retry.max_attempts == 0 {
            return Err("max-attempts must be at least 1".to_owned());
        }
        let timeout = Duration::from_millis(ms("timeout", self.timeout, 10_000)?);
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&timeout) {
            return Err("timeout must be between 1ms and 10s".to_owned());
        }
        Ok((retry, timeout))
    }
}

impl SigningSection {
    fn check(self) -> Result<Signer, String> {
        url_of("issuer", &self.issuer)?;
        let pem = read("key-file", &self.key_file)?;
        Signer::from_pem(self.issuer, pem.as_bytes()).map_err(|why| format!("key-file {why}"))
    }
}

impl WebhookSection {
    fn way(self) -> Result<Way, String> {
        let files = self.secret_files.iter().map(|path| secret("secret-files", path));
        let mut secrets = files.collect::<Result<Vec<_>, _>>()?;
        secrets.extend(self.secrets.into_iter().map(Secret::from));
        if secrets.is_empty() {
            return Err("secrets or secret-files must name at least one".to_owned());
        }
        let webhook = Webhook::new(&secrets).map_err(|why| format!("secrets {why}"))?;
        Ok(Way::Webhook(webhook))
    }
}

impl BackChannelSection {
    fn way(self, signer: Option<Arc<Signer>>) -> Result<Way, String> {
        let signer = needed(signer)?;
        not_empty("audience", &self.audience)?;
        Ok(Way::BackChannel(BackChannel { audience: self.audience, signer }))
    }
}

impl CaepSection {
    fn way(self, signer: Option<Arc<Signer>>) -> Result<Way, String> {
        let signer = needed(signer)?;
        not_empty("audience", &self.audience)?;
        let token = match (self.token, self.token_file) {
            (Some(_), Some(_)) => return Err("token and token-file: give one of them".to_owned()),
            (Some(token), None) => Some(Secret::from(token)),
            (None, Some(path)) => Some(secret("token-file", &path)?),
            (None, None) => None,
        };
        if token.as_ref().is_some_and(|token| !crate::bearer::is_b64token(token.expose())) {
            return Err("token must be letters, digits and -._~+/, with = at the end only".into());
        }
        let subject_issuer = self.subject_issuer.unwrap_or_else(|| signer.issuer().to_owned());
        Ok(Way::Caep(Caep { audience: self.audience, subject_issuer, token, signer }))
    }
}

fn needed(signer: Option<Arc<Signer>>) -> Result<Arc<Signer>, String> {
    signer.ok_or_else(|| "needs a section [signing] with issuer and key-file".to_owned())
}

fn not_empty(field: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("{field} must not be empty")) } else { Ok(()) }
}

fn url_of(field: &str, text: &str) -> Result<Url, String> {
    address(text).map_err(|why| format!("{field} {why}"))
}

fn read(field: &str, path: &PathBuf) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{field} {}: {why}", path.display()))
}

fn secret(field: &str, path: &PathBuf) -> Result<Secret, String> {
    Ok(read(field, path)?.trim().to_owned().into())
}
