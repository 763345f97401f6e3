//! What an open stream costs must not be the whole of its buffers (docs/decisions/stream-memory.md).

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The real program, on a port that is free. Killed when dropped.
struct Program(Child);

impl Program {
    /// Returns once it listens.
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
            .args(["--dev", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("STILLHERE_ADMIN_TOKEN", "administrators-token")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let listens = log.lines().any(|line| line.unwrap().contains("listening on"));
        assert!(listens, "the authority ended before it listened");
        Self(child)
    }

    /// Whether the kernel may give it huge pages.
    fn may_have_huge_pages(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
        line.expect("Linux says it since 5.0").trim() == "1"
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_server_turns_huge_pages_off_for_itself() {
    assert!(!Program::start().may_have_huge_pages());
}
