//! The connection to a camera: plain, encrypted, or carried by HTTP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use razz_config::{Source, Transport};
use razz_rtsp::{Settings, Tunnel, TunnelAnswer, TunnelError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tls::{self, Certificates, TlsError};

/// How long a connection may take to be made, with all that has to be said before RTSP.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// So often the camera may ask who we are before it opens a tunnel.
const MAX_GETS: usize = 3;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum DialError {
    /// Nobody answers.
    Unreachable(String),
    /// It is not encrypted as it should be.
    Tls(TlsError),
    /// It is not carried by HTTP.
    Tunnel(TunnelError),
}

/// Bytes both ways.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection over which RTSP goes.
pub(super) struct Connection {
    stream: Box<dyn Duplex>,
    /// Where ours goes if it goes by HTTP.
    post: Option<Post>,
    /// What came behind HTTP's head.
    ahead: BytesMut,
    peer: SocketAddr,
    local: SocketAddr,
}

/// Makes connections to one address of a camera.
#[derive(Clone)]
pub(super) struct Dialer {
    /// Whose address it is.
    pub(super) source: Source,
    /// The address.
    pub(super) address: SocketAddr,
    /// The certificates that are known.
    pub(super) certificates: Arc<dyn Certificates>,
}

impl Dialer {
    /// A connection over which RTSP can go at once.
    pub(super) async fn connect(&self, settings: &Settings) -> Result<Connection, DialError> {
        let late = || format!("no connection within {} seconds", CONNECT_WITHIN.as_secs());
        let connect = async {
            match self.source.transport {
                Transport::Http => self.tunnel(settings).await,
                Transport::Tcp | Transport::Udp => self.direct().await,
            }
        };
        let connected = timeout(CONNECT_WITHIN, connect).await;
        connected.unwrap_or_else(|_| Err(DialError::Unreachable(late())))
    }

    async fn direct(&self) -> Result<Connection, DialError> {
        let unreachable = |error: io::Error| DialError::Unreachable(error.to_string());
        let stream = TcpStream::connect(self.address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let peer = stream.peer_addr().map_err(unreachable)?;
        let local = stream.local_addr().map_err(unreachable)?;
        let stream: Box<dyn Duplex> = if self.source.is_tls() {
            let certificates = &*self.certificates;
            let stream = tls::connect(&self.source, stream, certificates).await;
            Box::new(stream.map_err(DialError::Tls)?)
        } else {
            Box::new(stream)
        };
        Ok(Connection { stream, post: None, ahead: BytesMut::new(), peer, local })
    }

    async fn tunnel(&self, settings: &Settings) -> Result<Connection, DialError> {
        let url = &self.source.url;
        let name = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let path = url
            .query()
            .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut tunnel = Tunnel::new(&host, &path, settings);
        let broken = |error: io::Error| DialError::Unreachable(error.to_string());
        for _ in 0..MAX_GETS {
            let mut connection = self.direct().await?;
            connection.write(&tunnel.get()).await.map_err(broken)?;
            let answer = loop {
                let read = connection.stream.read_buf(&mut connection.ahead).await;
                let ended = read.map_err(broken)? == 0;
                match tunnel.answer(&mut connection.ahead).map_err(DialError::Tunnel)? {
                    TunnelAnswer::Incomplete if ended => {
                        return Err(DialError::Tunnel(TunnelError::NotHttp));
                    }
                    TunnelAnswer::Incomplete => {}
                    answer => break answer,
                }
            };
            if answer == TunnelAnswer::Open {
                let mut post = Post { tunnel, dialer: self.clone(), stream: None };
                post.begin().await?;
                connection.post = Some(post);
                return Ok(connection);
            }
        }
        Err(DialError::Tunnel(TunnelError::Unauthorized { had_credentials: true }))
    }
}

impl Connection {
    /// The camera's address.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Ours.
    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Appends what comes to `input`; 0 where nothing will. Nothing is lost when this is dropped.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        if !self.ahead.is_empty() {
            let ahead = self.ahead.split();
            input.extend_from_slice(&ahead);
            return Ok(ahead.len());
        }
        match self.stream.read_buf(input).await {
            // Cameras close the connection without a word of TLS.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }

    /// Sends a message.
    pub(super) async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        match &mut self.post {
            Some(post) => post.write(message).await,
            None => send(&mut *self.stream, message).await,
        }
    }

    /// Sends a last message as far as that takes no time. One that does not fit into the socket's buffer
    /// has nobody at the other end.
    pub(super) fn write_last(&mut self, message: &[u8]) {
        let mut context = Context::from_waker(Waker::noop());
        let encoded;
        let (stream, message) = match &mut self.post {
            None => (&mut self.stream, message),
            Some(Post { tunnel, stream: Some(stream), .. }) => match tunnel.encode(message) {
                Some(bytes) => {
                    encoded = bytes;
                    (stream, &encoded[..])
                }
                None => return,
            },
            Some(_) => return,
        };
        let _ = Pin::new(&mut *stream).poll_write(&mut context, message);
        let _ = Pin::new(&mut *stream).poll_flush(&mut context);
    }
}

async fn send(stream: &mut dyn Duplex, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    // What is encrypted waits for it.
    stream.flush().await
}

/// The half of a tunnel that we speak over: one POST after the other, since each may carry so much
/// alone, and cameras end them as they like.
struct Post {
    tunnel: Tunnel,
    dialer: Dialer,
    stream: Option<Box<dyn Duplex>>,
}

impl Post {
    /// Begins another POST.
    async fn begin(&mut self) -> Result<(), DialError> {
        self.stream = None;
        let mut connection = self.dialer.direct().await?;
        let broken = |error: io::Error| DialError::Unreachable(error.to_string());
        send(&mut *connection.stream, &self.tunnel.post()).await.map_err(broken)?;
        self.stream = Some(connection.stream);
        Ok(())
    }

    async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let encoded = match self.tunnel.encode(message) {
            Some(encoded) if self.is_open() => encoded,
            _ => {
                let begun = self.begin().await;
                begun.map_err(|_| io::Error::other("the camera takes no other POST"))?;
                let too_long = || io::Error::other("a message too long for RTSP over HTTP");
                self.tunnel.encode(message).ok_or_else(too_long)?
            }
        };
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        send(&mut **stream, &encoded).await
    }

    /// Whether the camera has not ended the POST. What it answers to it means nothing.
    fn is_open(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let mut context = Context::from_waker(Waker::noop());
        let mut room = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut room);
            match Pin::new(&mut *stream).poll_read(&mut context, &mut buffer) {
                Poll::Pending => return true,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return false,
            }
        }
    }
}
