//! The line to the authority: counts what a browser sends over it and, once it is connected, carries it
//! there over HTTP/1.1 and brings the answer back.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::output::{Report, What};
use stillhere::core::policy::Policy;
use stillhere_simulator::world::Wire;

use crate::heads::{Heads, Url};
use crate::kind::{Each, Kind};

/// What is sent is answered within this time, or the run fails: the authority is on this machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What went over a line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// Requests.
    pub requests: Each<u64>,
    /// Bytes of them, heads and bodies.
    pub sent: Each<u64>,
    /// Bytes of their answers; of an event stream up to its first state.
    pub received: Each<u64>,
    /// Requests that were not answered as they should be.
    pub failed: u64,
}

impl Sum {
    /// Takes another line's in.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.requests, &other.requests),
            (&mut self.sent, &other.sent),
            (&mut self.received, &other.received),
        ] {
            mine.0.iter_mut().zip(theirs.0).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.failed += other.failed;
    }
}

/// Where the authority is, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Remote {
    /// `host:port`.
    pub address: String,
    /// The administrator's token, for the server of the app.
    pub admin: String,
    /// The heads of requests.
    pub heads: Heads,
}

/// One line, for the users of one thread.
#[derive(Default)]
pub struct Line {
    /// What went over it since it was last set to nothing.
    pub sum: Sum,
    remote: Option<(Remote, TcpStream)>,
}

