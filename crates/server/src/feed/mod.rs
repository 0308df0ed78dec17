//! The WebSocket that tells track frames: newest first, never a backlog.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use razz_base::{MonoTime, WallQuality, WallTime};
use serde::Deserialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use crate::camera::{Camera, Published};
use crate::wire::{Ping, TrackMessage, TrackStats};
use razz_observe::clock::Clock;

/// What a client asks for in the query of `/ws/tracking/{camera_id}`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wish {
    /// `1` or `true`: a message for every video frame.
    #[serde(default)]
    every_frame: Option<String>,
    /// At most so many messages a second.
    #[serde(default)]
    rate: Option<f64>,
    /// `json` or `msgpack`.
    #[serde(default)]
    format: Option<String>,
}

/// A wish, understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Terms {
    every_frame: bool,
    /// Least µs between two messages.
    spacing_us: i64,
    msgpack: bool,
}

impl Wish {
    /// What to do; the error names the parameter and what it may be.
    pub(crate) fn resolve(&self) -> Result<Terms, String> {
        let every_frame = match self.every_frame.as_deref() {
            None | Some("0" | "false") => false,
            Some("1" | "true" | "") => true,
            Some(other) => return Err(format!("every_frame is 1 or 0, not {other:?}")),
        };
        let spacing_us = match self.rate {
            None => 0,
            Some(rate) if rate > 0.0 && rate.is_finite() => (1e6 / rate) as i64,
            Some(other) => return Err(format!("rate is a number above 0, not {other}")),
        };
        let msgpack = match self.format.as_deref() {
            None | Some("json") => false,
            Some("msgpack") => true,
            Some(other) => return Err(format!("format is json or msgpack, not {other:?}")),
        };
        Ok(Terms { every_frame, spacing_us, msgpack })
    }
}

/// Pings of the protocol's own, so that both sides notice when the other is gone.
const PING_EVERY: Duration = Duration::from_secs(10);

/// With nothing to tell, a message this often says that we live.
const IDLE_US: i64 = 1_000_000;

/// A track frame older than this is no news to a client that connects.
const STALE_US: i64 = 2_000_000;

/// Serves one client until it goes, or until `allowed`, asked again and again, says no.
pub(crate) async fn serve(
    socket: WebSocket,
    camera: Arc<Camera>,
    terms: Terms,
    clock: Clock,
    allowed: impl Fn() -> bool,
) {
    let client = Client {
        newest: camera.subscribe_newest(),
        frames: camera.subscribe_frames(),
        camera,
        terms,
        clock,
        sent: clock.mono().plus_us(-IDLE_US),
        skipped: AtomicU64::new(0),
    };
    let camera = Arc::clone(&client.camera);
    if let Err(error) = client.run(socket, allowed).await {
        let _in = camera.span().entered();
        debug!("tracking client left: {error}");
    }
}

struct Client {
    camera: Arc<Camera>,
    newest: watch::Receiver<Option<Arc<Published>>>,
    frames: broadcast::Receiver<Arc<Published>>,
    terms: Terms,
    clock: Clock,
    /// When the last message went out.
    sent: MonoTime,
    skipped: AtomicU64,
}

enum News {
    Frame(Arc<Published>),
    Nothing,
}

impl Client {
    async fn run(
        mut self,
        mut socket: WebSocket,
        allowed: impl Fn() -> bool,
    ) -> Result<(), axum::Error> {
        let first = self.newest.borrow_and_update().clone();
        let now = self.clock.mono();
        match first.filter(|frame| now.since_us(frame.received) < STALE_US) {
            Some(frame) => self.send_frame(&mut socket, &frame).await?,
            None => self.send_idle(&mut socket).await?,
        }
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        loop {
            let idle_at = self.sent.plus_us(IDLE_US);
            let idle = tokio::time::sleep(self.clock.mono().until(idle_at));
            tokio::select! {
                message = socket.recv() => match message {
                    None | Some(Ok(Message::Close(_))) => return Ok(()),
                    Some(message) => self.answer(&mut socket, &message?).await?,
                },
                news = next(&mut self.newest, &mut self.frames, self.terms.every_frame, &self.skipped) => match news {
                    News::Frame(frame) => {
                        let now = self.clock.mono();
                        if now.since_us(self.sent) >= self.terms.spacing_us {
                            self.send_frame(&mut socket, &frame).await?;
                        }
                    }
                    News::Nothing => return Ok(()), // the camera was removed
                },
                () = idle => self.send_idle(&mut socket).await?,
                _ = ping.tick() => {
                    if !allowed() {
                        return Ok(());
                    }
                    put(&mut socket, Message::Ping(Bytes::new())).await?;
                }
                () = self.camera.stopped() => return Ok(()),
            }
        }
    }

