//! Cameras in: one supervisor per camera that dials, reads, and dials again for as long as the
//! server lives.

mod address;
mod pictures;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use razz_base::RunId;
use razz_media::timeline::Timeline;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing::subscriber::NoSubscriber;
use tracing::{debug, error, info};

use self::run::{Ended, Run};
use crate::backoff::Backoff;
use crate::camera::Camera;
use razz_base::CameraState;
use razz_config::Source;
use razz_observe::clock::Clock;

/// How often a camera that cannot be reached is asked whether its port is open.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// Watches over one camera until it is stopped. A panic inside ends the run and begins the next.
pub(crate) async fn supervise(camera: Arc<Camera>, clock: Clock) {
    loop {
        let mut task = tokio::spawn(dial_for_ever(Arc::clone(&camera), clock));
        tokio::select! {
            () = camera.stopped() => {
                task.abort();
                return;
            }
            Err(_panic) = &mut task => {}
        }
        error!(
            camera = camera.id.as_u32(),
            run = camera.run(),
            "ingest of this camera panicked; it starts anew"
        );
        camera.status().restarts += 1;
        sleep(Duration::from_secs(1)).await;
    }
}

/// Dials once, without a word in the log, and reads for as long as `enough` lasts. Answers what went
/// wrong, if anything did, and what to change on the camera.
pub(crate) async fn try_once(
    camera: &Camera,
    clock: Clock,
    enough: impl Future<Output = ()>,
) -> Option<(String, Vec<String>)> {
    let mut timeline = Timeline::new(razz_base::MediaTime::from_90k(0));
    let run = Run::new(camera, RunId(1), clock).follow(&mut timeline);
    tokio::select! {
        outcome = run.with_subscriber(NoSubscriber::default()) => {
            let (_, error, advice) = outcome.ended.describe(&camera.source);
            Some((error, advice))
        }
        () = enough => None,
    }
}

async fn dial_for_ever(camera: Arc<Camera>, clock: Clock) -> std::convert::Infallible {
    let start: u32 = rand::random();
    // A random start, as RFC 3550 section 5.1 wants RTP timestamps to have.
    let mut timeline = Timeline::new(razz_base::MediaTime::from_90k(i64::from(start)));
    let mut backoff = Backoff::new(rand::random());
    let mut run = RunId(0);
    loop {
        run.0 += 1;
        timeline.start_run();
        camera.handle_dial(run);
        let span = camera.span();
        dial(&camera, run, clock, &mut timeline, &mut backoff).instrument(span).await;
    }
}

/// One run, and the pause after it.
async fn dial(
    camera: &Camera,
    run: RunId,
    clock: Clock,
    timeline: &mut Timeline,
    backoff: &mut Backoff,
) {
    let outcome = Run::new(camera, run, clock).follow(timeline).await;
    camera.handle_run_ended();
    let pause = match &outcome.ended {
        Ended::Unsupported { .. } => Duration::from_secs(30),
        _ if outcome.frames > 0 => {
            // It worked until now: one quick try before pausing longer and longer.
            backoff.reset();
            backoff.next()
        }
        _ => backoff.next(),
    };
    let (state, error, advice) = outcome.ended.describe(&camera.source);
    camera.set_state(state, Some(error), advice);
    debug!(frames = outcome.frames, ?pause, "next dial");
    if matches!(outcome.ended, Ended::Unreachable(_)) {
        if wait_for_port(&camera.source, pause).await {
            info!("camera answers again");
            backoff.reset();
        }
    } else {
        sleep(pause).await;
    }
    if camera.status().state != CameraState::Unsupported {
        let known = camera.status().state;
        // An offline camera stays offline until pictures come; others are being connected.
        if known != CameraState::Offline {
            camera.set_state(CameraState::Connecting, None, Vec::new());
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
