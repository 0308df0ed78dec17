//! A camera that numbers its frames, so that whoever receives one knows which it is.

use std::sync::Arc;

use razz_base::Codec;
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_media::rtp;

use crate::random::Random;

/// A parameter set as openh264 writes it: Constrained Baseline, 640x360.
const SPS: [u8; 15] =
    [0x67, 0x42, 0xC0, 0x1E, 0x8C, 0x68, 0x0A, 0x02, 0xFF, 0x96, 0x01, 0xE1, 0x10, 0x8D, 0x40];
const PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// One RTP packet on its way from the camera.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The RTSP session it belongs to, counted from 0. Real packets show it by their SSRC.
    pub session: u32,
    /// 16-bit RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp as on the wire.
    pub timestamp: u32,
    /// Last of its access unit.
    pub marker: bool,
    /// RFC 6184 payload.
    pub payload: Arc<[u8]>,
}

/// A sender report: RTP timestamp and the camera's clock at the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The session it belongs to.
    pub session: u32,
    /// RTP timestamp.
    pub timestamp: u32,
    /// The camera's UTC in µs.
    pub ntp_us: i64,
}

/// What kind of camera this is.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Time between frames in µs.
    pub interval_us: i64,
    /// Frames from IDR to IDR.
    pub gop: u64,
    /// Slices of a picture, 1 to 3.
    pub slices: u8,
    /// How far its clock is off in µs; `None` for a camera that sends no sender reports.
    pub clock_error_us: Option<i64>,
}

impl Kind {
    /// Some camera.
    pub fn random(random: &mut Random) -> Self {
        let fps = [5, 10, 15, 25, 30][random.between(0, 5) as usize];
        Self {
            interval_us: 1_000_000 / fps,
            gop: random.between(1, 4 * fps) as u64,
            slices: random.between(1, 4) as u8,
            clock_error_us: match random.between(0, 4) {
                0 => None,
                1 => Some(-1_600_000_000_000_000),
                2 => Some(3_600_000_000),
                _ => Some(0),
            },
        }
    }
}

/// The sending side.
#[derive(Debug)]
pub struct Camera {
    kind: Kind,
    random: Random,
    session: u32,
    next_frame: u64,
    since_idr: u64,
    sequence: u16,
    /// Added to the capture time in 90 kHz ticks: the RTP timestamp.
    offset_90k: u32,
}

impl Camera {
    /// A camera whose first session is 0.
    pub fn new(kind: Kind, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (sequence, offset_90k) = (random.draw() as u16, random.draw() as u32);
        Self { kind, random, session: 0, next_frame: 0, since_idr: 0, sequence, offset_90k }
    }

    /// What kind it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Begins a new session: new random sequence number and timestamps, an IDR first.
    pub fn restart(&mut self) {
        self.session += 1;
        self.sequence = self.random.draw() as u16;
        self.offset_90k = self.random.draw() as u32;
        self.since_idr = 0;
    }

    /// Sets the clock behind its RTP timestamps forward, or back.
    pub fn jump(&mut self, ticks: i64) {
        self.offset_90k = self.offset_90k.wrapping_add(ticks as u32);
    }

    fn timestamp(&self, now_us: i64) -> u32 {
        ((now_us * 9 / 100) as u32).wrapping_add(self.offset_90k)
    }

    /// The packets of the frame taken at `now_us`, and its number.
    pub fn frame(&mut self, now_us: i64) -> (u64, Vec<Packet>) {
        let number = self.next_frame;
        let idr = self.since_idr == 0;
        self.next_frame += 1;
        self.since_idr = (self.since_idr + 1) % self.kind.gop;
        let annex_b = self.picture(number, idr);
        let timestamp = self.timestamp(now_us);
        // 1388 bytes is what some cameras send.
        let packets = rtp::packetize(Codec::H264, &annex_b, 1388)
            .iter()
            .map(|payload| {
                self.sequence = self.sequence.wrapping_add(1);
                Packet {
                    session: self.session,
                    sequence: self.sequence,
                    timestamp,
                    marker: payload.marker,
                    payload: payload.data.clone(),
                }
            })
            .collect();
        (number, packets)
    }

