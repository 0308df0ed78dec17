//! Cameras in: one supervisor per camera that connects, reads, and connects again for as long as the
//! server lives. What it finds goes to a [`Sink`], as [`Event`]s; who that is, is no business of ours.

mod address;
mod connection;
mod dialogue;
mod ended;
mod event;
mod known;
mod pictures;
pub mod probe;
pub mod report;
mod run;
#[cfg(test)]
mod tests;
mod tls;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use razz_base::{Backoff, CameraState, Decodable, MediaTime, MonoTime, RunId};
use razz_config::Source;
use razz_hub::RunContext;
use razz_media::rtp::receive;
use razz_media::timeline::Timeline;
use razz_observe::clock::Clock;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing::subscriber::NoSubscriber;
use tracing::{debug, error, info};

pub use self::address::{Unusable, of as addresses_of};
use self::ended::Ended;
use self::event::Reporter;
pub use self::event::{Event, Sink};
use self::known::Known;
use self::report::Recorder;
use self::run::Run;
pub use self::tls::Certificates;

/// Without an access unit for so long a run is given up.
const STALLED_AFTER: Duration = Duration::from_secs(5);
/// How often a camera that cannot be reached is asked whether its port is open.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// What an oddity of a camera's status is, by its name, and what becomes of it, in a sentence.
pub fn oddity_meaning(name: &str) -> Option<&'static str> {
    let of_session = razz_rtsp::Oddity::ALL.iter().map(|kind| (kind.name(), kind.meaning()));
    let of_packets = receive::Oddity::ALL.iter().map(|kind| (kind.name(), kind.meaning()));
    of_session.chain(of_packets).find(|(own, _)| *own == name).map(|(_, meaning)| meaning)
}

/// Who gives a camera's frames their media times, so that none is ever given twice.
pub trait MediaTimes: Send + Sync {
    /// Where media time begins or goes on; asked when the first frame is here.
    fn start(&self) -> MediaTime;

    /// Whether a frame may have this time; not so where another intake has taken the camera over.
    fn issue(&self, time: MediaTime, now: MonoTime) -> bool;

    /// Waits until times can be given for a while to come; never for long.
    fn reserved(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// What one camera's supervisor works with.
pub struct Intake {
    source: Source,
    context: RunContext,
    reporter: Reporter,
    times: Arc<dyn MediaTimes>,
    certificates: Arc<dyn Certificates>,
    recorder: Option<Arc<Recorder>>,
    decodable: Decodable,
    clock: Clock,
}

impl Intake {
    /// Of the camera's stream at `source`, of the kind that `context` says. What the machine's decoders cannot do is said where it is sent.
    pub fn new(
        source: Source,
        context: RunContext,
        sink: Arc<dyn Sink>,
        times: Arc<dyn MediaTimes>,
        certificates: Arc<dyn Certificates>,
        decodable: Decodable,
        clock: Clock,
    ) -> Arc<Self> {
        let reporter = Reporter::new(sink, context.kind());
        let recorder = None;
        Arc::new(Self {
            source,
            context,
            reporter,
            times,
            certificates,
            recorder,
            decodable,
            clock,
        })
    }

    /// Watches over the camera until `stopped`. A panic inside ends the run and begins the next.
    pub async fn supervise(self: Arc<Self>, stopped: impl Future<Output = ()>) {
        tokio::pin!(stopped);
        loop {
            let mut task = tokio::spawn(Arc::clone(&self).connect_for_ever());
            tokio::select! {
                () = &mut stopped => {
                    task.abort();
                    return;
                }
                Err(_panic) = &mut task => {}
            }
            error!(
                camera = self.context.camera().as_u32(),
                run = self.context.run(),
                "ingest of this camera panicked; it starts anew"
            );
            self.reporter.send(Event::Restarted);
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Connects once, without a word in the log, and reads for as long as `enough` lasts; once more where
    /// that brought no picture and showed what may help. Answers what went wrong, if anything did, and
    /// what to change on the camera.
    pub async fn try_once(
        &self,
        enough: impl Future<Output = ()>,
    ) -> Option<(String, Vec<String>)> {
        let mut timeline = None;
        let mut known = Known::default();
        let runs = async {
            let outcome = Run::new(self, RunId(1), &mut known).follow(&mut timeline).await;
            if outcome.frames > 0 || !known.take_news() {
                return outcome;
            }
            Run::new(self, RunId(2), &mut known).follow(&mut timeline).await
        };
        tokio::select! {
            outcome = runs.with_subscriber(NoSubscriber::default()) => {
                let (_, error, advice) = outcome.ended.describe(&self.source);
                Some((error, advice))
            }
            () = enough => None,
        }
    }

    async fn connect_for_ever(self: Arc<Self>) -> std::convert::Infallible {
        let mut timeline = None;
        let mut backoff = Backoff::new(rand::random());
        let mut run = RunId(self.context.run());
        let mut known = Known::default();
        loop {
            run.0 += 1;
            timeline.iter_mut().for_each(Timeline::start_run);
            self.context.begin(run);
            self.times.reserved().await;
            let span = self.context.span();
            self.connect(run, &mut known, &mut timeline, &mut backoff).instrument(span).await;
        }
    }

    /// One run, and the pause after it.
    async fn connect(
        &self,
        run: RunId,
        known: &mut Known,
        timeline: &mut Option<Timeline>,
        backoff: &mut Backoff,
    ) {
        let outcome = Run::new(self, run, known).follow(timeline).await;
        self.reporter.send(Event::RunEnded);
        let pause = match &outcome.ended {
            Ended::Unsupported { .. } => Duration::from_secs(30),
            _ if outcome.frames > 0 => {
                // It worked until now: one quick try before pausing longer and longer.
                backoff.reset();
                backoff.next_pause()
            }
            _ => backoff.next_pause(),
        };
        let (state, error, advice) = outcome.ended.describe(&self.source);
        self.reporter.state(state, Some(error), advice);
        debug!(frames = outcome.frames, ?pause, "next dial");
        if matches!(outcome.ended, Ended::Unreachable(_)) {
            if wait_for_port(&self.source, pause).await {
                info!("camera answers again");
                backoff.reset();
            }
        } else {
            sleep(pause).await;
        }
        // An offline camera stays offline until pictures come, one that sends what is of no use
        // stays unsupported; others are being connected.
        if !matches!(self.reporter.known(), CameraState::Unsupported | CameraState::Offline) {
            self.reporter.state(CameraState::Connecting, None, Vec::new());
        }
    }
}

/// Pauses, but not longer than until the camera's port is open: dials cost a camera something, a
/// look at its port next to nothing, so one that comes back is seen at once however long it was
/// away. Says whether the port is open.
async fn wait_for_port(source: &Source, pause: Duration) -> bool {
    let probe = async {
        // Not before the first, shortest pause: a camera that resets connections is no reason to spin.
        sleep(pause.min(PROBE_EVERY)).await;
        loop {
            let dial = async { TcpStream::connect(&*address::of(source).await.ok()?).await.ok() };
            if matches!(timeout(PROBE_EVERY, dial).await, Ok(Some(_))) {
                return;
            }
            sleep(PROBE_EVERY).await;
        }
    };
    timeout(pause, probe).await.is_ok()
}
