//! Moves the clock: the camera takes frames, the network carries packets, access units come out.

use std::collections::VecDeque;

use razz_base::{CameraId, MediaTime, MonoTime};

use crate::camera::{Camera, Kind, Packet, Report};
use crate::ingest::{Ingest, Received};
use crate::network::{Network, Quality};
use crate::random::Random;

/// The server's wall clock at mono time 0, UTC µs.
pub const WALL_START_US: i64 = 1_700_000_000_000_000;

/// What the camera does besides sending frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It drops the session and answers to a new one after this many µs.
    Restart {
        /// Without frames, in µs.
        away_us: i64,
    },
    /// Its RTP clock jumps by so many ticks.
    Jump {
        /// Of 90 kHz; negative for backwards.
        ticks: i64,
    },
    /// It takes no frame for so many µs.
    Pause {
        /// In µs.
        us: i64,
    },
}

/// How often the camera misbehaves, per frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Faults {
    /// Probability of a restart.
    pub restart: f64,
    /// Probability of a jump.
    pub jump: f64,
    /// Probability of a pause.
    pub pause: f64,
}

impl Faults {
    /// A camera without faults.
    pub const NONE: Self = Self { restart: 0.0, jump: 0.0, pause: 0.0 };
    /// One that should be replaced.
    pub const MANY: Self = Self { restart: 0.004, jump: 0.004, pause: 0.004 };
}

/// What a frame was when it was taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Mono time in µs.
    pub at_us: i64,
    /// What happened just before it.
    pub fault: Option<Fault>,
}

#[derive(Debug)]
enum Thing {
    Packet(Packet),
    Report(Report),
}

/// A camera, its network and its receiving side.
#[derive(Debug)]
pub struct Simulation {
    random: Random,
    faults: Faults,
    camera: Camera,
    network: Network<Thing>,
    ingest: Ingest,
    /// When the next frame is taken, and when the last one will have been.
    next_frame_us: i64,
    end_us: i64,
    next_report_us: i64,
    taken: Vec<Taken>,
    received: VecDeque<Received>,
    /// Media time of the first access unit.
    start: MediaTime,
}

impl Simulation {
    /// Everything from the seed: some camera, some network, many faults.
    pub fn random(seed: u64, seconds: i64) -> Self {
        let mut random = Random::new(seed);
        let kind = Kind::random(&mut random);
        let quality = Quality::random(&mut random);
        Self::new(seed, seconds, kind, quality, Faults::MANY)
    }

    /// `seconds` of a camera of this kind.
    pub fn new(seed: u64, seconds: i64, kind: Kind, quality: Quality, faults: Faults) -> Self {
        let mut random = Random::new(seed ^ 0x5EED);
        let start = MediaTime::from_90k(random.between(0, 1 << 33));
        let id = CameraId::new(1).unwrap_or_else(|| unreachable!("1 is not 0"));
        Self {
            camera: Camera::new(kind, random.draw()),
            network: Network::new(quality, random.draw()),
            ingest: Ingest::new(id, start),
            faults,
            next_frame_us: 0,
            end_us: seconds * 1_000_000,
            next_report_us: random.between(0, 3_000_000),
            taken: Vec::new(),
            received: VecDeque::new(),
            random,
            start,
        }
    }

    /// What kind of camera it has.
    pub fn kind(&self) -> &Kind {
        self.camera.kind()
    }

    /// Media time of the first access unit.
    pub fn start(&self) -> MediaTime {
        self.start
    }

    /// The frames taken so far, by number.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// Things lost on the way so far.
    pub fn lost(&self) -> u64 {
        self.network.lost()
    }

    /// The next access unit; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the borrow of `taken` between calls")]
    pub fn next(&mut self) -> Option<Received> {
        loop {
            if let Some(received) = self.received.pop_front() {
                return Some(received);
            }
            let next_frame = (self.next_frame_us < self.end_us).then_some(self.next_frame_us);
            match (self.network.next_arrival_us(), next_frame) {
                (Some(arrival), Some(frame)) if frame < arrival => self.take_frame(),
                (Some(arrival), _) => self.deliver(arrival),
                (None, Some(_)) => self.take_frame(),
                (None, None) => return None,
            }
        }
    }

    fn deliver(&mut self, now_us: i64) {
        while let Some((at_us, thing)) = self.network.receive(now_us) {
            let (now, wall_us) = (MonoTime::from_us(at_us), WALL_START_US + at_us);
            match thing {
                Thing::Packet(packet) => {
                    self.received.extend(self.ingest.packet(packet, now, wall_us));
                }
                Thing::Report(report) => self.ingest.report(report, wall_us),
            }
        }
    }

    fn draw_fault(&mut self) -> Option<Fault> {
        let random = &mut self.random;
        if self.taken.is_empty() {
            None
        } else if random.chance(self.faults.restart) {
            Some(Fault::Restart { away_us: random.between(100_000, 4_000_000) })
        } else if random.chance(self.faults.jump) {
            let ticks = match random.between(0, 4) {
                0 => random.between(-18_000, 18_000),
                1 => random.between(-900_000, 900_000),
                // Back by one frame: a timestamp twice.
                2 => -(self.camera.kind().interval_us * 9 / 100),
                _ => random.between(-(1 << 31), 1 << 31),
            };
            Some(Fault::Jump { ticks })
        } else if random.chance(self.faults.pause) {
            Some(Fault::Pause { us: random.between(50_000, 4_000_000) })
        } else {
            None
        }
    }

    fn take_frame(&mut self) {
        let fault = self.draw_fault();
        match fault {
            Some(Fault::Restart { away_us }) => {
                // What was sent and has not arrived is lost with the connection.
                self.network.reset();
                self.camera.restart();
                self.next_frame_us += away_us;
            }
            Some(Fault::Jump { ticks }) => self.camera.jump(ticks),
            Some(Fault::Pause { us }) => self.next_frame_us += us,
            None => {}
        }
        let now_us = self.next_frame_us;
        let (number, packets) = self.camera.frame(now_us);
        assert_eq!(number as usize, self.taken.len());
        self.taken.push(Taken { at_us: now_us, fault });
        for (index, packet) in packets.into_iter().enumerate() {
            // A camera needs a moment for each packet.
            self.network.send(Thing::Packet(packet), now_us + 20 * index as i64);
        }
        if now_us >= self.next_report_us {
            self.next_report_us = now_us + 1_000_000;
            if let Some(report) = self.camera.report(now_us, WALL_START_US + now_us) {
                self.network.send(Thing::Report(report), now_us);
            }
        }
        self.next_frame_us += self.camera.kind().interval_us;
    }
}
