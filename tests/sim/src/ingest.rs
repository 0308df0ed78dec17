//! RTP packets to access units, losing what an RTSP client loses, with media and wall time.

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat, WallTime,
};
use razz_media::h264::{NalType, Sps, nal_type};
use razz_media::timeline::{Fit, Placed, Timeline, WallClock};

use crate::camera::{Packet, Report};
use crate::depacketize::depacketize;

/// One camera's receiving side.
///
/// Losses are treated as the RTSP client does it: an access unit with packets lost in it, or at
/// its end, is dropped whole; one that comes after a loss may lack its beginning and is passed on
/// with the number of packets lost before it. Packets that come late count as lost.
#[derive(Debug)]
pub struct Ingest {
    id: CameraId,
    session: Option<u32>,
    run: u32,
    timeline: Timeline,
    wall: WallClock,
    expected: Option<u16>,
    /// The last RTP timestamp, extended to 64 bits.
    extended: Option<i64>,
    state: State,
    size: Option<Size>,
}

#[derive(Debug)]
enum State {
    /// Between access units; so many packets were lost since the last one.
    Between { lost: u32 },
    /// In an access unit.
    Inside { timestamp: u32, lost: u32, payloads: Vec<std::sync::Arc<[u8]>> },
    /// In an access unit that is lost.
    Losing { timestamp: u32, lost: u32 },
}

/// An access unit and how its media time came to be.
#[derive(Clone, Debug)]
pub struct Received {
    /// The access unit.
    pub au: AccessUnit,
    /// Its RTP timestamp, extended within its run.
    pub rtp_extended: i64,
    /// Whether media time was chosen anew within the run.
    pub jumped: bool,
}

impl Ingest {
    /// Waiting for a first session.
    pub fn new(id: CameraId, start: MediaTime) -> Self {
        Self {
            id,
            session: None,
            run: 0,
            timeline: Timeline::new(start),
            wall: WallClock::new(),
            expected: None,
            extended: None,
            state: State::Between { lost: 0 },
            size: None,
        }
    }

    fn start_run(&mut self, session: u32) {
        self.run += u32::from(self.session.is_some());
        self.session = Some(session);
        self.timeline.start_run();
        self.wall = WallClock::new();
        self.expected = None;
        self.extended = None;
        self.state = State::Between { lost: 0 };
    }

    /// A 32-bit timestamp as the one nearest to the last.
    fn extend(&self, timestamp: u32) -> i64 {
        match self.extended {
            None => i64::from(timestamp),
            Some(last) => last + i64::from(timestamp.wrapping_sub(last as u32) as i32),
        }
    }

    /// Takes a sender report that arrived at `wall_us`.
    pub fn report(&mut self, report: Report, wall_us: i64) {
        if self.session == Some(report.session) && self.extended.is_some() {
            let extended = self.extend(report.timestamp);
            self.wall.sender_report(extended, report.ntp_us, wall_us);
        }
    }

    /// Takes a packet that arrived at `now`, which is `wall_us` on the server's clock.
    pub fn packet(&mut self, packet: Packet, now: MonoTime, wall_us: i64) -> Option<Received> {
        if self.session != Some(packet.session) {
            self.start_run(packet.session);
        }
        let gap = self.expected.map_or(0, |expected| packet.sequence.wrapping_sub(expected));
        if gap >= 0x8000 {
            return None; // late: it has been counted as lost
        }
        self.expected = Some(packet.sequence.wrapping_add(1));
        self.step(&packet, u32::from(gap));
        if !packet.marker {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Between { lost: 0 }) {
            State::Inside { timestamp, lost, payloads } => {
                self.finish(timestamp, lost, &payloads, now, wall_us)
            }
            State::Losing { lost, .. } | State::Between { lost } => {
                self.state = State::Between { lost };
                None
            }
        }
    }

    /// Puts a packet, before which `gap` packets were lost, where it belongs.
    fn step(&mut self, packet: &Packet, gap: u32) {
        let timestamp = packet.timestamp;
        match &mut self.state {
            State::Inside { timestamp: current, payloads, .. }
                if *current == timestamp && gap == 0 =>
            {
                payloads.push(packet.payload.clone());
            }
            State::Inside { timestamp: current, lost, .. } if *current == timestamp => {
                let lost = *lost + gap;
                self.state = State::Losing { timestamp, lost };
            }
            State::Losing { timestamp: current, lost } if *current == timestamp => *lost += gap,
            // The end of the last access unit was lost, with its marker.
            State::Inside { lost, .. } | State::Losing { lost, .. } => {
                let lost = *lost + gap;
                self.begin(packet, lost);
            }
            State::Between { lost } => {
                let lost = *lost + gap;
                self.begin(packet, lost);
            }
        }
    }

    fn begin(&mut self, packet: &Packet, lost: u32) {
        let timestamp = packet.timestamp;
        // In the middle of a fragmented NAL unit?
        let middle = matches!(packet.payload[..], [indicator, header, ..]
            if indicator & 0x1F == 28 && header & 0x80 == 0);
        self.state = if middle {
            State::Losing { timestamp, lost }
        } else {
            State::Inside { timestamp, lost, payloads: vec![packet.payload.clone()] }
        };
    }

    fn finish(
        &mut self,
        timestamp: u32,
        lost_packets: u32,
        payloads: &[std::sync::Arc<[u8]>],
        now: MonoTime,
        wall_us: i64,
    ) -> Option<Received> {
        let nals = depacketize(payloads.iter().map(|payload| &payload[..]))
            .unwrap_or_else(|error| panic!("run {}, timestamp {timestamp}: {error}", self.run));
        for nal in &nals {
            if nal_type(nal) == Some(NalType::Sps) {
                self.size = Some(Sps::parse(nal).unwrap_or_else(|error| panic!("{error}")).size);
            }
        }
        // Without a parameter set there is nothing to decode yet.
        let size = self.size?;
        let rtp_extended = self.extend(timestamp);
        self.extended = Some(rtp_extended);
        let Placed { time, fit } = self.timeline.place(rtp_extended, now);
        self.wall.handle_fit(fit);
        let jumped = matches!(fit, Fit::Jumped { .. });
        let wall: WallTime = self.wall.frame(rtp_extended, wall_us);
        let mut data = Vec::new();
        for nal in &nals {
            data.extend_from_slice(&[0, 0, 0, 1]);
            data.extend_from_slice(nal);
        }
        let au = AccessUnit {
            key: FrameKey { camera: self.id, time },
            run: RunId(self.run),
            format: StreamFormat::new(Codec::H264, size),
            data: Bytes::from(data),
            idr: nals.iter().any(|nal| nal_type(nal) == Some(NalType::Idr)),
            lost_packets,
            wall,
            received: now,
        };
        Some(Received { au, rtp_extended, jumped })
    }
}
