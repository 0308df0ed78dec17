//! The GOP ring: what a viewer who joins now must be sent first.

use std::sync::Arc;

use razz_base::{AccessUnit, Codec, MediaTime, RunId};

use crate::rtp::Payload;
use crate::{h264, h265};

/// An access unit and its RTP payloads, packetised once and shared by all viewers.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The access unit.
    pub au: AccessUnit,
    /// Its payloads, in sending order.
    pub payloads: Arc<[Payload]>,
}

impl Unit {
    /// Packetises `au` with at most `max_payload` bytes a payload.
    pub fn new(au: AccessUnit, max_payload: usize) -> Self {
        let payloads = crate::rtp::packetize(au.codec(), &au.data, max_payload);
        Self { au, payloads }
    }

    /// Bytes of video it keeps alive: the access unit's and the payloads'.
    pub fn bytes(&self) -> usize {
        self.au.data.len() + self.payloads.iter().map(|payload| payload.data.len()).sum::<usize>()
    }
}

/// Why a viewer cannot start from the ring and has to wait for the next IDR.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NoReplay {
    /// No IDR has come since the run began.
    NoIdr,
    /// Packets of the current GOP were lost before us, or its IDR lacks its parameter sets or its
    /// beginning: what is here does not decode, or with errors.
    Damaged,
    /// The current GOP outgrew the ring; a shorter GOP (key frame interval) at the camera helps.
    TooLong,
}

/// The access units of the current GOP, from its IDR on, bounded in bytes.
///
/// It holds either a whole, undamaged beginning of the current GOP, or nothing and the reason.
#[derive(Debug)]
pub struct GopRing {
    max_bytes: usize,
    /// From an IDR on, in decode order, without a gap; empty exactly when `missing` is set.
    units: Vec<Arc<Unit>>,
    bytes: usize,
    missing: Option<NoReplay>,
    /// What is known of the GOP that runs now, replayable or not.
    current: Option<Gop>,
    /// Run and time of the newest access unit.
    newest: Option<(RunId, MediaTime)>,
    last_whole: Option<WholeGop>,
}

#[derive(Debug)]
struct Gop {
    start: MediaTime,
    frames: u32,
    damaged: bool,
}

#[derive(Clone, Copy, Debug)]
struct WholeGop {
    frames: u32,
    interval_us: i64,
}

