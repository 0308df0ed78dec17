//! Every quirk of the scene's camera over every transport: what can be played is played, each picture
//! that was sent, in one dial and without a pause; what cannot is said.

use std::fmt::Write as _;

use razz_scene::camera::{Area, Outcome, Over, Quirks};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

/// How long each camera is watched: longer than one waits for an answer to what it asks, and than three
/// of its sessions' timeouts.
const WATCHED: Duration = Duration::from_millis(6500);
/// The same for a camera that is played well at its second dial only: the first run is given up after it
/// brought nothing, or the camera ends it.
const WATCHED_TWICE: Duration = Duration::from_millis(6500 + 5500);
/// And for one that is missed something only after 20 s.
const WATCHED_LONG: Duration = Duration::from_millis(22_500);
const SESSION_TIMEOUT: Duration = Duration::from_secs(2);
/// Cameras at a time.
const AT_ONCE: usize = 12;
/// The last picture of a camera that marks none, which ends with the next one.
const HELD_BACK: u64 = 1;
/// Pictures from one IDR to the next.
const GOP: u64 = 30;
/// The longest pause between two pictures of a camera that is played well.
const LONGEST_PAUSE_US: i64 = 500_000;

/// A second of the street in pictures of several slices.
fn in_slices() -> Footage {
    static MADE: OnceLock<Footage> = OnceLock::new();
    MADE.get_or_init(|| Footage::clip_in_slices(1, 0, 30, SMALL, 700).unwrap()).clone()
}

/// What became of one camera.
struct Watched {
    state: CameraState,
    said: String,
    advice: Vec<String>,
    frames: u64,
    /// Those at which a viewer may begin.
    keys: u64,
    sent: u64,
    dials: u32,
    runs: u32,
    lost: u64,
    longest_pause_us: i64,
    restarts: u32,
    oddities: BTreeMap<&'static str, u64>,
}

async fn watch(quirk: Quirk, transport: Transport) -> Watched {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Every quirk of packets is shown on pictures of several slices, where it can hurt most.
    let footage = if quirk.area() == Area::Packets { in_slices() } else { footage(SMALL) };
    let mount = Mount::new("camera1", footage);
    let faults = mount.faults();
    faults.set(Faults { quirks: Quirks::NONE.with(quirk), ..Faults::default() });
    let signs_in = quirk.area() == Area::SigningIn;
    let options = CameraOptions {
        credentials: signs_in
            .then(|| Credentials { user: "anna".into(), password: "p@ss:word/1".into() }),
        // Where it is not said, it is the standard's.
        session_timeout: match quirk {
            Quirk::SessionIdOnly => Duration::from_secs(60),
            // Long enough for its session to end well after a keep-alive.
            Quirk::KeepAliveHidden => SESSION_TIMEOUT * 2,
            _ => SESSION_TIMEOUT,
        },
        seed: Some(7),
        ..CameraOptions::default()
    };
    // Where a quirk refers to another mount.
    let other = Mount::new("camera2", self::footage(SMALL));
    let second = other.faults();
    let rtsp = RtspCamera::start(listener, vec![mount, other], options).unwrap();
    let secret = |text: &str| signs_in.then(|| Secret::new(text));
    let (user, password) = (secret("anna"), secret("p@ss:word/1"));
    let source = Source::new(&rtsp.url("camera1").unwrap(), user, password, transport).unwrap();
    let (sender, mut units) = mpsc::unbounded_channel();
    let camera = Listener::new(move |au| drop(sender.send(au)));
    let (stop, task) = supervised(intake(source, &camera, Clock::start()));
    // How long this machine itself stood still meanwhile, which is no fault of the camera.
    let clock = Clock::start();
    let watched = match quirk {
        Quirk::AudioNeeded | Quirk::KeepAliveHidden => WATCHED_TWICE,
        Quirk::OneKeyFrame => WATCHED_LONG,
        _ => WATCHED,
    };
    let (end, mut stood_still_us) = (clock.mono().plus_us(watched.as_micros() as i64), 0);
    while clock.mono() < end {
        let before = clock.mono();
        sleep(Duration::from_millis(20)).await;
        stood_still_us = stood_still_us.max(clock.mono().since_us(before) - 20_000);
    }
    // No picture more, and those on their way come in.
    for faults in [&faults, &second] {
        faults.set(Faults { stall: true, ..faults.now() });
    }
    let sent = || faults.pictures_sent() + second.pictures_sent();
    let arrived = async {
        while camera.report().received + HELD_BACK < sent() {
            sleep(Duration::from_millis(10)).await;
        }
        // A second picture too many would be here by now.
        sleep(Duration::from_millis(100)).await;
    };
    let _ = timeout(Duration::from_secs(2), arrived).await;
    let (sent, dials) = (sent(), faults.dials());
    stop.send_replace(true);
    let _ = task.await;
    rtsp.stop();
    let (mut arrivals, mut keys) = (Vec::new(), 0);
    while let Ok(unit) = units.try_recv() {
        arrivals.push(unit.received);
        keys += u64::from(unit.idr);
    }
    let pauses = arrivals.windows(2).map(|pair| pair[1].since_us(pair[0]));
    let report = camera.report();
    Watched {
        state: report.state,
        said: report.last_error.clone().unwrap_or_default(),
        advice: report.advice.clone(),
        frames: report.received,
        keys,
        sent,
        dials,
        runs: report.runs,
        lost: report.lost_packets,
        longest_pause_us: pauses.max().map_or(i64::MAX, |pause| pause - stood_still_us),
        restarts: report.restarts,
        oddities: report.oddities.clone(),
    }
}

