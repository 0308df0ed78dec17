//! Plays a footage to one client: pace, RTP packets, sender reports, faults.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use razz_media::rtp::rtcp::SenderReport;

use super::audio::Audio;
use super::faults::{FaultHandle, Faults, Obeyed};
use super::packet::{Kind, Packet};
use super::packet_stage::{PacketStage, Picture};
use super::quirk::Quirk;
use super::rtcp::{self, ntp};
use super::transport::Transport;
use crate::Footage;
use crate::dice::Dice;
use crate::footage::Frame;

/// Time between sender reports; RFC 3550 section 6.2 recommends 5 s as the minimum.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// Time between reports that have a quirk.
const ODD_REPORT_INTERVAL: Duration = Duration::from_millis(300);
/// How far off [`Quirk::TimestampOdd`] is.
const HOURS_OFF_90K: u32 = 4 * 3600 * 90_000;
/// A client that takes one picture for longer than this is dropped.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Who falls further behind than this goes on from now instead of catching up.
const MAX_LAG: Duration = Duration::from_secs(2);

/// One client's view of a mount.
pub(crate) struct Player {
    pub(crate) transport: Transport,
    pub(crate) stage: PacketStage,
    /// Where the client set it up.
    pub(crate) audio: Option<Audio>,
    /// Packets that come late, and when.
    late: Vec<(Instant, Packet)>,
    footage: Footage,
    other: Option<Footage>,
    plays_other: bool,
    faults: FaultHandle,
    obeyed: Obeyed,
    dice: Dice,
    clock: Clock,
    /// The next picture of the footage.
    index: usize,
    playing: bool,
    next_report: Instant,
    packets: u32,
    octets: u32,
    canonical_name: String,
    buffer: Vec<u8>,
}

/// Ticks of the frame rate on the monotonic clock and on RTP's.
struct Clock {
    epoch: Instant,
    /// The RTP timestamp of tick 0.
    epoch_90k: u32,
    tick: u64,
    fps: u32,
}

impl Clock {
    fn due(&self) -> Instant {
        let ns = u128::from(self.tick) * 1_000_000_000 / u128::from(self.fps);
        self.epoch + Duration::from_nanos(ns as u64)
    }

    fn timestamp(&self, tick: u64) -> u32 {
        self.epoch_90k.wrapping_add((tick * 90_000 / u64::from(self.fps)) as u32)
    }

    /// Goes to `now` at another rate; the timestamps continue by the time that passed.
    fn restart(&mut self, now: Instant, fps: u32) {
        let passed = now.saturating_duration_since(self.epoch);
        self.epoch_90k = self.epoch_90k.wrapping_add((passed.as_micros() * 9 / 100) as u32);
        self.epoch = now;
        self.tick = 0;
        self.fps = fps;
    }
}

impl Player {
    pub(crate) fn new(
        transport: Transport,
        footage: Footage,
        other: Option<Footage>,
        faults: FaultHandle,
        mut dice: Dice,
        now: Instant,
    ) -> Self {
        // Random starts, as RFC 3550 section 5.1 asks for.
        let (ssrc, mut sequence, mut epoch_90k) =
            (dice.next() as u32, dice.next() as u16, dice.next() as u32);
        let quirks = faults.now().quirks;
        if quirks.has(Quirk::SequenceWrap) {
            sequence = u16::MAX - 20;
        }
        if quirks.has(Quirk::TimestampWrap) {
            epoch_90k = u32::MAX - 90_000;
        }
        let canonical_name = format!("razz-{:08x}", dice.next() as u32);
        let clock = Clock { epoch: now, epoch_90k, tick: 0, fps: footage.fps() };
        Self {
            transport,
            stage: PacketStage::new(ssrc, sequence, Dice::new(dice.next(), 9)),
            audio: None,
            late: Vec::new(),
            obeyed: faults.demanded(),
            footage,
            other,
            plays_other: false,
            faults,
            dice,
            clock,
            index: 0,
            playing: false,
            next_report: now,
            packets: 0,
            octets: 0,
            canonical_name,
            buffer: Vec::new(),
        }
    }

    /// Starts with the last IDR at or before picture `index`; the answer to PLAY names the next
    /// sequence number and timestamp.
    pub(crate) fn play(&mut self, now: Instant, index: usize) {
        if !self.playing {
            self.clock.restart(now, self.current().fps());
            self.index = self.current().idr_before(index);
            self.playing = true;
        }
    }

    pub(crate) fn pause(&mut self) {
        self.playing = false;
    }

    /// The timestamp of the next picture.
    pub(crate) fn next_timestamp(&self) -> u32 {
        self.clock.timestamp(self.clock.tick)
    }

    /// When to call [`Self::handle_due`] next.
    pub(crate) fn due(&self) -> Option<Instant> {
        let late = self.late.iter().map(|(at, _)| *at);
        self.playing.then(|| late.fold(self.clock.due(), Instant::min))
    }

    /// Whether PLAY was asked for, and PAUSE not since.
    pub(crate) fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether the mount was told to close its connections since this session began.
    pub(crate) fn must_close(&self) -> bool {
        self.faults.demanded().closings != self.obeyed.closings
    }

    fn current(&self) -> &Footage {
        if self.plays_other { self.other.as_ref().unwrap_or(&self.footage) } else { &self.footage }
    }