impl GopRing {
    /// An empty ring.
    ///
    /// `max_bytes` bounds what [`Unit::bytes`] adds up to. Raising it lets viewers start at once
    /// at cameras with longer GOPs, and costs that memory per camera.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            units: Vec::new(),
            bytes: 0,
            missing: Some(NoReplay::NoIdr),
            current: None,
            newest: None,
            last_whole: None,
        }
    }

    /// Takes the next access unit, in decode order.
    ///
    /// An access unit of another run breaks the GOP as lost packets do, and so does one that is not
    /// later than the one before where pictures are not reordered.
    pub fn push(&mut self, unit: Arc<Unit>) {
        let (run, time) = (unit.au.run, unit.au.key.time);
        // Of what stands alone each picture is whole, whatever was lost before it.
        let alone = unit.au.codec().stands_alone();
        let mut lost = unit.au.lost_packets > 0 && !alone;
        if let Some((newest_run, newest_time)) = self.newest.replace((run, time)) {
            if newest_run != run {
                self.clear();
                self.newest = Some((run, time));
            } else if time <= newest_time && !unit.au.format.reorders {
                lost = true;
            }
        }
        let sound = unit.au.idr && !lost && can_start(&unit.au);
        let goes_on = !lost && self.missing.is_none();
        if unit.au.idr && (sound || !goes_on || !is_recovery_point(&unit.au)) {
            self.begin_gop(time, !sound);
        } else if let Some(gop) = &mut self.current {
            gop.frames = gop.frames.saturating_add(1);
            gop.damaged |= lost;
            if lost {
                self.drop_units(NoReplay::Damaged);
            }
        }
        if self.missing.is_none() {
            self.bytes = self.bytes.saturating_add(unit.bytes());
            self.units.push(unit);
            if self.bytes > self.max_bytes {
                self.drop_units(NoReplay::TooLong);
            }
        }
    }

    fn begin_gop(&mut self, start: MediaTime, damaged: bool) {
        // Lost packets in front of this IDR may be the last frames of the GOP before, so its
        // length is not known then.
        if let Some(gop) = self.current.take().filter(|gop| !gop.damaged && !damaged) {
            let interval_us = start.since_us(gop.start);
            self.last_whole = Some(WholeGop { frames: gop.frames, interval_us });
        }
        self.current = Some(Gop { start, frames: 1, damaged });
        self.units.clear();
        self.bytes = 0;
        // What was lost may be a slice of the IDR itself.
        self.missing = damaged.then_some(NoReplay::Damaged);
    }

    fn drop_units(&mut self, reason: NoReplay) {
        // The memory goes too: a GOP that was too long once will be so again.
        self.units = Vec::new();
        self.bytes = 0;
        self.missing = Some(reason);
    }

    /// What a viewer who joins now is sent, from the IDR on, before the live access units.
    ///
    /// `None` when there is nothing that decodes without errors; [`no_replay`](Self::no_replay)
    /// says why.
    pub fn replay(&self) -> Option<Vec<Arc<Unit>>> {
        self.missing.is_none().then(|| self.units.clone())
    }

    /// Why there is no replay; `None` when there is one.
    pub fn no_replay(&self) -> Option<NoReplay> {
        self.missing
    }

    /// Access units in the last GOP that was seen whole; `None` until one was.
    pub fn gop_frames(&self) -> Option<u32> {
        self.last_whole.map(|gop| gop.frames)
    }

    /// Microseconds of media time between the last two IDRs that had a whole GOP between them;
    /// `None` until there were two.
    pub fn gop_interval_us(&self) -> Option<i64> {
        self.last_whole.map(|gop| gop.interval_us)
    }

    /// Microseconds of media time until the next IDR should come, if the camera keeps to its
    /// interval: 0 when it is overdue, `None` when nothing is known yet.
    pub fn next_idr_in(&self, now: MediaTime) -> Option<i64> {
        let interval_us = self.gop_interval_us()?;
        let passed_us = now.since_us(self.current.as_ref()?.start);
        Some(interval_us.saturating_sub(passed_us).max(0))
    }

    /// Bytes held now, at most the maximum.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets the GOP, as at a new run. The length of the last whole GOP stays known.
    pub fn clear(&mut self) {
        self.drop_units(NoReplay::NoIdr);
        self.current = None;
        self.newest = None;
    }
}

/// Whether it counts as a key frame only for want of an IDR: a picture of H.264 that looks back, from
/// which on others will be whole. Who begins at the IDR before it has whole pictures at once, so that one
/// is kept for as long as there is room.
fn is_recovery_point(au: &AccessUnit) -> bool {
    let is_slice = |nal| h264::nal_type(nal).filter(|kind| kind.is_vcl());
    au.codec() == Codec::H264
        && h264::nal_units(&au.data).find_map(is_slice) == Some(h264::NalType::Slice)
}