    async fn send_frame(
        &mut self,
        socket: &mut WebSocket,
        published: &Published,
    ) -> Result<(), axum::Error> {
        self.sent = self.clock.mono();
        let skipped = self.skipped.load(Ordering::Relaxed);
        if !self.terms.msgpack && skipped == 0 {
            let json = published
                .json
                .get_or_init(|| message(published, self.clock.mono(), 0).to_json().into());
            let text = Utf8Bytes::try_from(json.clone()).expect("serde_json writes UTF-8");
            return put(socket, Message::Text(text)).await;
        }
        self.send(socket, &message(published, self.clock.mono(), skipped)).await
    }

    /// Nothing is known of any frame: no detection, or no pictures.
    async fn send_idle(&mut self, socket: &mut WebSocket) -> Result<(), axum::Error> {
        self.sent = self.clock.mono();
        let skipped = self.skipped.load(Ordering::Relaxed);
        let message = idle_message(&self.camera, self.clock, skipped);
        self.send(socket, &message).await
    }

    async fn send(
        &self,
        socket: &mut WebSocket,
        message: &TrackMessage,
    ) -> Result<(), axum::Error> {
        let message = if self.terms.msgpack {
            Message::Binary(message.to_msgpack().into())
        } else {
            Message::Text(message.to_json().into())
        };
        put(socket, message).await
    }

    /// `{"ping": t}` is answered with the time, whatever `t` is; anything else is passed over.
    async fn answer(&self, socket: &mut WebSocket, message: &Message) -> Result<(), axum::Error> {
        let Message::Text(text) = message else { return Ok(()) };
        let Some(ping) = Ping::parse(text) else { return Ok(()) };
        let pong = ping.answer(self.clock.wall_us());
        put(socket, Message::Text(pong.into())).await
    }
}

/// Sends, unless the client has not read anything for long.
async fn put(socket: &mut WebSocket, message: Message) -> Result<(), axum::Error> {
    match tokio::time::timeout(PING_EVERY, socket.send(message)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(axum::Error::new("the client has stopped reading")),
    }
}

/// The next frame to tell. A client that lags behind skips to the newest, and that is counted.
async fn next(
    newest: &mut watch::Receiver<Option<Arc<Published>>>,
    frames: &mut broadcast::Receiver<Arc<Published>>,
    every_frame: bool,
    skipped: &AtomicU64,
) -> News {
    if every_frame {
        return match frames.recv().await {
            Ok(frame) => News::Frame(frame),
            Err(RecvError::Closed) => News::Nothing,
            Err(RecvError::Lagged(count)) => {
                let mut count = count;
                let mut last = None;
                loop {
                    match frames.try_recv() {
                        Ok(frame) => count += u64::from(last.replace(frame).is_some()),
                        Err(TryRecvError::Lagged(more)) => count += more,
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                skipped.fetch_add(count, Ordering::Relaxed);
                last.map_or(News::Nothing, News::Frame)
            }
        };
    }
    loop {
        if newest.changed().await.is_err() {
            return News::Nothing;
        }
        if let Some(frame) = newest.borrow_and_update().clone() {
            return News::Frame(frame);
        }
    }
}

/// The message for a track frame, as it goes out at `now`.
pub(crate) fn message(published: &Published, now: MonoTime, skipped: u64) -> TrackMessage {
    let latency_ms = now.since_us(published.received) as f64 / 1e3;
    let stats = TrackStats {
        fps: published.fps,
        active_tracks: published.frame.tracks.len(),
        frame_count: published.frame_count,
        latency_ms,
        skipped,
    };
    TrackMessage::new(&published.frame, &published.names, stats)
}

/// The message that says that nothing is known of any frame: no detection, or no pictures.
pub(crate) fn idle_message(camera: &Camera, clock: Clock, skipped: u64) -> TrackMessage {
    let (fps, frame_count, size) = {
        let mut status = camera.status();
        (status.detected.per_second(clock.mono()), status.frame_count, status.size)
    };
    let stats = TrackStats { fps, frame_count, skipped, ..TrackStats::default() };
    let now = WallTime { us: clock.wall_us(), quality: WallQuality::Arrival };
    TrackMessage::without_frame(camera.id, now, size, stats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_understood_or_refused() {
        let wish = |every_frame: Option<&str>, rate, format: Option<&str>| {
            Wish { every_frame: every_frame.map(Into::into), rate, format: format.map(Into::into) }
                .resolve()
        };
        let plain = Terms { every_frame: false, spacing_us: 0, msgpack: false };
        assert_eq!(wish(None, None, None), Ok(plain));
        assert_eq!(wish(Some("1"), None, None), Ok(Terms { every_frame: true, ..plain }));
        assert_eq!(wish(None, Some(4.0), None), Ok(Terms { spacing_us: 250_000, ..plain }));
        assert_eq!(wish(None, None, Some("msgpack")), Ok(Terms { msgpack: true, ..plain }));
        for bad in [
            wish(Some("yes"), None, None),
            wish(None, Some(0.0), None),
            wish(None, Some(f64::NAN), None),
            wish(None, None, Some("xml")),
        ] {
            assert!(bad.is_err(), "{bad:?}");
        }
    }
}
