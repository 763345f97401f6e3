//! A server of a test's own, on a port and in a folder that nobody else has.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running server. Killed, and its folder removed, when dropped.
pub struct Server {
    child: Child,
    port: u16,
    folder: PathBuf,
    flags: Vec<String>,
}

impl Server {
    /// One that forgets everything when it ends.
    pub fn start() -> Self {
        Self::with(&["--appendonly", "no"])
    }

    /// One whose answers mean that the change is on the disk.
    pub fn durable() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    pub fn with(flags: &[&str]) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("stillhere-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        // Another process can take a free port before the server does.
        let (child, port) = (0..9)
            .find_map(|_| {
                let port = free_port();
                spawn(port, &folder, &flags).map(|child| (child, port))
            })
            .expect("no server could be started on any of nine free ports");
        Self { child, port, folder, flags }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again at the same place, with what it has on the disk.
    pub fn restart(&mut self) {
        let child = spawn(self.port, &self.folder, &self.flags);
        self.child = child.expect("the server did not come back at the same port");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody listens on, and that no other call in this process was given. Below those that
/// systems give to connections that go out: one of those could take it while its server is down, and
/// that one could not come back.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(getrandom::u32().unwrap()));
    (0..99)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed) % 20_000)
        .map(|number| 10_000 + u16::try_from(number).unwrap())
        // Not by listening there: a program that another thread starts at that moment would have the
        // listener too, until its own code is read from the disk.
        .find(|port| TcpStream::connect(("127.0.0.1", *port)).is_err())
        .expect("none of 99 ports is free")
}

/// Returns once it answers. None if it ended instead.
fn spawn(port: u16, folder: &PathBuf, flags: &[String]) -> Option<Child> {
    let start = |program: &str| {
        Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--logfile", "", "--dir"])
            .arg(folder)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    };
    let child = ["redis-server", "valkey-server"].iter().find_map(|program| match start(program) {
        Err(why) if why.kind() == ErrorKind::NotFound => None,
        started => Some(started.unwrap()),
    });
    let mut child = child.expect(
        "install redis-server or valkey-server: these tests start servers of their own with it",
    );
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while log.read_line(&mut line).unwrap_or(0) > 0 {
        if line.contains("Ready to accept connections") {
            // A full pipe would stop it.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some(child);
        }
        line.clear();
    }
    let _ = child.wait();
    None
}
