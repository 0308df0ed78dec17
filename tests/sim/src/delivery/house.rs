//! The server's end: a camera's ring and the session that is watched.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    StreamKind, WallQuality, WallTime,
};
use razz_media::ring::{GopRing, Unit};
use razz_media::rtp::MAX_PAYLOAD;
use razz_viewer::session::RtcError;
use razz_viewer::{Answered, Outlet, Request, Route, Session, SessionSettings, Video};
use str0m::net::Protocol;

use super::renditions::{Made, Renditions};
use super::{FrameInfo, PEER, Payloads, SERVER, VideoShape};

/// Refuses to take media, as a TCP connection does whose reader is slow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// It takes everything.
    No,
    /// It takes nothing.
    Yes,
}

/// The server's end.
pub struct House {
    stream: VideoShape,
    settings: SessionSettings,
    renditions: Option<Renditions>,
    ring: GopRing,
    session: Option<Session>,
    /// Why the session ended.
    pub ended: Option<String>,
    /// Frames taken so far.
    pub frames: u64,
    /// When each frame came in.
    pub taken: Vec<MonoTime>,
    /// Every payload that there was.
    pub payloads: Payloads,
    /// Datagrams on their way out.
    pub sent: Vec<Vec<u8>>,
    /// Whether the way out takes media.
    pub blocked: Blocked,
}

struct Datagrams<'a> {
    sent: &'a mut Vec<Vec<u8>>,
    blocked: Blocked,
}

impl Outlet for Datagrams<'_> {
    fn send(&mut self, _: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        let mut datagram = vec![0; length];
        write(&mut datagram);
        self.sent.push(datagram);
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        self.blocked == Blocked::No
    }
}

impl House {
    pub(super) fn new(
        stream: VideoShape,
        settings: SessionSettings,
        renditions: Option<Renditions>,
    ) -> Self {
        Self {
            stream,
            settings,
            renditions,
            ring: GopRing::new(64 << 20),
            session: None,
            ended: None,
            frames: 0,
            taken: Vec::new(),
            payloads: Payloads::default(),
            sent: Vec::new(),
            blocked: Blocked::No,
        }
    }

    /// Whether frame `n` is an IDR.
    pub fn is_idr(&self, n: u64) -> bool {
        n.is_multiple_of(self.stream.gop_frames)
    }

