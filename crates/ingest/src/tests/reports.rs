//! Reports of cameras with quirks say nothing secret, and played again they show the same.

use razz_scene::camera::Quirks;

use super::*;
use crate::report::replay::{Replay, ReplayError};
use crate::report::{Header, Recorder, Report, ReportError, What};

/// Long enough for what is asked of a camera that behaves.
const LOOK: Duration = Duration::from_secs(12);
const PASSWORD: &str = "p@ss:word/1";

/// Looks at a camera with a quirk and writes it down.
async fn written(quirk: Option<Quirk>, transport: Transport) -> (probe::Found, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mount = Mount::new("camera1", footage(SMALL));
    let quirks = quirk.map_or(Quirks::NONE, |quirk| Quirks::NONE.with(quirk));
    mount.faults().set(Faults { quirks, ..Faults::default() });
    let credentials = Credentials { user: "anna".into(), password: PASSWORD.into() };
    let other = Mount::new("camera2", footage(SMALL));
    let options =
        CameraOptions { credentials: Some(credentials), seed: Some(7), ..CameraOptions::default() };
    let rtsp = RtspCamera::start(listener, vec![mount, other], options).unwrap();
    let (user, password) = (Some(Secret::new("anna")), Some(Secret::new(PASSWORD)));
    let source = Source::new(&rtsp.url("camera1").unwrap(), user, password, transport).unwrap();
    let clock = Clock::start();
    let recorder = Arc::new(Recorder::new(&source, clock));
    let found =
        probe::look(source, LOOK, Some(Arc::clone(&recorder)), Decodable::default(), clock).await;
    let text = recorder.report(serde_json::json!({"error": found.error})).to_text();
    rtsp.stop();
    (found, text)
}

/// What a look found, as far as it has to be the same.
fn essence(found: &probe::Found) -> (bool, Option<Size>, Vec<&'static str>, bool) {
    let kinds = found.health.oddities.keys().copied().collect();
    let size = found.format.as_ref().map(|format| format.size);
    (found.error.is_none(), size, kinds, found.health.sender_reports > 0)
}

#[tokio::test]
async fn a_report_played_again_shows_the_same_camera() {
    let rows = [
        (None, Transport::Tcp),
        (None, Transport::Udp),
        (Some(Quirk::NonceOnceSilent), Transport::Tcp),
        (Some(Quirk::ClosesAfterChallenge), Transport::Tcp),
        (Some(Quirk::OptionsFirst), Transport::Tcp),
        (Some(Quirk::OptionsFirstSilent), Transport::Tcp),
        (Some(Quirk::AudioNeeded), Transport::Tcp),
        (Some(Quirk::AudioNeeded), Transport::Udp),
        (Some(Quirk::Redirect301), Transport::Tcp),
        (Some(Quirk::SdpWithoutVersion), Transport::Tcp),
        (Some(Quirk::MarkerEveryPacket), Transport::Udp),
    ];
    let looks = rows.map(|(quirk, transport)| async move {
        let (then, text) = written(quirk, transport).await;
        let name = format!("{quirk:?} {transport:?}");
        for secret in [PASSWORD, "p%40ss", "anna"] {
            assert!(!text.contains(secret), "{name}: {secret} in {text}");
        }
        let report = Report::parse(&text).unwrap();
        assert!(report.header.credentials);
        let packets = report.lines.iter().filter_map(|line| match &line.what {
            What::Packet(packet) | What::Datagram(packet) => Some(packet),
            _ => None,
        });
        let (kept, sent) = packets.fold((0, 0), |(kept, sent), packet| {
            (kept + packet.begin.len() / 2, sent + packet.length)
        });
        assert!(sent > 0 && kept * 2 < sent, "{name}: {kept} bytes of {sent} are kept");
        // Of audio, RTP headers alone.
        let audio = report.lines.iter().filter_map(|line| match &line.what {
            What::Packet(packet) | What::Datagram(packet) => {
                (packet.channel == 2).then_some(packet.begin.len() / 2)
            }
            _ => None,
        });
        let expected = if quirk == Some(Quirk::AudioNeeded) { vec![12] } else { vec![] };
        assert_eq!(
            audio.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
            expected,
            "{name}"
        );

        let replay = Replay::start(&report).await.unwrap();
        let now =
            probe::look(replay.source().clone(), LOOK, None, Decodable::default(), Clock::start())
                .await;
        assert_eq!(essence(&now), essence(&then), "{name}: {:?} {:?}", now.error, then.error);
        assert_eq!(replay.differences(), Vec::<String>::new(), "{name}");
        let (frames, before) = (now.health.received.total, then.health.received.total);
        // Each look ends when it has seen enough, at some moment of a tenth of a second.
        assert!(frames * 10 >= before * 8, "{name}: {frames} of {before} frames");
    });
    let mut tasks = tokio::task::JoinSet::new();
    looks.into_iter().for_each(|look| drop(tasks.spawn(look)));
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

#[tokio::test]
async fn what_razz_does_otherwise_than_then_is_told() {
    let header = Header {
        razz_report: 1,
        razz: "0.1.0".to_owned(),
        url: "rtsps://camera.example/s?a=1".to_owned(),
        transport: "tcp".to_owned(),
        credentials: false,
    };
    let line = |t, what| crate::report::Line { t, what };
    let refused = "RTSP/1.0 404 Not Found\r\nCSeq: 7\r\n\r\n";
    let lines = vec![
        line(0, What::Connected("10.0.0.5:322".to_owned())),
        line(10, What::Sent("OPTIONS rtsps://camera.example/s RTSP/1.0\r\nCSeq: 7\r\n\r\n".into())),
        line(20, What::Came(refused.to_owned())),
        line(30, What::Closed("by the camera".to_owned())),
    ];
    let report = Report { header, lines };
    let replay = Replay::start(&report).await.unwrap();
    assert_eq!(replay.source().url.scheme(), "rtsp");
    assert_eq!(replay.source().url.query(), Some("a=1"));
    let found =
        probe::look(replay.source().clone(), LOOK, None, Decodable::default(), Clock::start())
            .await;
    assert!(found.error.is_some_and(|error| error.contains("404")), "the answer has our number");
    assert_eq!(replay.differences(), ["razz sent DESCRIBE where it sent OPTIONS then"]);

    let empty = Report { lines: Vec::new(), ..report };
    let refused = Replay::start(&empty).await.err();
    assert!(matches!(refused, Some(ReplayError::Report(ReportError::Empty))), "{refused:?}");
}
