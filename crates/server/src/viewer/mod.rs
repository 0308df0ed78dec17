//! Viewers: browsers' WebRTC sessions, all over one UDP port.
//!
//! ```text
//! WHEP, RTSPtoWebRTC ──► Viewers (handle) ──► service: sockets, demux, deadlines
//! cameras ─── access units ────────────────────►  │  └─► Session: one peer, pacing, replay
//! ```

mod demux;
mod sdp;
mod service;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::camera::{Camera, UnitSource};
use crate::clock::Clock;
use crate::config;
use crate::wire::CameraState;

#[cfg(test)]
mod tests;

pub(crate) use service::bind;

/// Names a viewer session in WHEP's `Location`; not guessable, since it allows to end the session.
pub(crate) type SessionId = u128;

/// Why a viewer was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Not SDP, or an offer that cannot be answered.
    #[error("the offer cannot be answered: {0}")]
    BadOffer(String),
    /// The offer has no H.264 that fits.
    #[error("the offer has no video section with H.264 in packetization mode 1")]
    NoH264,
    /// The camera's video cannot be given to browsers.
    #[error("{0}")]
    Unsupported(String),
    /// The setting says no more.
    #[error("all {0} places for viewers are taken (setting `{1}`)")]
    Full(usize, &'static str),
    /// The server is going down.
    #[error("the server is stopping")]
    Stopping,
}

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) id: SessionId,
    /// The complete answer: no candidates follow.
    pub(crate) answer: String,
}

enum Command {
    Open { camera: Arc<Camera>, offer: String, reply: oneshot::Sender<Result<Opened, OpenError>> },
    Close { id: SessionId, reply: oneshot::Sender<bool> },
    Stop { reply: oneshot::Sender<bool> },
    Exists { id: SessionId, reply: oneshot::Sender<bool> },
}

/// The way to the viewer sessions.
#[derive(Clone)]
pub(crate) struct Viewers {
    commands: mpsc::Sender<Command>,
    limits: config::Viewers,
    total: Arc<AtomicUsize>,
    /// Where media flows, as bound.
    pub(crate) udp: SocketAddr,
}

impl Viewers {
    /// Starts the service on its own thread.
    pub(crate) fn start(
        socket: std::net::UdpSocket,
        advertise: &[String],
        limits: config::Viewers,
        units: UnitSource,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let (commands, inbox) = mpsc::channel(64);
        let total = Arc::new(AtomicUsize::new(0));
        let udp = socket.local_addr()?;
        let service = service::Service::new(socket, advertise, Arc::clone(&total), clock)?;
        std::thread::Builder::new().name("viewers".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(service.run(inbox, units)),
                Err(error) => tracing::error!("no runtime for viewers: {error}"),
            }
        })?;
        Ok(Self { commands, limits, total, udp })
    }

    /// Answers an offer.
    pub(crate) async fn open(
        &self,
        camera: &Arc<Camera>,
        offer: String,
    ) -> Result<Opened, OpenError> {
        let limits = &self.limits;
        if self.total.load(Ordering::Relaxed) >= limits.max {
            return Err(OpenError::Full(limits.max, "viewers.max"));
        }
        if camera.viewer_count() >= limits.max_per_camera {
            return Err(OpenError::Full(limits.max_per_camera, "viewers.max_per_camera"));
        }
        {
            let status = camera.status();
            if status.state == CameraState::Unsupported {
                let advice = status.advice.first().or(status.last_error.as_ref());
                return Err(OpenError::Unsupported(advice.cloned().unwrap_or_default()));
            }
        }
        let (reply, answer) = oneshot::channel();
        let command = Command::Open { camera: Arc::clone(camera), offer, reply };
        self.commands.send(command).await.map_err(|_| OpenError::Stopping)?;
        answer.await.map_err(|_| OpenError::Stopping)?
    }

    /// Ends a session; false when there is none of this id.
    pub(crate) async fn close(&self, id: SessionId) -> bool {
        self.ask(|reply| Command::Close { id, reply }).await
    }

    /// Whether there is a session of this id.
    pub(crate) async fn exists(&self, id: SessionId) -> bool {
        self.ask(|reply| Command::Exists { id, reply }).await
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<bool>) -> Command) -> bool {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.is_ok() && answer.await.unwrap_or(false)
    }

    /// Ends every session: the peers are told.
    pub(crate) async fn stop(&self) {
        self.ask(|reply| Command::Stop { reply }).await;
    }

    /// How many sessions there are.
    pub(crate) fn count(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }
}
