//! A connection on which requests have to come in time, and answers have to be read.
//!
//! The connection itself knows when bytes come; [`Progress`], which it shares with whoever answers,
//! knows what they are part of.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::limits::{Lease, Place};

/// How long the head of a request may take: from the beginning of the connection for the first one,
/// from its first byte for the others.
pub(super) const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may be idle after an answer. Longer than proxies keep theirs (nginx: 60 s), so
/// that they close first and never send a request into a connection that is closing.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// How long a client may take to make room for more of an answer.
pub(super) const STALL: Duration = Duration::from_secs(30);

/// Where a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing has come yet.
    New,
    /// A request's head is coming.
    Head,
    /// A request is answered. Its body has limits of its own.
    Answering,
    /// The last answer is out, and nothing has come since.
    Idle,
    /// It speaks WebSocket, which has limits of its own.
    Upgraded,
}

impl Phase {
    /// Whether nobody asks for anything yet.
    fn waits(self) -> bool {
        matches!(self, Self::New | Self::Head | Self::Idle)
    }

    fn limit(self) -> Option<Duration> {
        match self {
            Self::New | Self::Head => Some(HEAD),
            Self::Idle => Some(IDLE),
            Self::Answering | Self::Upgraded => None,
        }
    }
}

/// Where a connection is.
#[derive(Debug)]
pub(super) struct Progress {
    now: Mutex<Now>,
    place: Place,
}

#[derive(Debug)]
struct Now {
    phase: Phase,
    /// How often the limit has begun anew.
    number: u64,
    /// Who reads the connection without a limit, and has to learn when there is one again.
    reader: Option<Waker>,
}

impl Progress {
    pub(super) fn new(place: Place) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(Now { phase: Phase::New, number: 0, reader: None }),
            place,
        })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on from what `next` answers for.
    fn go(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        let mut now = self.now();
        let before = now.phase;
        if let Some(next) = next(now.phase) {
            if before.waits() != next.waits() {
                self.place.waits(next.waits());
            }
            // The first head has what is left of the time since the connection began.
            now.number += u64::from((now.phase, next) != (Phase::New, Phase::Head));
            now.phase = next;
            if let Some(reader) = now.reader.take().filter(|_| next == Phase::Idle) {
                reader.wake();
            }
        }
    }

    fn bytes_came(&self) {
        self.go(|phase| matches!(phase, Phase::New | Phase::Idle).then_some(Phase::Head));
    }

    /// The end of an answer may still be on its way when its body is done.
    fn bytes_went(&self) {
        self.go(|phase| (phase == Phase::Idle).then_some(Phase::Idle));
    }

    /// A request's head is complete.
    pub(super) fn request_came(&self) {
        self.go(|_| Some(Phase::Answering));
    }

    /// The connection is HTTP no more.
    pub(super) fn upgraded(&self) {
        self.go(|_| Some(Phase::Upgraded));
    }

    fn answered(&self) {
        self.go(|phase| (phase == Phase::Answering).then_some(Phase::Idle));
    }

    /// `body` as it was; when it is sent, or given up, the request is answered.
    pub(super) fn answer(self: Arc<Self>, body: Body) -> Body {
        Body::new(Answer { body, progress: self })
    }
}

/// The body of an answer.
struct Answer {
    body: Body,
    progress: Arc<Progress>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.progress.answered();
    }
}

/// A connection with its deadlines.
pub(super) struct Timed<IO> {
    io: IO,
    progress: Arc<Progress>,
    /// The deadline of the phase of this number.
    deadline: Option<(u64, Pin<Box<Sleep>>)>,
    /// Since the client made no room.
    stalled: Option<Pin<Box<Sleep>>>,
    _lease: Lease,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Timed<IO> {
    pub(super) fn new(io: IO, progress: Arc<Progress>, lease: Lease) -> Self {
        Self { io, progress, deadline: None, stalled: None, _lease: lease }
    }

    /// Ready when what is waited for has taken too long; a client that began to ask is told so.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut now = self.progress.now();
        let (phase, number) = (now.phase, now.number);
        let Some(limit) = phase.limit() else {
            now.reader = Some(cx.waker().clone());
            drop(now);
            self.deadline = None;
            return Poll::Pending;
        };
        drop(now);
        let (_, deadline) = match &mut self.deadline {
            Some(deadline) if deadline.0 == number => deadline,
            other => other.insert((number, Box::pin(sleep(limit)))),
        };
        ready!(deadline.as_mut().poll(cx));
        if phase == Phase::Head {
            let said = super::plain::too_slow(HEAD);
            // As much as goes out at once: nobody waits for a client that is late already.
            if let Poll::Ready(Ok(_)) = Pin::new(&mut self.io).poll_write(cx, said.as_bytes()) {
                let _ = Pin::new(&mut self.io).poll_flush(cx);
            }
        }
        Poll::Ready(())
    }

    /// `written`, unless the client has made no room for too long.
    fn or_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client has stopped reading")))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Timed<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Ready(outcome) => {
                if buf.filled().len() > before {
                    self.progress.bytes_came();
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                ready!(self.poll_late(cx));
                let late = io::Error::new(io::ErrorKind::TimedOut, "the client is too slow");
                Poll::Ready(Err(late))
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        if written.is_ready() {
            self.progress.bytes_went();
        }
        self.or_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        if written.is_ready() {
            self.progress.bytes_went();
        }
        self.or_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.or_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.or_stalled(cx, shut)
    }
}
