//! The WebSocket that tells track frames: newest first, never a backlog.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use razz_base::{MonoTime, WallQuality, WallTime};
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use crate::wire::{Ping, TrackMessage, TrackStats};
use razz_hub::tracks::{Frames, Subscription};
use razz_hub::{Camera, Policy, Published, Received};
use razz_observe::clock::Clock;

/// What a client asks for in the query of `/ws/tracking/{camera_id}`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct FeedQuery {
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

/// A query, understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FeedSettings {
    every_frame: bool,
    /// Least µs between two messages.
    spacing_us: i64,
    msgpack: bool,
}

impl FeedQuery {
    /// What to do; the error names the parameter and what it may be.
    pub(crate) fn resolve(&self) -> Result<FeedSettings, String> {
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
        Ok(FeedSettings { every_frame, spacing_us, msgpack })
    }
}

/// Pings of the protocol's own, so that both sides notice when the other is gone.
const PING_EVERY: Duration = Duration::from_secs(10);

/// With nothing to tell, a message this often says that we live.
const IDLE_US: i64 = 1_000_000;

/// A track frame older than this is no news to a client that connects.
const STALE_US: i64 = 2_000_000;

/// Track frames that may wait for a client before it skips to the newest.
const MAX_WAITING: usize = 32;

/// Serves one client until it goes, or until `allowed`, asked again and again, says no.
pub(crate) async fn serve(
    socket: WebSocket,
    camera: Arc<Camera>,
    settings: FeedSettings,
    clock: Clock,
    allowed: impl Fn() -> bool,
) {
    let frames = if settings.every_frame {
        let policy = Policy::FromKey { max_items: MAX_WAITING, max_bytes: usize::MAX };
        camera.tracks.subscribe(Frames::Every, policy)
    } else {
        camera.tracks.subscribe(Frames::Detected, Policy::Newest)
    };
    let client = Client {
        newest: camera.tracks.newest(),
        frames,
        camera: Arc::clone(&camera),
        settings,
        clock,
        sent: clock.mono().plus_us(-IDLE_US),
    };
    if let Err(error) = client.run(socket, allowed).await {
        let _in = camera.context.span().entered();
        debug!("tracking client left: {error}");
    }
}

struct Client {
    camera: Arc<Camera>,
    /// The newest track frame when it came.
    newest: Option<Arc<Published>>,
    frames: Subscription,
    settings: FeedSettings,
    clock: Clock,
    /// When the last message went out.
    sent: MonoTime,
}