    /// A sender report, if this camera sends any.
    pub fn report(&self, now_us: i64, wall_us: i64) -> Option<Report> {
        let clock_error_us = self.kind.clock_error_us?;
        let timestamp = self.timestamp(now_us);
        Some(Report { session: self.session, timestamp, ntp_us: wall_us + clock_error_us })
    }

    /// An access unit whose slices say the frame's number, their own and how many there are.
    fn picture(&mut self, number: u64, idr: bool) -> Vec<u8> {
        let mut out = Vec::new();
        if idr {
            out.extend_from_slice(&[&START_CODE[..], &SPS, &START_CODE, &PPS].concat());
        }
        for slice in 0..self.kind.slices {
            out.extend_from_slice(&START_CODE);
            // first_mb_in_slice as ue(v), slice_type 7 (I) or 5 (P), and ones up to 16 bits.
            let first: u16 = [0b1, 0b010, 0b011][usize::from(slice)];
            let bits = if idr { first << 7 | 0b000_1000 } else { first << 5 | 0b0_0110 };
            let length = (if slice == 0 { 1 } else { 3 }) + if idr { 7 } else { 5 };
            let header = bits << (16 - length) | ((1 << (16 - length)) - 1);
            out.push(if idr { 0x65 } else { 0x41 });
            out.extend_from_slice(&header.to_be_bytes());
            // Half a byte each, and never zero, so that nothing needs emulation prevention.
            let digits = (0..16).rev().map(|place| 0x10 | (number >> (4 * place) & 0xF) as u8);
            out.extend(digits.chain([0x10 | slice, 0x10 | self.kind.slices]));
            let length = if idr { 6000 } else { 1500 } / i64::from(self.kind.slices);
            let length = self.random.between(1, 2 * length);
            out.extend((0..length).map(|place| 0x20 | (place & 0x1F) as u8));
        }
        out
    }
}

/// What an access unit of this camera says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    /// The frame's number.
    pub number: u64,
    /// Whether its slices are an IDR's.
    pub idr: bool,
    /// Whether SPS and PPS stand in front of the slices, in that order.
    pub parameter_sets: bool,
    /// Whether all its slices are there.
    pub whole: bool,
}

/// Reads an access unit made by [`Camera::frame`].
///
/// # Errors
/// When it has no slice, or slices of different frames or in disorder.
pub fn read<'a>(nals: impl IntoIterator<Item = &'a [u8]>) -> Result<Contents, String> {
    let mut before: Vec<NalType> = Vec::new();
    let mut slices: Vec<(u64, u8, u8, bool)> = Vec::new();
    for nal in nals {
        let kind = nal_type(nal).ok_or("an empty NAL unit")?;
        if !kind.is_vcl() {
            if !slices.is_empty() {
                return Err(format!("{kind:?} after a slice"));
            }
            before.push(kind);
            continue;
        }
        let digits = nal.get(3..21).ok_or("a slice too short")?;
        let number = digits[..16].iter().fold(0, |sum, digit| sum << 4 | u64::from(digit & 0xF));
        slices.push((number, digits[16] & 0xF, digits[17] & 0xF, kind == NalType::Idr));
    }
    let &(number, _, count, idr) = slices.first().ok_or("no slice")?;
    if !slices.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1) {
        return Err(format!("slices of different frames, or in disorder: {slices:?}"));
    }
    Ok(Contents {
        number,
        idr,
        parameter_sets: before == [NalType::Sps, NalType::Pps],
        whole: slices.len() == usize::from(count),
    })
}

/// [`read`] for an Annex B stream.
///
/// # Errors
/// As [`read`].
pub fn read_annex_b(annex_b: &[u8]) -> Result<Contents, String> {
    read(nal_units(annex_b))
}