    /// The session, while it lives.
    pub fn session(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    pub(super) fn open(&mut self, now: MonoTime, offer: &str) -> String {
        let video = Video::default();
        let Answered { mut session, answer } =
            Session::answer(1, offer, video, &self.settings, now)
                .unwrap_or_else(|error| panic!("{error}"));
        if let Some(renditions) = &self.renditions {
            session.set_steps(now, renditions.steps(), None);
        }
        self.session = Some(session);
        answer
    }

    /// The camera takes a frame.
    pub fn take_frame(&mut self, now: MonoTime) {
        let n = self.frames;
        self.frames += 1;
        let idr = self.is_idr(n);
        let bytes = if idr { self.stream.idr_bytes } else { self.stream.frame_bytes };
        let unit = unit(n, n, idr, bytes, Size::new(1280, 720), now);
        let leans_on = (!idr).then(|| n - 1);
        let info = FrameInfo { packets: 0, picture: n, leans_on, kind: StreamKind::Main };
        self.payloads.add(n, &unit, info);
        self.taken.push(now);
        self.ring.push(Arc::clone(&unit));
        let Some(session) = &mut self.session else { return };
        session.handle_unit(now, &unit);
        // Each encoding is made while somebody wants it, or has not changed over from it.
        let wanted = [session.wants(), session.sending()];
        let made = self.renditions.as_mut().map(|renditions| {
            let same = wanted[0] == wanted[1];
            let kinds = wanted.into_iter().take(if same { 1 } else { 2 });
            kinds.filter_map(|kind| renditions.encode(n, kind)).collect::<Vec<_>>()
        });
        for made in made.unwrap_or_default() {
            let Made { kind, frame, bytes, leans_on } = made;
            let idr = leans_on.is_none();
            let unit = self::unit(frame, n, idr, bytes, Size::new(640, 360), now);
            self.payloads.add(frame, &unit, FrameInfo { packets: 0, picture: n, leans_on, kind });
            session.handle_unit_of(now, kind, &unit);
        }
        self.flush(now);
    }

    pub(super) fn handle_datagram(&mut self, now: MonoTime, datagram: &[u8]) {
        if let Some(session) = &mut self.session {
            let taken = session.handle_datagram(now, Protocol::Udp, PEER, Some(SERVER), datagram);
            match taken {
                Ok(_) => self.flush(now),
                Err(error) => self.end(format!("a datagram: {error}")),
            }
        }
    }

    fn end(&mut self, why: String) {
        self.session = None;
        self.ended = Some(why);
    }

    pub(super) fn handle_timeout(&mut self, now: MonoTime) {
        if let Some(session) = &mut self.session
            && now >= session.deadline()
        {
            match session.handle_timeout(now) {
                Ok(()) => self.flush(now),
                Err(error) => self.end(format!("time: {error}")),
            }
        }
    }

    fn flush(&mut self, now: MonoTime) {
        let Some(session) = &mut self.session else { return };
        let mut way = Datagrams { sent: &mut self.sent, blocked: self.blocked };
        match flush(session, &self.ring, &mut self.renditions, now, &mut way) {
            Err(error) => self.end(format!("sending: {error}")),
            Ok(()) if session.is_over() => self.end("the peer is gone".to_owned()),
            Ok(()) => {}
        }
    }

    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.session.as_ref().map(Session::deadline)
    }
}

fn flush(
    session: &mut Session,
    ring: &GopRing,
    renditions: &mut Option<Renditions>,
    now: MonoTime,
    way: &mut Datagrams<'_>,
) -> Result<(), RtcError> {
    while let Some(request) = session.flush(now, way)? {
        match request {
            Request::NextIdr { after } => session.handle_next_idr(ring.next_idr_in(after)),
            Request::Replay => session.handle_replay(now, ring.replay()),
            Request::KeyFrame { kind, .. } => {
                renditions.iter_mut().for_each(|renditions| renditions.want_idr(kind));
            }
        }
    }
    Ok(())
}

/// A frame whose packets are like no others'.
fn unit(frame: u64, picture: u64, idr: bool, bytes: usize, size: Size, now: MonoTime) -> Arc<Unit> {
    let mut data = Vec::with_capacity(bytes + 40);
    if idr {
        data.extend(b"\0\0\0\x01\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80");
        data.extend(b"\0\0\0\x01\x68\xce\x3c\x80");
        // What makes the parameter sets' packet another one each time.
        data.extend([0, 0, 0, 1, 0x06]);
        data.extend(number(frame));
    }
    data.extend([0, 0, 0, 1, if idr { 0x65 } else { 0x41 }, 0x88]);
    // Every eight bytes say which they are: no two payloads are alike.
    for word in 0..bytes as u64 / 8 {
        data.extend(number(frame << 16 | word));
    }
    let au = AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).unwrap_or_else(|| unreachable!("1 is not 0")),
            time: MediaTime::from_90k(picture as i64 * 3000),
        },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, size),
        data: Bytes::from(data),
        idr,
        lost_packets: 0,
        wall: WallTime { us: now.as_us(), quality: WallQuality::Arrival },
        received: now,
    };
    Arc::new(Unit::new(au, MAX_PAYLOAD))
}

/// A number in eight bytes of seven bits each, none of them zero: no start code comes about.
fn number(n: u64) -> [u8; 8] {
    std::array::from_fn(|place| (n >> (7 * place) & 0x7F) as u8 | 0x80)
}
