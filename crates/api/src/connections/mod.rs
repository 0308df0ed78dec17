//! Connections from the network to the router: how many there may be, TLS, HTTP/1.1, and how long
//! each step may take. Start reading at [`serve`].

mod limits;
mod plain;
#[cfg(test)]
mod tests;
mod timed;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;
use tracing::{debug, error};

use self::limits::Lease;
pub use self::limits::Limits;
use self::timed::{Progress, Timed};
use crate::tls;

/// How long no connection is taken after one could not be: out of descriptors, most likely, and others
/// have to close some first.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// So many clients that find no room are told so at a time; others find the connection closed.
const REFUSALS: usize = 64;

/// How long a client that finds no room may take to ask and to hear that.
const REFUSAL: Duration = Duration::from_secs(2);

/// Takes connections from `listener`, through TLS where there is a certificate, and lets `router` answer
/// their requests. Ends only when it is dropped; connections go on by themselves until the runtime ends.
pub async fn serve(
    listener: TcpListener,
    tls: Option<tls::Acceptor>,
    router: Router,
    limits: Arc<Limits>,
) {
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_client(&error) => continue,
            Err(error) => {
                error!("no connection can be taken: {error}");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Track messages are small and want to leave at once.
        let _ = stream.set_nodelay(true);
        match limits.enter(from.ip()) {
            Ok(lease) => {
                tokio::spawn(take(stream, from, tls.clone(), router.clone(), lease));
            }
            // A handshake is more than this is worth: a TLS client finds the connection closed.
            Err(_) if tls.is_some() => {}
            Err(full) => {
                if let Ok(turn) = Arc::clone(&refusals).try_acquire_owned() {
                    tokio::spawn(async move {
                        let _ =
                            timeout(REFUSAL, refuse(stream, &plain::full(&full.to_string()))).await;
                        drop(turn);
                    });
                }
            }
        }
    }
}

/// Whether a connection failed by itself before it was taken.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers what was asked, whatever it was. What is unread when a connection is closed would reset it,
/// and the answer with it.
async fn refuse(mut stream: TcpStream, answer: &str) -> io::Result<()> {
    let mut unread = [0; 4096];
    if stream.read(&mut unread).await? > 0 {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        while stream.read(&mut unread).await? > 0 {}
    }
    Ok(())
}

/// A connection from its beginning to its end.
async fn take(
    stream: TcpStream,
    from: SocketAddr,
    tls: Option<tls::Acceptor>,
    router: Router,
    lease: Lease,
) {
    let given_away = lease.given_away();
    let conversation = async {
        match tls {
            None => speak(stream, from, router, lease).await,
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(Some(stream)) => speak(stream, from, router, lease).await,
                Ok(None) => {}
                Err(why) => debug!(%from, "TLS handshake: {why}"),
            },
        }
    };
    tokio::select! {
        () = conversation => {}
        () = given_away => {}
    }
}

/// The connection came when all places but the last few were taken: it is for who is signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved;

/// Speaks HTTP/1.1, which WebSockets need, until either side has enough.
async fn speak<IO>(stream: IO, from: SocketAddr, router: Router, lease: Lease)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let place = lease.place();
    let progress = Progress::new(place.clone());
    // The lease stays with the connection when that becomes a WebSocket.
    let io = TokioIo::new(Timed::new(stream, Arc::clone(&progress), lease));
    let service = service_fn(move |request: Request<Incoming>| {
        progress.request_came();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        if place.is_reserved() {
            request.extensions_mut().insert(Reserved);
        }
        let (answer, progress) = (router.clone().oneshot(request), Arc::clone(&progress));
        async move {
            let answer = answer.await?;
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                progress.upgraded();
                return Ok::<_, Infallible>(answer);
            }
            Ok(answer.map(|body| progress.answer(body)))
        }
    });
    let connection = http1::Builder::new().serve_connection(io, service).with_upgrades();
    if let Err(why) = connection.await {
        debug!(%from, "HTTP: {why}");
    }
}
