//! The network between a node and its server, which a test can break.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Connections are closed, new ones too.
    Cut,
}

/// Passes connections on to a server.
pub struct Proxy {
    pub url: String,
    way: Arc<watch::Sender<Way>>,
    /// Counts how often what was open fell silent.
    silent: Arc<watch::Sender<u32>>,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let way = Arc::new(watch::Sender::new(Way::Open));
        let silent = Arc::new(watch::Sender::new(0));
        tokio::spawn(accept(listener, port, way.clone(), silent.clone()));
        Self { url, way, silent }
    }

    /// Closes all connections and each new one.
    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    pub fn mend(&self) {
        self.way.send_replace(Way::Open);
    }

    /// The connections of now stay open, but nothing passes any more. New ones are well.
    pub fn silence(&self) {
        self.silent.send_modify(|count| *count += 1);
    }
}

async fn accept(
    listener: TcpListener,
    port: u16,
    way: Arc<watch::Sender<Way>>,
    silent: Arc<watch::Sender<u32>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (mut way, mut silent) = (way.subscribe(), silent.subscribe());
        tokio::spawn(async move {
            let pass = async {
                let mut client = client;
                let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                tokio::select! {
                    passed = copy_bidirectional(&mut client, &mut server) => passed.map(drop),
                    _ = silent.changed() => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = pass => {}
                _ = way.wait_for(|way| *way == Way::Cut) => {}
            }
        });
    }
}
