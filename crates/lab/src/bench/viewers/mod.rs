//! `razz bench viewers`: a headless load client for any WHEP server. Every viewer is a WebRTC peer of
//! its own, with a port of its own, that receives, decrypts and counts; nothing is decoded.

mod flood;
mod frames;
mod peer;
mod report;
mod timing;
mod whep;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::peer::{Outcome, Phase};
use self::report::{Cost, Report};
use crate::terminal;
use razz_observe::clock::Clock;
use razz_scene::LinkQuality;

/// Options of `razz bench viewers`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Viewers {
    /// Where to join, such as http://127.0.0.1:8003/whep/1; given several times, viewers take turns
    #[arg(long, value_name = "URL", required = true)]
    pub whep: Vec<String>,
    /// How many viewers
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub number: u32,
    /// How long to measure once all have been let in, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// How many join per second
    #[arg(long, value_name = "R", default_value_t = 50.0)]
    pub join_rate: f64,
    /// Each viewer leaves after so many seconds and another comes in its place; 0: they stay
    #[arg(long, value_name = "S", default_value_t = 0.0)]
    pub stay: f64,
    /// A network path of its own for one viewer: so many kbit/s, delayed by 25 ms, a queue of 300 ms, and what else is
    /// said; given several times, for as many. Those beyond have none
    #[arg(long, value_name = "KBPS[:DELAY_MS[:JITTER_MS[:LOSS_PERCENT[:QUEUE_MS]]]]")]
    pub path: Vec<LinkQuality>,
    /// While it is measured, send so many forged datagrams a second to where the server takes media
    #[arg(long, value_name = "R", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub flood: u32,
    /// Read the server's CPU time and memory of this process from /proc
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// The result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Viewers that are still busy joining are waited for as long.
const JOIN_WITHIN: Duration = Duration::from_secs(30);

/// Runs the load and prints what came of it. Fails when not one viewer saw a picture.
pub fn run(options: &Viewers) -> ExitCode {
    if !(options.join_rate > 0.0 && options.join_rate.is_finite() && options.stay >= 0.0) {
        return terminal::refuse(
            &"razz bench viewers: `--join-rate` is above 0, `--stay` not below",
        );
    }
    let mut targets = Vec::new();
    for url in &options.whep {
        match whep::Target::parse(url) {
            Ok(target) => targets.push(Arc::new(target)),
            Err(error) => return terminal::refuse(&format!("razz bench viewers: {url}: {error}")),
        }
    }
    if let Some(pid) = options.server_pid
        && razz_observe::process::cpu_seconds(pid).is_none()
    {
        return terminal::refuse(&format!("razz bench viewers: there is no process {pid}"));
    }
    allow_many_files();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal::fail(&format!("razz bench viewers: {error}")),
    };
    let report = runtime.block_on(load(options, &targets));
    let text = if options.json { report.json() } else { report.table() };
    // A closed stdout is nobody's problem.
    let _ = writeln!(io::stdout(), "{text}");
    if report.joined == 0 {
        let why = report.first_error.as_deref().unwrap_or("no picture came");
        return terminal::fail(&format!("razz bench viewers: no viewer saw a picture: {why}"));
    }
    ExitCode::SUCCESS
}

async fn load(options: &Viewers, targets: &[Arc<whep::Target>]) -> Report {
    let clock = Clock::start();
    let (phase, seen) = watch::channel(Phase::Joining);
    let media: Arc<OnceLock<SocketAddr>> = Arc::default();
    let before = Cost::now(options.server_pid, clock);
    let mut tasks = JoinSet::new();
    let start = clock.mono();
    let pause_us = 1e6 / options.join_rate;
    for n in 0..options.number {
        let due = start.plus_us((f64::from(n) * pause_us) as i64);
        tokio::time::sleep(clock.mono().until(due)).await;
        let target = Arc::clone(&targets[n as usize % targets.len()]);
        let (seen, media) = (seen.clone(), Arc::clone(&media));
        let path = options.path.get(n as usize).copied();
        tasks.spawn(one_after_another(target, path, clock, options.stay, seen, media));
    }
    let joining = Cost::now(options.server_pid, clock);
    // Those who were asked for last still shake hands.
    tokio::time::sleep(Duration::from_secs(2)).await;
    phase.send_replace(Phase::Measuring);
    let steady = Cost::now(options.server_pid, clock);
    let flood = flood::start(options.flood, media.get().copied(), clock);
    tokio::time::sleep(Duration::from_secs(options.seconds.into())).await;
    let end = Cost::now(options.server_pid, clock);
    let forged = flood.map_or(0, flood::Flood::stop);
    phase.send_replace(Phase::Over);
    let mut outcomes = Vec::new();
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            outcomes.extend(ended.unwrap_or_default());
        }
    };
    let _ = tokio::time::timeout(JOIN_WITHIN, all).await;
    Report::new(options.number, &outcomes, [before, joining, steady, end], forged)
}

/// A viewer, and where viewers leave, those who come in its place.
async fn one_after_another(
    target: Arc<whep::Target>,
    path: Option<LinkQuality>,
    clock: Clock,
    stay: f64,
    phase: watch::Receiver<Phase>,
    media: Arc<OnceLock<SocketAddr>>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    loop {
        let until = (stay > 0.0).then(|| clock.mono().plus_us((stay * 1e6) as i64));
        outcomes.push(peer::watch(&target, path, clock, until, phase.clone(), &media).await);
        if until.is_none() || *phase.borrow() == Phase::Over {
            return outcomes;
        }
        if outcomes.last().is_some_and(|outcome| outcome.error.is_some()) {
            // Refused: not again at once.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Every viewer has a socket: as many files as the system lets us have.
fn allow_many_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid pointer to a struct of the right type, which outlives them;
    // a failure leaves the limit as it is.
    #[allow(unsafe_code)]
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
