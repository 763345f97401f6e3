//! The network between a node and its server, which a test can break.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Nothing passes. It does as soon as the way is open again, however late that is.
    Held,
    /// The same for what the server sends; what it is sent passes.
    HeldBack,
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

    /// Keeps back what is sent, over new connections too.
    pub fn hold(&self) {
        self.way.send_replace(Way::Held);
    }

    /// Keeps back what the server sends.
    pub fn hold_answers(&self) {
        self.way.send_replace(Way::HeldBack);
    }

    /// Opens the way; what was held back passes.
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
        let (there_way, back_way) = (way.clone(), way.clone());
        tokio::spawn(async move {
            let pass = async {
                // Both connections stay open when they fall silent.
                let mut client = client;
                let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
                let ((from, to), (back, there)) = (client.split(), server.split());
                let there = pump(from, there, there_way, &[Way::Held]);
                let back = pump(back, to, back_way, &[Way::Held, Way::HeldBack]);
                tokio::select! {
                    passed = async { tokio::try_join!(there, back) } => passed.map(drop),
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

/// Passes on one direction until it ends, except while the way is one of those.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    held: &[Way],
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let _ = way.wait_for(|way| !held.contains(way)).await;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}