    /// Sends what is due. An error means that the client is gone or too slow.
    pub(crate) fn handle_due(&mut self, now: Instant, stream: &mut TcpStream) -> io::Result<()> {
        if self.due().is_none_or(|due| due > now) {
            return Ok(());
        }
        self.buffer.clear();
        for (_, packet) in self.late.extract_if(.., |(at, _)| *at <= now) {
            self.transport.send(packet.kind, &packet.bytes, &mut self.buffer);
        }
        let whole = self.clock.due() <= now && self.send_tick(now);
        if !self.buffer.is_empty() {
            // The socket's own timeout starts anew with every byte that it gets rid of.
            let begun = Instant::now();
            stream.write_all(&self.buffer)?;
            if begun.elapsed() > WRITE_TIMEOUT {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        if whole {
            self.faults.count_picture();
        }
        Ok(())
    }

    /// Sends what the clock's tick brings; answers whether a picture went out whole.
    fn send_tick(&mut self, now: Instant) -> bool {
        let faults = self.faults.now();
        self.obey(faults, now);
        if now.saturating_duration_since(self.clock.due()) > MAX_LAG {
            self.clock.restart(now, self.current().fps());
        }
        let (tick, due) = (self.clock.tick, self.clock.due());
        self.clock.tick += 1;
        let mut whole = false;
        let lacks_audio = faults.quirks.has(Quirk::AudioNeeded) && self.audio.is_none();
        if !faults.stall && !lacks_audio {
            if let Some(audio) = &mut self.audio {
                audio.send(self.clock.fps, &mut self.buffer);
            }
            // A picture that is not ready yet takes a later tick: the timestamp tells the truth.
            if let Some(frame) = self.current().packets(self.index) {
                self.index = (self.index + 1) % self.current().total().max(1);
                whole = self.send_frame(&frame, now, tick, faults);
            }
        }
        if now >= self.next_report && !faults.no_sender_reports {
            let odd = rtcp::is_odd(faults.quirks);
            self.next_report = now + if odd { ODD_REPORT_INTERVAL } else { REPORT_INTERVAL };
            self.send_report(now, due, tick, faults);
        }
        whole
    }

    /// Follows the one-time faults and the choice of footage.
    fn obey(&mut self, faults: Faults, now: Instant) {
        let demanded = self.faults.demanded();
        if demanded.jumped_90k != self.obeyed.jumped_90k {
            let jump = demanded.jumped_90k.wrapping_sub(self.obeyed.jumped_90k);
            self.clock.epoch_90k = self.clock.epoch_90k.wrapping_add(jump as u32);
        }
        if demanded.sources != self.obeyed.sources {
            self.stage.ssrc = self.dice.next() as u32;
            self.stage.sequence = self.dice.next() as u16;
            (self.packets, self.octets) = (0, 0);
        }
        self.obeyed = Obeyed { closings: self.obeyed.closings, ..demanded };
        let wants_other = faults.alternative && self.other.is_some();
        if wants_other != self.plays_other {
            self.plays_other = wants_other;
            self.index = 0;
            let fps = self.current().fps();
            if fps != self.clock.fps {
                self.clock.restart(now, fps);
            }
        }
    }

    /// Answers whether none of the picture's packets was lost.
    fn send_frame(&mut self, frame: &Arc<Frame>, now: Instant, tick: u64, faults: Faults) -> bool {
        let shared = u64::from(faults.quirks.has(Quirk::TimestampsShared) && tick % 2 == 1);
        let shown = tick - shared + u64::from(frame.encoded.reorder);
        let is_odd = faults.quirks.has(Quirk::TimestampOdd) && tick % 20 == 10;
        let off = if is_odd { HOURS_OFF_90K } else { 0 };
        let timestamp = self.clock.timestamp(shown).wrapping_add(off);
        let tenth = tick % 10 == 1 && faults.quirks.has(Quirk::BytesBetweenFrames);
        if (tenth || self.dice.unit() < faults.garbage as f32) && !self.transport.is_udp() {
            let count = 1 + self.dice.below(40);
            self.buffer.extend((0..count).map(|_| (self.dice.next() as u8) | 0x80));
        }
        let picture = Picture {
            annex_b: &frame.encoded.annex_b,
            payloads: &frame.payloads,
            idr: frame.encoded.idr,
            timestamp,
            udp: self.transport.is_udp(),
        };
        let mut whole = true;
        for packet in self.stage.packets(faults.quirks, &picture) {
            if packet.of_picture {
                self.packets = self.packets.wrapping_add(1);
                let octets = packet.bytes.len().saturating_sub(12);
                self.octets = self.octets.wrapping_add(octets as u32);
            }
            if self.dice.unit() < faults.loss as f32 {
                whole &= !packet.of_picture;
            } else if packet.delay.is_zero() {
                self.transport.send(packet.kind, &packet.bytes, &mut self.buffer);
            } else {
                self.late.push((now + packet.delay, packet));
            }
        }
        whole
    }

    fn send_report(&mut self, now: Instant, due: Instant, tick: u64, faults: Faults) {
        // Both times name this very instant: the picture of `tick` was due a moment ago.
        let late_90k = now.saturating_duration_since(due).as_micros() * 9 / 100;
        let report = SenderReport {
            ssrc: self.stage.ssrc,
            ntp: ntp(SystemTime::now()),
            rtp_timestamp: self.clock.timestamp(tick).wrapping_add(late_90k as u32),
            packets: self.packets,
            octets: self.octets,
        };
        let mut bytes = Vec::new();
        report.write(&self.canonical_name, &mut bytes);
        for packet in rtcp::packets(faults.quirks, &bytes, self.stage.ssrc) {
            self.transport.send(Kind::Rtcp, &packet.bytes, &mut self.buffer);
        }
    }
}
