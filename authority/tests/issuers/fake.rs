//! An issuer's server that does as the test says, and counts.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use stillhere_authority::issuers::{
    IntrospectionIssuer, IntrospectionSettings, JwtIssuer, JwtSettings, settings::AnswerLimits,
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

use crate::signer::{AUDIENCE, ISSUER};

/// A time limit that a test can wait for.
pub const SHORT: Duration = Duration::from_millis(100);

/// How long a test waits for what must come, before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub enum Says {
    Json(Value),
    Text(&'static str),
    Status(u16),
    /// A redirect to there.
    Redirect(String),
    /// JSON without end.
    Endless,
    Nothing,
    /// The beginning of an answer.
    Half,
    /// Each answer takes a permit.
    Held(Arc<Semaphore>, Value),
}

#[derive(Clone)]
pub struct Fake {
    pub url: String,
    asked: Arc<AtomicUsize>,
    says: Arc<Mutex<Says>>,
    _server: Arc<Server>,
}

struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fake {
    pub async fn that_says(says: Says) -> Self {
        let (asked, says) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(says)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/answer", listener.local_addr().unwrap());
        let (counter, script) = (asked.clone(), says.clone());
        let app = Router::new().fallback(async move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let says = script.lock().unwrap().clone();
            says.answer().await
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked, says, _server: Arc::new(Server(server)) }
    }

    pub fn now_says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub async fn until_asked(&self, times: usize) {
        let asked = async {
            while self.asked() < times {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("the issuer was not asked");
    }

    pub fn jwt_settings(&self) -> JwtSettings {
        JwtSettings::new(ISSUER, &self.url, AUDIENCE, &["EdDSA"])
    }

    pub fn jwt_issuer(&self) -> JwtIssuer {
        JwtIssuer::new(self.jwt_settings()).unwrap()
    }

    pub fn introspection_settings(&self) -> IntrospectionSettings {
        IntrospectionSettings::new(&self.url, "client", "secret")
    }

    pub fn introspection_issuer(&self) -> IntrospectionIssuer {
        IntrospectionIssuer::new(self.introspection_settings()).unwrap()
    }
}

impl Says {
    async fn answer(self) -> Response {
        match self {
            Self::Json(value) => axum::Json(value).into_response(),
            Self::Text(text) => text.into_response(),
            Self::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
            Self::Redirect(to) => {
                (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response()
            }
            Self::Endless => {
                let spaces = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 4096]));
                Body::from_stream(spaces).into_response()
            }
            Self::Nothing => std::future::pending().await,
            Self::Half => {
                let begin = stream::iter([Ok::<_, std::io::Error>("{")]);
                Body::from_stream(begin.chain(stream::pending())).into_response()
            }
            Self::Held(permits, value) => {
                permits.acquire().await.unwrap().forget();
                axum::Json(value).into_response()
            }
        }
    }
}

/// What comes, long before the usual time limit.
pub async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(SHORT * 20, coming).await.expect("the time limit was not kept")
}

pub fn short_limits() -> AnswerLimits {
    AnswerLimits { timeout: SHORT, ..AnswerLimits::default() }
}

/// An address where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/answer", listener.local_addr().unwrap())
}
