//! A receiver that keeps what it was sent and answers as the test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response, StatusCode},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};

/// How long a test waits for what must come, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub enum Says {
    Status(u16),
    /// A status with a header.
    With(u16, &'static str, String),
    Json(u16, Value),
    /// Answers once there is a permit.
    Held(Arc<Semaphore>, u16),
    Nothing,
}

/// A request that came.
#[derive(Debug)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The user that a webhook is about.
    pub fn user(&self) -> String {
        self.json()["data"]["user"].as_str().unwrap().to_owned()
    }
}

pub struct Fake {
    pub url: String,
    got: mpsc::UnboundedReceiver<Got>,
    /// One for each request, the last for all others.
    says: Arc<Mutex<VecDeque<Says>>>,
    server: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    pub async fn that_says(says: impl IntoIterator<Item = Says>) -> Self {
        let says = Arc::new(Mutex::new(says.into_iter().collect::<VecDeque<_>>()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hidden-path", listener.local_addr().unwrap());
        let (sender, got) = mpsc::unbounded_channel();
        let script = says.clone();
        let app = Router::new().fallback(async move |headers: HeaderMap, body: String| {
            let says = {
                let mut script = script.lock().unwrap();
                let next = script.front().cloned().unwrap();
                if script.len() > 1 {
                    script.pop_front();
                }
                next
            };
            sender.send(Got { headers, body }).unwrap();
            says.answer().await
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, got, says, server }
    }

    pub async fn new() -> Self {
        Self::that_says([Says::Status(204)]).await
    }

    pub fn now_says(&self, says: Says) {
        *self.says.lock().unwrap() = VecDeque::from([says]);
    }

    /// The next request; fails rather than wait forever.
    pub async fn next(&mut self) -> Got {
        let next = tokio::time::timeout(PATIENCE, self.got.recv()).await;
        next.expect("nothing was sent").unwrap()
    }

    /// That many requests' users.
    pub async fn users(&mut self, count: usize) -> Vec<String> {
        let mut users = Vec::new();
        for _ in 0..count {
            users.push(self.next().await.user());
        }
        users
    }

    /// Asserts that nothing more has come.
    #[track_caller]
    pub fn is_silent(&mut self) {
        if let Ok(got) = self.got.try_recv() {
            panic!("sent besides: {got:?}");
        }
    }
}

impl Says {
    async fn answer(self) -> Response<Body> {
        let (status, header, body) = match self {
            Self::Status(status) => (status, None, Body::empty()),
            Self::With(status, name, value) => (status, Some((name, value)), Body::empty()),
            Self::Json(status, value) => (status, None, Body::from(value.to_string())),
            Self::Held(permits, status) => {
                permits.acquire().await.unwrap().forget();
                (status, None, Body::empty())
            }
            Self::Nothing => std::future::pending().await,
        };
        let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
        if let Some((name, value)) = header {
            response = response.header(name, value);
        }
        response.body(body).unwrap()
    }
}
