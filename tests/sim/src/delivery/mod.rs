//! One viewer over a bad network: the server's own session on one end, a peer of the same WebRTC
//! library on the other, a link between them that loses, delays and fills up.

mod house;
mod peer;
mod renditions;

pub use house::{Blocked, House};
pub use peer::{Peer, PeerEvent, Shown};
pub use razz_scene::{Link, LinkQuality};
pub use renditions::Renditions;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use razz_base::{MonoTime, StreamKind};
use razz_media::ring::Unit;
use razz_viewer::SessionSettings;

/// The server's address.
pub const SERVER: SocketAddr =
    SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::new(10, 0, 0, 1), 8189));
/// The peer's address.
pub const PEER: SocketAddr =
    SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::new(10, 0, 0, 2), 5000));

/// Frames are this far apart: 30 a second.
pub const FRAME_US: i64 = 33_333;

/// How many datagrams of the peer are kept.
pub const CAPTURED: usize = 100;

/// What the stream is like: as a 720p30 camera at 2.5 Mbit/s has it.
#[derive(Clone, Copy, Debug)]
pub struct VideoShape {
    /// Bytes of an IDR.
    pub idr_bytes: usize,
    /// Bytes of another frame.
    pub frame_bytes: usize,
    /// Frames from IDR to IDR.
    pub gop_frames: u64,
}

impl Default for VideoShape {
    fn default() -> Self {
        Self { idr_bytes: 60_000, frame_bytes: 9_600, gop_frames: 60 }
    }
}

/// The whole: camera, session, link, peer, and the time that they share.
pub struct Delivery {
    /// Simulated time.
    pub now: MonoTime,
    /// The server's end.
    pub house: House,
    /// From the server to the peer.
    pub down: Link,
    /// From the peer to the server.
    pub up: Link,
    /// The browser's end.
    pub peer: Peer,
    /// The newest datagrams that the peer sent, at most [`CAPTURED`].
    pub captured: Vec<Vec<u8>>,
    next_frame: MonoTime,
}

impl Delivery {
    /// A peer that has the answer to its offer, at a camera that has run for `warm_up` frames.
    pub fn new(seed: u64, stream: VideoShape, quality: LinkQuality, warm_up: u64) -> Self {
        Self::open(seed, stream, quality, warm_up, None)
    }

    /// The same with smaller encodings of the camera's pictures, and a session that chooses among them.
    pub fn adapting(
        seed: u64,
        stream: VideoShape,
        lines: u32,
        quality: LinkQuality,
        warm_up: u64,
    ) -> Self {
        Self::open(seed, stream, quality, warm_up, Some(Renditions::of(lines)))
    }

    fn open(
        seed: u64,
        stream: VideoShape,
        quality: LinkQuality,
        warm_up: u64,
        renditions: Option<Renditions>,
    ) -> Self {
        // Where simulated time lies on the library's clock is of no matter: only differences count.
        let epoch = Instant::now();
        let start = MonoTime::from_us(1_000_000_000);
        let settings = SessionSettings {
            epoch,
            certificate: None,
            udp: vec![SERVER],
            tcp: Vec::new(),
            replay_bits_per_second: 50_000_000,
            adapt: renditions.is_some(),
        };
        let mut house = House::new(stream, settings, renditions);
        let mut now = start;
        for _ in 0..warm_up {
            house.take_frame(now);
            now = now.plus_us(FRAME_US);
        }
        let (mut peer, offer) = Peer::new(epoch, now);
        let answer = house.open(now, &offer);
        peer.accept(&answer);
        let down = Link::new(quality, seed);
        let up = Link::new(quality, seed ^ 0xB00);
        Self { now, house, down, up, peer, captured: Vec::new(), next_frame: now }
    }

    /// Lets `us` of simulated time pass.
    pub fn run(&mut self, us: i64) {
        let end = self.now.plus_us(us);
        self.step();
        while let Some(at) = self.next_event().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.step();
        }
        self.now = end;
        self.step();
    }

    /// A datagram that bears the peer's address arrives now.
    pub fn inject(&mut self, datagram: &[u8]) {
        self.house.handle_datagram(self.now, datagram);
    }

    fn next_event(&self) -> Option<MonoTime> {
        let ends = [self.down.next_arrival(), self.up.next_arrival(), self.house.deadline()];
        let own = [self.next_frame, self.peer.deadline()];
        own.into_iter().chain(ends.into_iter().flatten()).min()
    }

    fn step(&mut self) {
        let now = self.now;
        if now >= self.next_frame {
            self.house.take_frame(now);
            self.next_frame = self.next_frame.plus_us(FRAME_US);
        }
        while let Some(datagram) = self.up.receive(now) {
            self.house.handle_datagram(now, &datagram);
        }
        while let Some(datagram) = self.down.receive(now) {
            self.peer.handle_datagram(now, &datagram, &self.house.payloads);
        }
        self.house.handle_timeout(now);
        self.peer.handle_timeout(now, &self.house.payloads);
        for datagram in self.house.sent.drain(..) {
            self.down.send(now, datagram);
        }
        for datagram in self.peer.sent.drain(..) {
            if self.captured.len() >= CAPTURED {
                self.captured.remove(0);
            }
            self.captured.push(datagram.clone());
            self.up.send(now, datagram);
        }
    }
}

/// What is known of a frame by who sends it.
#[derive(Clone, Copy, Debug)]
pub struct FrameInfo {
    /// How many packets it has.
    pub packets: usize,
    /// Which of the camera's pictures it shows.
    pub picture: u64,
    /// The frame that it leans on; `None`: none, it is an IDR.
    pub leans_on: Option<u64>,
    /// Of which encoding it is.
    pub kind: StreamKind,
}

/// Every packet that the server may send, by its bytes.
#[derive(Default)]
pub struct Payloads {
    by_bytes: HashMap<Arc<[u8]>, (u64, usize)>,
    frames: HashMap<u64, FrameInfo>,
}

impl Payloads {
    /// The payloads of a frame.
    fn add(&mut self, frame: u64, unit: &Unit, info: FrameInfo) {
        self.frames.insert(frame, FrameInfo { packets: unit.payloads.len(), ..info });
        for (index, payload) in unit.payloads.iter().enumerate() {
            let old = self.by_bytes.insert(Arc::clone(&payload.data), (frame, index));
            assert!(old.is_none(), "two packets are alike");
        }
    }

    /// The frame that a payload is of, and which of its packets it is.
    pub fn find(&self, payload: &[u8]) -> Option<(u64, usize)> {
        self.by_bytes.get(payload).copied()
    }

    /// What is known of a frame.
    pub fn info(&self, frame: u64) -> Option<FrameInfo> {
        self.frames.get(&frame).copied()
    }
}
