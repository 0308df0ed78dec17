//! The WebSocket that hands footage of several cameras to one page: browsers have six connections to a server, and a
//! grid of nine cameras wants as many answers at once, each a little at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::{BufMut as _, Bytes, BytesMut};
use razz_base::CameraId;
use razz_recorder::Recorder;
use razz_store::archive::{Moment, NoMoment};
use razz_store::footage::{Footage, Wanted};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use crate::wire::{PlaybackAnswer, PlaybackRequest, PlaybackState};

/// Requests of a client that are not answered yet, at most.
const MOST_OPEN: usize = 64;
/// So that both sides notice when the other is gone.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Serves one client until it goes, or may see nothing any more. `allowed` says whether it may see a camera now.
pub(crate) async fn serve(
    socket: WebSocket,
    recorder: Arc<Recorder>,
    allowed: impl Fn(CameraId) -> bool,
) {
    let feed = Feed { recorder, allowed, open: VecDeque::new() };
    if let Err(error) = feed.run(socket).await {
        debug!("playback client left: {error}");
    }
}

struct Feed<A> {
    recorder: Arc<Recorder>,
    allowed: A,
    /// What is answered, the next one first: each gets a part in its turn.
    open: VecDeque<Answer>,
}

/// A request on its way.
struct Answer {
    id: u32,
    camera: CameraId,
    state: State,
}

enum State {
    /// Looked for.
    Planned(JoinHandle<Result<Option<Footage>, String>>),
    /// Read.
    Reading(Arc<Footage>, usize, JoinHandle<std::io::Result<Vec<u8>>>),
}

impl<A: Fn(CameraId) -> bool> Feed<A> {
    async fn run(mut self, mut socket: WebSocket) -> Result<(), axum::Error> {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        loop {
            tokio::select! {
                message = socket.recv() => match message {
                    None | Some(Ok(Message::Close(_))) => return Ok(()),
                    Some(message) => {
                        if let Message::Text(text) = message?
                            && let Some(said) = self.take(&text)
                        {
                            tell(&mut socket, &said).await?;
                        }
                    }
                },
                said = Self::next(&mut self.open), if !self.open.is_empty() => {
                    for message in said {
                        socket.send(message).await?;
                    }
                }
                _ = ping.tick() => {
                    // Whoever may no longer see a camera gets no more of it.
                    self.open.retain(|answer| (self.allowed)(answer.camera));
                    socket.send(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    /// Begins with what was asked for; what there is to say at once.
    fn take(&mut self, text: &str) -> Option<PlaybackAnswer> {
        let failed = |id, detail: &str| Some(PlaybackAnswer::failed(id, detail));
        let request: PlaybackRequest = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => return failed(None, &format!("is no request: {error}")),
        };
        let id = Some(request.id);
        if request.cancel == Some(true) {
            self.open.retain(|answer| answer.id != request.id);
            return None;
        }
        if self.open.len() >= MOST_OPEN {
            return failed(id, &format!("{MOST_OPEN} requests are open already"));
        }
        if self.open.iter().any(|answer| answer.id == request.id) {
            return failed(id, "is open already");
        }
        let camera = request.camera_id.and_then(CameraId::new);
        let camera = camera.filter(|camera| (self.allowed)(*camera));
        let Some(camera) = camera else { return failed(id, "there is no such camera") };
        match self.plan(camera, &request) {
            Ok(state) => {
                self.open.push_back(Answer { id: request.id, camera, state });
                None
            }
            Err(error) => failed(id, &error),
        }
    }

    fn plan(&self, camera: CameraId, request: &PlaybackRequest) -> Result<State, String> {
        let moment = |name: &str, text: &Option<String>| -> Result<Moment, String> {
            let text = text.as_deref().unwrap_or_default();
            text.parse().map_err(|error: NoMoment| format!("`{name}` is {error}"))
        };
        let (from, to) = (moment("from", &request.from)?, moment("to", &request.to)?);
        let wanted = if request.keys == Some(true) { Wanted::Keys } else { Wanted::All };
        let archive = self.recorder.archive().cloned();
        let archive = archive.ok_or_else(|| "recordings cannot be read now".to_owned())?;
        Ok(State::Planned(tokio::task::spawn_blocking(move || {
            archive.footage(camera, from, to, wanted).map_err(|error| error.to_string())
        })))
    }

    /// The next part of whoever's turn it is. May be dropped while it waits: nothing is lost then.
    async fn next(open: &mut VecDeque<Answer>) -> Vec<Message> {
        let Some(answer) = open.front_mut() else { return Vec::new() };
        let id = answer.id;
        let failed = |detail: &str| vec![text(&PlaybackAnswer::failed(Some(id), detail))];
        let plain = |state| text(&PlaybackAnswer::new(id, state));
        let (messages, state) = match &mut answer.state {
            State::Planned(planned) => match planned.await {
                Ok(Ok(Some(footage))) => {
                    let begin = PlaybackAnswer {
                        from: Some(footage.from.as_90k().to_string()),
                        until: Some(footage.until.as_90k().to_string()),
                        ..PlaybackAnswer::new(id, PlaybackState::Begin)
                    };
                    (vec![text(&begin)], read(Arc::new(footage), 0))
                }
                Ok(Ok(None)) => (vec![plain(PlaybackState::Nothing)], None),
                Ok(Err(error)) => (failed(&error), None),
                Err(_) => (failed("razz failed"), None),
            },
            State::Reading(footage, at, reading) => match reading.await {
                Ok(Ok(part)) => {
                    let mut message = BytesMut::with_capacity(4 + part.len());
                    message.put_u32(id);
                    message.extend_from_slice(&part);
                    let next = read(Arc::clone(footage), *at + 1);
                    let mut messages = vec![Message::Binary(message.freeze())];
                    if next.is_none() {
                        messages.push(plain(PlaybackState::End));
                    }
                    (messages, next)
                }
                Ok(Err(error)) => (failed(&error.to_string()), None),
                Err(_) => (failed("razz failed"), None),
            },
        };
        // To the end of the queue, or out of it.
        if let Some(mut answer) = open.pop_front()
            && let Some(state) = state
        {
            answer.state = state;
            open.push_back(answer);
        }
        messages
    }
}

/// Reads a part while others are sent; `None` behind the last.
fn read(footage: Arc<Footage>, at: usize) -> Option<State> {
    if at >= footage.parts() {
        return None;
    }
    let reading = Arc::clone(&footage);
    Some(State::Reading(footage, at, tokio::task::spawn_blocking(move || reading.part(at))))
}

async fn tell(socket: &mut WebSocket, answer: &PlaybackAnswer) -> Result<(), axum::Error> {
    socket.send(text(answer)).await
}

fn text(answer: &PlaybackAnswer) -> Message {
    // Types of ours are always JSON.
    Message::Text(serde_json::to_string(answer).unwrap_or_default().into())
}
