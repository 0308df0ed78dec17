//! From a connection to one that is through with its TLS handshake.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Acceptor, acme};

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// For who speaks plain HTTP to an address that speaks TLS.
const WRONG_PROTOCOL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    X-Content-Type-Options: nosniff\r\nContent-Length: 47\r\nConnection: close\r\n\r\n\
    This address speaks https://, not plain http://";

impl Acceptor {
    /// Shakes hands. `None`: it was the authority's check, or plain HTTP, and all is said.
    ///
    /// # Errors
    /// When the handshake fails, or takes too long.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<Option<TlsStream<TcpStream>>> {
        timeout(HANDSHAKE, self.shake_hands(stream))
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "not done in time")))
    }

    async fn shake_hands(&self, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE_RECORD {
            stream.write_all(WRONG_PROTOCOL).await?;
            stream.shutdown().await?;
            return Ok(None);
        }
        let start = LazyConfigAcceptor::new(Default::default(), stream).await?;
        match &self.challenge {
            Some(challenge) if acme::is_challenge(&start.client_hello()) => {
                start.into_stream(challenge.clone()).await?.shutdown().await?;
                Ok(None)
            }
            _ => start.into_stream(self.settings.clone()).await.map(Some),
        }
    }
}
