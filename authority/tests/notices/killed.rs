//! The real program, killed while a receiver has not answered yet.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, PATIENCE, Says},
    rig::{ADMIN, webhook},
};

struct Server {
    child: Child,
    url: String,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let child = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
            .arg("--config")
            .arg(folder.join("config.toml"))
            .arg("--store")
            .arg(folder.join("sessions.redb"))
            .env_clear()
            .env("STILLHERE_ADMIN_TOKEN", ADMIN)
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, url: format!("http://127.0.0.1:{port}") };
        let ready = async {
            while reqwest::get(format!("{}/readyz", server.url)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the authority did not start");
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn what_it_had_sent_unanswered_comes_again_after_a_restart() {
    let never = Says::Held(Arc::new(Semaphore::new(0)), 204);
    let mut fake = Fake::that_says([Says::Status(204), never, Says::Status(204)]).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), webhook(&fake)).unwrap();
    let server = Server::start(folder.path()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for user in ["ann", "bob"] {
        let body = json!({ "token": format!("a-token-of-the-user-{user}"), "user": user });
        let register = client.post(format!("{}/v1/sessions", server.url)).bearer_auth(ADMIN);
        assert_eq!(register.json(&body).send().await.unwrap().status(), 201);
        let path = format!("{}/v1/admin/users/{user}/sessions", server.url);
        assert_eq!(client.delete(path).bearer_auth(ADMIN).send().await.unwrap().status(), 200);
    }
    assert_eq!(fake.next().await.user(), "ann");
    let unanswered = fake.next().await;
    drop(server);
    let _server = Server::start(folder.path()).await;
    let again = fake.next().await;
    assert_eq!((again.user(), &again.body), ("bob".to_owned(), &unanswered.body));
    assert_eq!(again.header("webhook-id"), unanswered.header("webhook-id"));
    fake.is_silent();
}