fn connect(remote: &Remote) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(&remote.address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// An answer as it came.
struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Line {
    /// From now on requests are sent.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(&mut self, remote: Remote) -> io::Result<()> {
        let stream = connect(&remote)?;
        self.remote = Some((remote, stream));
        Ok(())
    }

    /// From now on requests are only counted.
    pub fn disconnect(&mut self) {
        self.remote = None;
    }

    /// Registers a token, as the server of an app does after a sign-in.
    ///
    /// # Errors
    /// When the authority does not take it.
    pub fn register(&mut self, token: &str) -> io::Result<()> {
        let body = format!(r#"{{"token":"{token}","user":"{token}"}}"#);
        let head = |remote: &Remote| remote.heads.sign_in(&remote.address, &remote.admin, &body);
        match self.call(Kind::SignIn, head)? {
            Some(reply) if reply.status != 201 => Err(io::Error::other(format!(
                "a token was not taken, status {}: {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            ))),
            _ => Ok(()),
        }
    }

    /// The rules of the authority, for which a token is registered that nobody uses.
    ///
    /// # Errors
    /// When it cannot be reached, refuses the token or says no policy.
    pub fn policy(&mut self) -> io::Result<Policy> {
        let token = Browser::token(u32::MAX, 0);
        self.register(&token)?;
        let head = |remote: &Remote| remote.heads.question(&remote.address, &token);
        let reply = self.call(Kind::Question, head)?;
        let said = reply.and_then(|reply| serde_json::from_slice::<State>(&reply.body).ok());
        let policy = said.and_then(|state| state.policy);
        policy.ok_or_else(|| io::Error::other("it says no policy"))
    }

    /// Sends one request and waits for its answer; none while nobody listens.
    fn call(&mut self, kind: Kind, write: impl Fn(&Remote) -> String) -> io::Result<Option<Reply>> {
        self.sum.requests.0[kind as usize] += 1;
        let Some((remote, stream)) = &mut self.remote else { return Ok(None) };
        let request = write(remote);
        stream.write_all(request.as_bytes())?;
        let (reply, size) = read_reply(stream)?;
        self.sum.sent.0[kind as usize] += request.len() as u64;
        self.sum.received.0[kind as usize] += size as u64;
        Ok(Some(reply))
    }

    /// The same for an event stream, which has a connection of its own and stays open.
    fn open(&mut self, token: &str) -> io::Result<Option<(Answer, TcpStream)>> {
        self.sum.requests.0[Kind::Stream as usize] += 1;
        let Some((remote, _)) = &self.remote else { return Ok(None) };
        let mut stream = connect(remote)?;
        let request = remote.heads.stream(&remote.address, token);
        stream.write_all(request.as_bytes())?;
        let (event, size) = read_event(&mut stream)?;
        self.sum.sent.0[Kind::Stream as usize] += request.len() as u64;
        self.sum.received.0[Kind::Stream as usize] += size as u64;
        Ok(Some((state(&event), stream)))
    }

    fn failed(&mut self, fault: &io::Error) -> Answer {
        if self.sum.failed == 0 {
            eprintln!("A request failed: {fault}");
        }
        self.sum.failed += 1;
        if let Some((remote, stream)) = &mut self.remote
            && let Ok(anew) = connect(remote)
        {
            *stream = anew;
        }
        Answer::Unreachable { retry_after_ms: None }
    }
}

/// What all contexts of a user share: the cache of preflights, the token, the stream's connection.
pub struct Browser {
    line: Rc<RefCell<Line>>,
    user: u32,
    sign_ins: u32,
    /// Until when each URL's preflight is cached, in Unix milliseconds.
    pub(crate) cached_until: [u64; 3],
    preflight_ms: u64,
    stream: Option<(usize, TcpStream)>,
}

impl Browser {
    /// The browser of that user, which has no preflight at hand.
    #[must_use]
    pub const fn new(line: Rc<RefCell<Line>>, user: u32, preflight_ms: u64) -> Self {
        Self { line, user, sign_ins: 0, cached_until: [0; 3], preflight_ms, stream: None }
    }

    /// The token of a user's sign-in, counted from 1 from the moment at which requests are sent: 43
    /// characters, as 256 random bits have.
    #[must_use]
    pub fn token(user: u32, sign_in: u32) -> String {
        format!("population-{user:015}-{sign_in:016}")
    }

    /// A new token. The server of the app registers it.
    pub fn sign_in(&mut self) {
        self.stream = None;
        let mut line = self.line.borrow_mut();
        if line.remote.is_some() {
            self.sign_ins += 1;
        }
        let token = Self::token(self.user, self.sign_ins + 1);
        if let Err(fault) = line.register(&token) {
            line.failed(&fault);
        }
    }

    fn preflight(&mut self, now: u64, url: Url) {
        let until = &mut self.cached_until[url as usize];
        if *until > now {
            return;
        }
        *until = now + self.preflight_ms;
        let mut line = self.line.borrow_mut();
        let called =
            line.call(Kind::Preflight, |remote| remote.heads.preflight(&remote.address, url));
        match called {
            Ok(Some(reply)) if reply.status != 200 => {
                let fault = io::Error::other(format!("a preflight was answered {}", reply.status));
                line.failed(&fault);
            }
            Ok(_) => {}
            Err(fault) => _ = line.failed(&fault),
        }
    }

    fn request(&mut self, now: u64, what: &What) -> Option<Answer> {
        let (kind, url) = match what {
            What::KeepAlive { .. } => (Kind::KeepAlive, Url::KeepAlive),
            What::Ask => (Kind::Question, Url::Session),
            What::End(_) => (Kind::End, Url::Session),
        };
        self.preflight(now, url);
        let token = Self::token(self.user, self.sign_ins + 1);
        let mut line = self.line.borrow_mut();
        let called = line.call(kind, |remote| match what {
            What::KeepAlive { report, .. } => {
                remote.heads.keepalive(&remote.address, &token, &body(report))
            }
            What::Ask => remote.heads.question(&remote.address, &token),
            What::End(because) => {
                let body = format!(r#"{{"because":"{}"}}"#, because.name());
                remote.heads.end(&remote.address, &token, &body)
            }
        });
        match called {
            Ok(reply) => reply.map(|reply| answer(&reply)),
            Err(fault) => Some(line.failed(&fault)),
        }
    }

    fn listen(&mut self, now: u64, at: usize) -> Option<Answer> {
        self.preflight(now, Url::Events);
        let token = Self::token(self.user, self.sign_ins + 1);
        let mut line = self.line.borrow_mut();
        match line.open(&token) {
            Ok(None) => None,
            Ok(Some((answer, stream))) => {
                self.stream = Some((at, stream));
                Some(answer)
            }
            Err(fault) => Some(line.failed(&fault)),
        }
    }
}

/// The same, for the worlds of one user after the other.
pub struct Shared(pub Rc<RefCell<Browser>>);

impl Wire for Shared {
    fn request(&mut self, now: u64, what: &What) -> Option<Answer> {
        self.0.borrow_mut().request(now, what)
    }

    fn listen(&mut self, now: u64, at: usize) -> Option<Answer> {
        self.0.borrow_mut().listen(now, at)
    }

    fn leave(&mut self, at: usize) {
        let mut browser = self.0.borrow_mut();
        browser.stream = browser.stream.take().filter(|(reader, _)| *reader != at);
    }
}

/// As `js/authority.ts` writes it.
fn body(report: &Report) -> String {
    let counts = report.counts;
    format!(
        concat!(
            r#"{{"age_ms":{},"counts":{{"keystrokes":{},"clicks":{},"heartbeats":{},"notes":{},"#,
            r#""system":{}}},"contexts":{},"holds":[],"agent":"stillhere-js/0.1.0"}}"#
        ),
        report.age_ms,
        counts.keystrokes,
        counts.clicks,
        counts.heartbeats,
        counts.notes,
        counts.system,
        report.contexts
    )
}

#[derive(Deserialize)]
struct State {
    state: String,
    because: Option<String>,
    idle_ms: Option<u64>,
    remaining_ms: Option<u64>,
    policy: Option<Policy>,
}

/// What the machine makes of a state.
fn state(body: &[u8]) -> Answer {
    match serde_json::from_slice::<State>(body) {
        Ok(State { state, because, .. }) if state == "ended" => gone(because.as_deref()),
        Ok(State { state, idle_ms, remaining_ms, policy, .. }) => {
            Answer::Alive(Alive { idle_ms, remaining_ms, held: state == "held", policy })
        }
        Err(_) => Answer::Invalid,
    }
}

fn gone(because: Option<&str>) -> Answer {
    Answer::Gone(because.and_then(EndedBecause::parse).unwrap_or(EndedBecause::Revoked))
}

fn answer(reply: &Reply) -> Answer {
    match reply.status {
        200 => state(&reply.body),
        401 => match state(&reply.body) {
            Answer::Gone(because) => Answer::Gone(because),
            _ => gone(None),
        },
        _ => Answer::Unreachable { retry_after_ms: None },
    }
}

/// Status, length of the head, length of the body if it is told.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(io::Error::other)?;
    let (httparse::Status::Complete(head), Some(status)) = (parsed, response.code) else {
        return Ok(None);
    };
    let mut length = 0;
    for header in response.headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).map_err(io::Error::other)?;
            length = text.trim().parse().map_err(io::Error::other)?;
        }
    }
    Ok(Some((status, head, length)))
}

/// Reads until `done` finds what it waits for.
fn read_until<T>(
    stream: &mut TcpStream,
    mut done: impl FnMut(&[u8]) -> io::Result<Option<T>>,
) -> io::Result<(T, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(2048);
    let mut part = [0; 4096];
    loop {
        let got = stream.read(&mut part)?;
        if got == 0 || bytes.len() > MOST_BYTES {
            return Err(io::Error::other("the authority broke off its answer"));
        }
        bytes.extend_from_slice(&part[..got]);
        if let Some(found) = done(&bytes)? {
            return Ok((found, bytes));
        }
    }
}

fn read_reply(stream: &mut TcpStream) -> io::Result<(Reply, usize)> {
    let ((status, head), bytes) = read_until(stream, |bytes| {
        let head = parse_head(bytes)?;
        Ok(head.filter(|(_, head, body)| bytes.len() >= head + body).map(|(s, head, _)| (s, head)))
    })?;
    Ok((Reply { status, body: bytes[head..].to_vec() }, bytes.len()))
}

/// The data of the first event.
fn read_event(stream: &mut TcpStream) -> io::Result<(Vec<u8>, usize)> {
    let (data, bytes) = read_until(stream, |bytes| {
        let Some((status, head, _)) = parse_head(bytes)? else { return Ok(None) };
        if status != 200 {
            return Err(io::Error::other(format!("an event stream was answered {status}")));
        }
        let body = String::from_utf8_lossy(&bytes[head..]);
        let whole = body.contains("\n\n");
        let data = body.lines().find_map(|line| line.strip_prefix("data:"));
        Ok(data.filter(|_| whole).map(|data| data.trim().as_bytes().to_vec()))
    })?;
    Ok((data, bytes.len()))
}