impl Client {
    async fn run(
        mut self,
        mut socket: WebSocket,
        allowed: impl Fn() -> bool,
    ) -> Result<(), axum::Error> {
        let first = self.newest.take();
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
                next = self.frames.next() => match next {
                    Some(Received { item, .. }) => {
                        let now = self.clock.mono();
                        if now.since_us(self.sent) >= self.settings.spacing_us {
                            self.send_frame(&mut socket, &item).await?;
                        }
                    }
                    None => return Ok(()), // the camera was removed
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

    /// Sends the text that is made once for all clients; who has skipped frames gets it with their
    /// number put in.
    async fn send_frame(
        &mut self,
        socket: &mut WebSocket,
        published: &Published,
    ) -> Result<(), axum::Error> {
        self.sent = self.clock.mono();
        let skipped = self.skipped();
        if self.settings.msgpack {
            let message = message(published, &self.camera, self.clock.mono());
            let message = message.with_skipped(skipped);
            return self.send(socket, &message).await;
        }
        let json = published
            .encoded
            .get_or_init(|| message(published, &self.camera, self.clock.mono()).to_json().into());
        let text = Utf8Bytes::try_from(json.clone()).expect("serde_json writes UTF-8");
        let text = if skipped == 0 { text } else { with_skipped(&text, skipped).into() };
        put(socket, Message::Text(text)).await
    }

    /// Track frames of every frame that it did not get. Who wants the newest only misses nothing.
    fn skipped(&self) -> u64 {
        if self.settings.every_frame { self.frames.missed() } else { 0 }
    }

    /// Nothing is known of any frame: no detection, or no pictures.
    async fn send_idle(&mut self, socket: &mut WebSocket) -> Result<(), axum::Error> {
        self.sent = self.clock.mono();
        let message = idle_message(&self.camera, self.clock).with_skipped(self.skipped());
        self.send(socket, &message).await
    }

    async fn send(
        &self,
        socket: &mut WebSocket,
        message: &TrackMessage,
    ) -> Result<(), axum::Error> {
        let message = if self.settings.msgpack {
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

/// A track message, as it is made for everybody, for a client that has skipped frames.
fn with_skipped(json: &str, skipped: u64) -> String {
    json.replacen("\"skipped\":0}", &format!("\"skipped\":{skipped}}}"), 1)
}

/// Sends, unless the client has not read anything for long.
async fn put(socket: &mut WebSocket, message: Message) -> Result<(), axum::Error> {
    match tokio::time::timeout(PING_EVERY, socket.send(message)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(axum::Error::new("the client has stopped reading")),
    }
}

/// The message for a track frame, as it goes out at `now`.
pub(crate) fn message(published: &Published, camera: &Camera, now: MonoTime) -> TrackMessage {
    let latency_ms = now.since_us(published.received) as f64 / 1e3;
    let stats = TrackStats {
        fps: published.fps,
        active_tracks: published.frame.tracks.len(),
        frame_count: published.frame_count,
        latency_ms,
        skipped: 0,
    };
    TrackMessage::new(&published.frame, &published.names, stats)
        .of_format(camera.stream.format().as_deref())
        .near(published.near_ms)
}

/// The message that says that nothing is known of any frame: no detection, or no pictures.
pub(crate) fn idle_message(camera: &Camera, clock: Clock) -> TrackMessage {
    let (fps, frame_count) = {
        let mut analysis = camera.health.analysis();
        (analysis.detected.per_second(clock.mono()), analysis.detected.total())
    };
    let format = camera.stream.format();
    let size = format.as_ref().map(|format| format.size);
    let stats = TrackStats { fps, frame_count, ..TrackStats::default() };
    let now = WallTime { us: clock.wall_us(), quality: WallQuality::Arrival };
    TrackMessage::without_frame(camera.id, now, size, stats).of_format(format.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_skipped_frames_is_put_into_the_text_that_all_share() {
        let camera = razz_base::CameraId::new(1).unwrap();
        let now = WallTime { us: 0, quality: WallQuality::Arrival };
        let message = TrackMessage::without_frame(camera, now, None, TrackStats::default());
        let own = message.clone().with_skipped(17).to_json();
        assert_eq!(with_skipped(&message.to_json(), 17), own);
        assert!(own.contains("\"skipped\":17}"), "{own}");
    }

    #[test]
    fn queries_are_understood_or_refused() {
        let query = |every_frame: Option<&str>, rate, format: Option<&str>| {
            FeedQuery {
                every_frame: every_frame.map(Into::into),
                rate,
                format: format.map(Into::into),
            }
            .resolve()
        };
        let plain = FeedSettings { every_frame: false, spacing_us: 0, msgpack: false };
        assert_eq!(query(None, None, None), Ok(plain));
        assert_eq!(query(Some("1"), None, None), Ok(FeedSettings { every_frame: true, ..plain }));
        assert_eq!(query(None, Some(4.0), None), Ok(FeedSettings { spacing_us: 250_000, ..plain }));
        assert_eq!(query(None, None, Some("msgpack")), Ok(FeedSettings { msgpack: true, ..plain }));
        for bad in [
            query(Some("yes"), None, None),
            query(None, Some(0.0), None),
            query(None, Some(f64::NAN), None),
            query(None, None, Some("xml")),
        ] {
            assert!(bad.is_err(), "{bad:?}");
        }
    }
}
