//! The real program, which a test kills.

use std::{
    ffi::OsStr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub const ADMIN: &str = "administrators-token";
/// The idle timeout of all sessions.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a test waits for what must come, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running authority. Killed when dropped.
pub struct Authority {
    child: Child,
    url: String,
}

impl Authority {
    /// `log` says what it writes to the standard error: where outages are played it has much to say.
    pub fn start(store: impl AsRef<OsStr>, port: u16, log: &str) -> Self {
        let timeout = format!("{}ms", TIMEOUT.as_millis());
        let child = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
            .args(["--dev", "--idle-timeout", &timeout, "--calls-per-second", "0", "--store"])
            .arg(store)
            .env_clear()
            .env("STILLHERE_ADMIN_TOKEN", ADMIN)
            .env("PORT", port.to_string())
            .env("RUST_LOG", log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, url: url(port) }
    }

    /// Returns once it says that it takes requests.
    pub async fn ready(&mut self, http: &reqwest::Client) {
        let began = Instant::now();
        loop {
            let answer = http.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert_eq!(self.child.try_wait().unwrap(), None, "the authority ended by itself");
            assert!(began.elapsed() < PATIENCE, "the authority is not ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