/// What is wrong with how a camera was dealt with; empty where nothing is.
fn judge(quirk: Quirk, watched: &Watched) -> String {
    let mut wrong = String::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            let _ = write!(wrong, "{what}; ");
        }
    };
    check(watched.restarts == 0, "its intake panicked".into());
    match quirk.outcome() {
        Outcome::Kept => {
            let Watched { frames, sent, .. } = *watched;
            check(watched.state == CameraState::Online, format!("{:?}", watched.state));
            // Where the SDP names another coding, the pictures until the packets make it plain, and until
            // the next parameter sets.
            let before = if quirk == Quirk::SdpH265 { GOP } else { 0 };
            // A first picture that turns out to go on behind its marker comes twice. Who marks parameter
            // sets too gives that away before.
            let again = watched.oddities.get("first_again").copied().unwrap_or(0);
            let expected = u64::from(quirk == Quirk::MarkerEverySlice);
            check(again == expected, format!("{again} first pictures twice"));
            check(
                frames <= sent + again && frames + HELD_BACK + before >= sent && sent > 100,
                format!("{frames} of {sent} pictures"),
            );
            check(watched.runs == 1, format!("{} runs", watched.runs));
            // The only IDR, and of the recovery points behind it, one a second, those of the last 2.5 s.
            let begins = quirk != Quirk::OneKeyFrame || (3..=4).contains(&watched.keys);
            check(begins, format!("{} places to begin at", watched.keys));
            let dials = if quirk == Quirk::AudioNeeded { 2 } else { 1 };
            let refers = matches!(quirk, Quirk::Redirect301 | Quirk::Redirect302Relative);
            check(watched.dials == dials || refers, format!("{} dials", watched.dials));
            // A jump in the numbers, and fragments that never end, look as packets that were lost; the
            // first packets from another address than the camera's are.
            let looks_lost = matches!(
                quirk,
                Quirk::SequenceJump | Quirk::NonsenseNalsNumbered | Quirk::OtherAddress
            );
            let lost = watched.lost;
            check(lost == 0 || looks_lost, format!("{lost} packets lost"));
            let counted = match quirk {
                Quirk::AudioNeeded => Some("rtsp_audio_dropped"),
                Quirk::OptionsFirst | Quirk::OptionsFirstThenCloses | Quirk::OptionsFirstSilent => {
                    Some("rtsp_options_first")
                }
                _ => None,
            };
            if let Some(kind) = counted {
                check(watched.oddities.contains_key(kind), format!("{kind} is not counted"));
            }
            let pause = watched.longest_pause_us;
            check(pause < LONGEST_PAUSE_US, format!("a pause of {} ms", pause / 1000));
        }
        Outcome::Redialled => {
            check(watched.frames > 60, format!("{} pictures", watched.frames));
            check(watched.runs > 1, format!("{} runs", watched.runs));
            // What ended the first run is not done in the second.
            check(watched.state == CameraState::Online, format!("{:?}", watched.state));
            let learns = quirk == Quirk::KeepAliveHidden;
            check(watched.runs == 2 || !learns, format!("{} runs", watched.runs));
        }
        Outcome::Unplayable => {
            check(!watched.said.is_empty() || !watched.advice.is_empty(), "nothing is said".into());
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cameras_as_they_are_in_the_field_are_played() {
    // Made before anybody waits for them.
    let _made = (footage(SMALL), in_slices());
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut cameras = JoinSet::new();
    for quirk in Quirk::ALL {
        let transports: &[Transport] = match quirk.over() {
            Over::Both => &[Transport::Tcp, Transport::Udp],
            Over::Tcp => &[Transport::Tcp],
            Over::Udp => &[Transport::Udp],
        };
        for transport in transports {
            let places = Arc::clone(&places);
            cameras.spawn(async move {
                let _place = places.acquire_owned().await;
                (*quirk, *transport, watch(*quirk, *transport).await)
            });
        }
    }
    let (mut count, mut wrong) = (0, Vec::new());
    while let Some(watched) = cameras.join_next().await {
        let (quirk, transport, watched) = watched.unwrap();
        count += 1;
        let verdict = judge(quirk, &watched);
        if !verdict.is_empty() {
            wrong.push(format!(
                "{} over {transport:?}: {verdict}dials {}, lost {}, \"{}\", {:?}, {:?}",
                quirk.name(),
                watched.dials,
                watched.lost,
                watched.said,
                watched.advice,
                watched.oddities
            ));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
