//! A listener whose connections are through with TLS when HTTP gets them. Handshakes run beside each
//! other, so that one who dawdles keeps nobody waiting.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, error};

use super::{Acceptor, acme};

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes at a time; who comes then waits in the system's queue.
const AT_A_TIME: usize = 256;

/// The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// For who speaks plain HTTP to an address that speaks TLS.
const WRONG_PROTOCOL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 47\r\nConnection: close\r\n\r\nThis address speaks https://, not plain http://";

type ClientConnection = TlsStream<TcpStream>;

/// Hands out connections that are through with their handshake.
pub struct Listener {
    address: SocketAddr,
    ready: mpsc::Receiver<(ClientConnection, SocketAddr)>,
}

impl Listener {
    /// Takes connections from `listener`; ends with the value.
    ///
    /// # Errors
    /// When the listener does not know its address.
    pub fn start(listener: TcpListener, acceptor: Acceptor) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(AT_A_TIME);
        tokio::spawn(take(listener, acceptor, sender));
        Ok(Self { address, ready })
    }
}

impl axum::serve::Listener for Listener {
    type Io = ClientConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // Only when its task panicked: nothing will come any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

async fn take(
    listener: TcpListener,
    acceptor: Acceptor,
    ready: mpsc::Sender<(ClientConnection, SocketAddr)>,
) {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (stream, from) = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(why) => {
                    // Out of descriptors, most likely: others have to close some first.
                    error!("TLS: no connection can be taken: {why}");
                    sleep(Duration::from_secs(1)).await;
                    continue;
                }
            },
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let _turn = turn;
            match timeout(HANDSHAKE, shake_hands(stream, &acceptor)).await {
                Ok(Ok(Some(stream))) => {
                    // Nobody is there any more when the server stops.
                    let _ = ready.send((stream, from)).await;
                }
                Ok(Ok(None)) => {}
                Ok(Err(why)) => debug!(%from, "TLS handshake: {why}"),
                Err(_) => debug!(%from, "TLS handshake: not done in time"),
            }
        });
    }
}

/// `None`: it was the authority's check, or plain HTTP; all is said.
async fn shake_hands(
    mut stream: TcpStream,
    acceptor: &Acceptor,
) -> io::Result<Option<ClientConnection>> {
    // Track messages are small and want to leave at once.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE_RECORD {
        stream.write_all(WRONG_PROTOCOL).await?;
        stream.shutdown().await?;
        return Ok(None);
    }
    let start = LazyConfigAcceptor::new(Default::default(), stream).await?;
    match &acceptor.challenge {
        Some(challenge) if acme::is_challenge(&start.client_hello()) => {
            start.into_stream(Arc::clone(challenge)).await?.shutdown().await?;
            Ok(None)
        }
        _ => start.into_stream(Arc::clone(&acceptor.settings)).await.map(Some),
    }
}