/// Whether a decoder that knows nothing can begin with this key frame.
fn can_start(au: &AccessUnit) -> bool {
    match au.codec() {
        Codec::H264 => h264::can_start(&au.data),
        Codec::H265 => h265::can_start(&au.data),
        Codec::Mjpeg => true,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use razz_base::{CameraId, FrameKey, MonoTime, Size, StreamFormat, WallQuality, WallTime};

    use super::*;

    /// The beginning of an IDR: SPS, PPS and a slice that begins at the first macroblock.
    const IDR: [u8; 16] = [0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65];

    fn unit(time: i64, idr: bool, lost_packets: u32) -> Arc<Unit> {
        unit_of(time, idr, lost_packets, 0)
    }

    /// Frames are 3000 ticks apart and 100 bytes large. An IDR's payloads have 94 bytes: its
    /// start codes are gone, the frame of a STAP-A is there; those of another frame 96.
    fn unit_of(time: i64, idr: bool, lost_packets: u32, run: u32) -> Arc<Unit> {
        let mut data = if idr { IDR.to_vec() } else { vec![0, 0, 0, 1, 0x41] };
        data.resize(100, 0xAA);
        let key =
            FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(3000 * time) };
        let au = AccessUnit {
            key,
            run: RunId(run),
            format: StreamFormat::new(Codec::H264, Size::new(64, 64)),
            data: Bytes::from(data),
            idr,
            lost_packets,
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        };
        Arc::new(Unit::new(au, 1180))
    }

    fn times(ring: &GopRing) -> Option<Vec<i64>> {
        ring.replay()
            .map(|units| units.iter().map(|unit| unit.au.key.time.as_90k() / 3000).collect())
    }

    /// One character per access unit: `I` an IDR, `p` another, capital `X` an IDR with packets
    /// lost, `x` another with packets lost, `n` a frame of a new run, `N` an IDR of a new run.
    fn ring_after(frames: &str, max_bytes: usize) -> GopRing {
        let mut ring = GopRing::new(max_bytes);
        let mut run = 0;
        for (time, frame) in frames.chars().enumerate() {
            run += u32::from("nN".contains(frame));
            let lost = u32::from("xX".contains(frame));
            ring.push(unit_of(time as i64, frame.is_ascii_uppercase(), lost, run));
        }
        ring
    }

    #[test]
    fn replay_begins_with_the_newest_sound_idr() {
        use NoReplay::{Damaged, NoIdr, TooLong};
        for (frames, max_bytes, expected) in [
            ("", 1000, Err(NoIdr)),
            ("ppp", 1000, Err(NoIdr)),
            ("pxp", 1000, Err(NoIdr)),
            ("I", 1000, Ok(vec![0])),
            ("ppIpp", 1000, Ok(vec![2, 3, 4])),
            ("IppIp", 1000, Ok(vec![3, 4])),
            ("IppII", 1000, Ok(vec![4])),
            ("Ipxp", 1000, Err(Damaged)),
            ("IpxpIp", 1000, Ok(vec![4, 5])),
            ("IppXp", 1000, Err(Damaged)),
            ("IppXpI", 1000, Ok(vec![5])),
            // 194 and four times 196 bytes.
            ("Ipppp", 978, Ok(vec![0, 1, 2, 3, 4])),
            ("Ipppp", 977, Err(TooLong)),
            ("IpppppppppI", 979, Ok(vec![10])),
            ("Ippppppx", 979, Err(Damaged)),
            ("I", 193, Err(TooLong)),
            ("Ippn", 1000, Err(NoIdr)),
            ("IppnpN", 1000, Ok(vec![5])),
        ] {
            let ring = ring_after(frames, max_bytes);
            assert_eq!(times(&ring).ok_or(ring.no_replay().unwrap_or(NoIdr)), expected, "{frames}");
            assert_eq!(ring.no_replay(), expected.err(), "{frames}");
        }
    }

    #[test]
    fn a_recovery_point_keeps_the_idr_before_it_while_there_is_room() {
        use NoReplay::{Damaged, NoIdr, TooLong};
        // As above, with `r` a recovery point that counts as a key frame, and `R` one with packets lost.
        for (frames, max_bytes, expected) in [
            ("Iprp", 10_000, Ok(vec![0, 1, 2, 3])),
            ("IprprI", 10_000, Ok(vec![5])),
            ("IpRp", 10_000, Err(Damaged)),
            ("pprp", 10_000, Err(Damaged)),
            ("Ippp", 700, Err(TooLong)),
            ("Ippprp", 700, Err(Damaged)),
            ("", 700, Err(NoIdr)),
        ] {
            let mut ring = GopRing::new(max_bytes);
            for (time, frame) in frames.chars().enumerate() {
                let lost = u32::from(frame == 'R');
                let mut au = unit(time as i64, frame == 'I', lost).au.clone();
                au.idr |= "rR".contains(frame);
                ring.push(Arc::new(Unit::new(au, 1180)));
            }
            assert_eq!(times(&ring).ok_or(ring.no_replay().unwrap_or(NoIdr)), expected, "{frames}");
        }
    }

    #[test]
    fn the_last_whole_gop_is_known() {
        for (frames, expected) in [
            ("IppI", Some(3)),
            ("IppIpp", Some(3)),
            ("IppIppppI", Some(5)),
            ("II", Some(1)),
            ("Ipp", None),
            ("pppI", None),
            // A damaged one does not count, nor one whose end was lost.
            ("IpxI", None),
            ("IppXpI", None),
            ("IppIpxIp", Some(3)),
            // Nor one that ended with its run; but what was known stays known.
            ("IppNp", None),
            ("IppIppN", Some(3)),
        ] {
            let ring = ring_after(frames, 1000);
            assert_eq!(ring.gop_frames(), expected, "{frames}");
            let us = expected.map(|frames| i64::from(frames) * 100_000 / 3);
            assert_eq!(ring.gop_interval_us(), us, "{frames}");
        }
        // Also while the ring is too small to hold it.
        assert_eq!(ring_after("IpppppppppI", 300).gop_frames(), Some(10));
    }

    #[test]
    fn the_next_idr_is_expected_an_interval_after_the_last() {
        let at = |time: i64| MediaTime::from_90k(3000 * time);
        let ring = ring_after("IpppppIpp", 10_000);
        for (now, expected) in [(6, 200_000), (7, 166_667), (12, 0), (20, 0)] {
            assert_eq!(ring.next_idr_in(at(now)), Some(expected), "{now}");
        }
        assert_eq!(ring_after("Ippp", 10_000).next_idr_in(at(4)), None);
        assert_eq!(ring_after("IpIn", 10_000).next_idr_in(at(4)), None);
    }

    #[test]
    fn an_idr_without_its_beginning_does_not_start_a_gop() {
        let mut ring = GopRing::new(10_000);
        let mut headless = unit(0, true, 0).au.clone();
        headless.data = headless.data.slice(6..);
        ring.push(Arc::new(Unit::new(headless, 1180)));
        assert_eq!(ring.no_replay(), Some(NoReplay::Damaged));
        ring.push(unit(1, true, 0));
        assert_eq!(times(&ring), Some(vec![1]));
    }

    #[test]
    fn a_gop_of_h265_begins_with_its_own_parameter_sets() {
        // VPS, SPS, PPS and the first slice of an IDR, and the same without VPS.
        let whole: &[u8] =
            b"\0\0\x01\x40\x01\x01\0\0\x01\x42\x01\x01\0\0\x01\x44\x01\x01\0\0\x01\x26\x01\xAF";
        for (data, expected) in [(whole, None), (&whole[6..], Some(NoReplay::Damaged))] {
            let mut ring = GopRing::new(10_000);
            let data = Bytes::copy_from_slice(data);
            let au = AccessUnit {
                format: StreamFormat::new(Codec::H265, Size::new(64, 64)),
                data,
                ..unit(0, true, 0).au.clone()
            };
            ring.push(Arc::new(Unit::new(au, 1180)));
            assert_eq!(ring.no_replay(), expected);
        }
    }

    #[test]
    fn time_that_does_not_advance_breaks_the_gop() {
        let mut ring = GopRing::new(10_000);
        ring.push(unit(5, true, 0));
        ring.push(unit(5, false, 0));
        assert_eq!(ring.no_replay(), Some(NoReplay::Damaged));
    }
}
