//! Viewers whose network blocks UDP: ICE over TCP (RFC 6544), datagrams framed as in RFC 4571.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use razz_viewer::SessionId;
use razz_viewer::demux::local_ufrag;
use razz_viewer::framing::Deframer;
use str0m::net::Protocol;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tracing::{debug, warn};

use super::Shared;
use super::connection::{Connection, MAX_WAITING};
use super::inbox::{Datagram, MAX_DATAGRAM, ShardHandle};

/// A connection that says nothing of use in this time is closed.
const FIRST_WITHIN: Duration = Duration::from_secs(5);
/// One that says nothing at all any more: consent checks come every few seconds (RFC 7675).
const SILENT_AFTER: Duration = Duration::from_secs(45);
/// One that takes nothing.
const STUCK_AFTER: Duration = Duration::from_secs(15);

/// Accepts connections for ever, at most `most` at a time.
pub(crate) async fn accept(
    listener: TcpListener,
    shards: Arc<[ShardHandle]>,
    shared: Arc<Shared>,
    most: usize,
) {
    let places = Arc::new(Semaphore::new(most));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Such as too many open files: it passes.
                warn!("ICE-TCP: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            debug!(%peer, "ICE-TCP: too many connections");
            continue;
        };
        let (shards, shared) = (Arc::clone(&shards), Arc::clone(&shared));
        tokio::spawn(async move {
            if let Err(why) = serve(stream, peer, &shards, &shared).await {
                debug!(%peer, "ICE-TCP connection ends: {why}");
            }
            drop(place);
        });
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shards: &[ShardHandle],
    shared: &Shared,
) -> Result<(), String> {
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().map_err(|error| error.to_string())?;
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let (mut input, mut output) = stream.into_split();
    let (waiting, mut queue) = mpsc::channel::<Vec<u8>>(MAX_WAITING);
    let bytes = Arc::new(AtomicUsize::new(0));
    let connection =
        Arc::new(Connection { peer, waiting, bytes: Arc::clone(&bytes), closed: Notify::new() });
    let write = async move {
        while let Some(framed) = queue.recv().await {
            let written = tokio::time::timeout(STUCK_AFTER, output.write_all(&framed)).await;
            bytes.fetch_sub(framed.len(), Ordering::Relaxed);
            match written {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("it takes nothing".to_owned()),
            }
        }
        Ok(())
    };
    let read = async {
        let mut session: Option<SessionId> = None;
        let mut deframer = Deframer::new(MAX_DATAGRAM);
        let mut buffer = vec![0; 4096];
        loop {
            let patience = if session.is_some() { SILENT_AFTER } else { FIRST_WITHIN };
            let length = tokio::time::timeout(patience, input.read(&mut buffer))
                .await
                .map_err(|_| "silence".to_owned())?
                .map_err(|error| error.to_string())?;
            if length == 0 {
                return Ok(());
            }
            let mut stranger = false;
            let deframed = deframer.push(&buffer[..length], |datagram| {
                // A check names its session; what follows on the connection is for the same.
                if local_ufrag(datagram).is_some() {
                    session = shared.demux().find(peer, datagram);
                }
                let Some(id) = session else {
                    stranger = true;
                    return;
                };
                if let Some(shard) = shards.get(usize::from(id as u8)) {
                    shard.datagram(
                        Datagram {
                            id,
                            proto: Protocol::Tcp,
                            source: peer,
                            destination: Some(local),
                            contents: datagram.to_vec(),
                            connection: Some(Arc::clone(&connection)),
                        },
                        &shared.counters,
                    );
                }
            });
            deframed.map_err(|error| error.to_string())?;
            if stranger {
                shared.counters.strays.fetch_add(1, Ordering::Relaxed);
                return Err("it is for no session".to_owned());
            }
        }
    };
    tokio::select! {
        outcome = write => outcome,
        outcome = read => outcome,
        () = connection.closed.notified() => Ok(()),
    }
}
