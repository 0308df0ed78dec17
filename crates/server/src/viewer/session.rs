//! One viewer session: a peer connection, and what is on its way to it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use razz_base::{MediaTime, MonoTime, RunId};
use razz_media::ring::Unit;
use str0m::format::Codec;
use str0m::media::{MediaTime as RtcTime, Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpWrite, SeqNo};
use str0m::{Event, IceConnectionState, Input, Output, Rtc, RtcError};
use tracing::debug;

use super::SessionId;
use crate::camera::Camera;
use crate::clock::Clock;

/// How fast a replay goes out: quick on a LAN, and a real link survives it.
const PACE_BYTES_PER_MS: i64 = 6_250; // 50 Mbit/s
/// What may go out at once: a large key frame of the live stream.
const BURST_BYTES: i64 = 262_144;
/// A viewer further behind than this jumps to the next IDR.
const MAX_QUEUED_BYTES: usize = 16 << 20;
/// At most one replay for PLI in this time.
const REPLAY_EVERY_US: i64 = 1_000_000;
/// An IDR so near is worth waiting for.
const NEAR_IDR_US: i64 = 500_000;
/// A session that is not connected by then is given up.
const CONNECT_WITHIN_US: i64 = 30_000_000;

/// A datagram to be sent.
pub(super) type Transmit = str0m::net::Transmit;

/// One peer.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) ufrag: String,
    pub(super) camera: Arc<Camera>,
    rtc: Rtc,
    clock: Clock,
    created: MonoTime,
    /// When the peer connection wants to be woken.
    rtc_deadline: MonoTime,
    outlet: Option<Outlet>,
    connected: bool,
    /// Nothing is sent until an IDR comes.
    needs_idr: bool,
    queue: VecDeque<Arc<Unit>>,
    queued_bytes: usize,
    /// The next packet of the unit at the head.
    next_payload: usize,
    /// Bytes that may go out now, refilled with time.
    allowance: i64,
    allowance_at: MonoTime,
    last_replay: Option<MonoTime>,
    /// The newest access unit that was queued: a replay may run ahead of what is on its way here.
    newest: Option<MediaTime>,
    /// The RTSP session that the last access unit came by.
    run: Option<RunId>,
    ended: bool,
}

/// Where media goes in the peer connection.
#[derive(Clone, Copy)]
struct Outlet {
    mid: Mid,
    pt: Pt,
    /// Counts per viewer and starts below 65536: the SRTP rollover counter starts at 0 (RFC 3711
    /// section 3.3.1).
    seq: u64,
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        ufrag: String,
        camera: Arc<Camera>,
        rtc: Rtc,
        clock: Clock,
    ) -> Self {
        let now = clock.mono();
        camera.viewers().fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            ufrag,
            camera,
            rtc,
            clock,
            created: now,
            rtc_deadline: now,
            outlet: None,
            connected: false,
            needs_idr: true,
            queue: VecDeque::new(),
            queued_bytes: 0,
            next_payload: 0,
            allowance: BURST_BYTES,
            allowance_at: now,
            last_replay: None,
            newest: None,
            run: None,
            ended: false,
        }
    }

    // ---- in ----

    /// Takes a datagram; false when it is not for this session.
    pub(super) fn handle_datagram(
        &mut self,
        receive: str0m::net::Receive<'_>,
        at: Instant,
    ) -> Result<bool, RtcError> {
        let input = Input::Receive(at, receive);
        if !self.rtc.accepts(&input) {
            return Ok(false);
        }
        self.rtc.handle_input(input)?;
        Ok(true)
    }

    /// Takes an access unit of its camera.
    pub(super) fn handle_unit(&mut self, unit: &Arc<Unit>) {
        if self.run != Some(unit.au.run) {
            // Another RTSP session: its first frames may lean on what was never received.
            self.run = Some(unit.au.run);
            self.needs_idr = true;
        }
        let sound_idr = unit.au.idr && unit.au.lost_packets == 0;
        let known = self.newest.is_some_and(|newest| unit.au.key.time <= newest);
        if !self.connected || known || (self.needs_idr && !sound_idr) {
            return;
        }
        self.needs_idr = false;
        if self.queued_bytes > MAX_QUEUED_BYTES {
            debug!(session = %short(self.id), "viewer too far behind; it waits for the next IDR");
            self.drop_queue();
            self.needs_idr = true;
            return;
        }
        self.enqueue(Arc::clone(unit));
    }

    /// Access units were dropped on their way here.
    pub(super) fn handle_gap(&mut self) {
        self.drop_queue();
        self.needs_idr = true;
    }

    /// Time passed.
    pub(super) fn handle_timeout(&mut self, now: MonoTime) -> Result<(), RtcError> {
        if !self.connected && now.since_us(self.created) > CONNECT_WITHIN_US {
            debug!(session = %short(self.id), "viewer did not connect in time");
            self.ended = true;
        }
        if now >= self.rtc_deadline {
            self.rtc.handle_input(Input::Timeout(self.clock.instant(now)))?;
        }
        Ok(())
    }

    // ---- out ----

    /// Whether the session is over.
    pub(super) fn is_over(&self) -> bool {
        self.ended || !self.rtc.is_alive()
    }

    /// When [`Self::handle_timeout`] and [`Self::flush`] are wanted.
    pub(super) fn deadline(&self) -> MonoTime {
        if self.queue.is_empty() {
            return self.rtc_deadline;
        }
        let missing = (-self.allowance).max(0) / PACE_BYTES_PER_MS + 1;
        self.rtc_deadline.min(self.allowance_at.plus_us(missing * 1000))
    }

    /// Sends video into the media section `mid` of the offer; false when that has no H.264 for us.
    pub(super) fn set_outlet(&mut self, mid: &str) -> bool {
        let mid = Mid::from(mid);
        self.outlet = self.best_payload_type(mid).map(|pt| Outlet {
            mid,
            pt,
            seq: u64::from(rand::random::<u16>() >> 1),
        });
        self.outlet.is_some()
    }

    /// Writes what may go out now and hands every datagram to `send`.
    pub(super) fn flush(&mut self, send: &mut dyn FnMut(&Transmit)) -> Result<(), RtcError> {
        self.drain(send)?;
        let now = self.clock.mono();
        let earned = now.since_us(self.allowance_at) * PACE_BYTES_PER_MS / 1000;
        self.allowance = (self.allowance + earned).min(BURST_BYTES);
        self.allowance_at = now;
        while self.allowance > 0 {
            let Some(unit) = self.queue.front().cloned() else { break };
            let first = self.next_payload == 0;
            if let Some(payload) = unit.payloads.get(self.next_payload) {
                self.next_payload += 1;
                self.allowance -= payload.data.len() as i64;
                self.write(&unit, payload, first)?;
                self.drain(send)?;
                if first {
                    let delay_us = self.clock.mono().since_us(unit.au.received);
                    if self.queue.len() == 1 {
                        self.camera.status().first_packet_us.add(delay_us as f64);
                    }
                }
            }
            if self.next_payload >= unit.payloads.len() {
                self.queue.pop_front();
                self.queued_bytes -= unit.bytes();
                self.next_payload = 0;
            }
        }
        Ok(())
    }

    /// Ends it from our side: the peer is told.
    pub(super) fn close(&mut self, send: &mut dyn FnMut(&Transmit)) {
        if self.rtc.close().is_ok() {
            let _ = self.drain(send);
        }
        self.ended = true;
    }

    fn write(
        &mut self,
        unit: &Unit,
        payload: &razz_media::rtp::Payload,
        first: bool,
    ) -> Result<(), RtcError> {
        let Some(outlet) = &mut self.outlet else { return Ok(()) };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(outlet.mid, None) else { return Ok(()) };
        let mut ext_vals = ExtensionValues::default();
        if first {
            // Play at once, and let the page hold playback back if it wants to.
            ext_vals.play_delay_min = Some(RtcTime::from_hundredths(0));
            ext_vals.play_delay_max = Some(RtcTime::from_hundredths(50));
        }
        let write = RtpWrite::new(
            outlet.pt,
            SeqNo::from(outlet.seq),
            unit.au.key.time.rtp_timestamp(),
            self.clock.instant(unit.au.received),
            Arc::clone(&payload.data),
        )
        .marker(payload.marker)
        .ext_vals(ext_vals)
        .nackable(true);
        outlet.seq += 1;
        stream.write_rtp(write);
        Ok(())
    }

    fn drain(&mut self, send: &mut dyn FnMut(&Transmit)) -> Result<(), RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    let now = self.clock.mono();
                    let wait = at.saturating_duration_since(self.clock.instant(now));
                    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2);
                    self.rtc_deadline = now.plus_us(wait_us);
                    return Ok(());
                }
                Output::Transmit(transmit) => send(&transmit),
                Output::Event(event) => self.handle_event(event),
            }
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Connected => {
                self.connected = true;
                debug!(session = %short(self.id), camera = %self.camera.id, "viewer connected");
                self.start_replay();
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                debug!(session = %short(self.id), camera = %self.camera.id, "viewer is gone");
                self.ended = true;
            }
            Event::KeyframeRequest(_) => self.answer_keyframe_request(),
            _ => {}
        }
    }

    /// The offered H.264 in packetization mode 1 whose profile is nearest to the camera's: browsers
    /// decode every profile that they offer, some more.
    fn best_payload_type(&self, mid: Mid) -> Option<Pt> {
        let high = self.camera.status().profile.as_deref().is_some_and(|p| p.contains("High"));
        let media = self.rtc.media(mid)?;
        let rank = |profile_level_id: u32| match (profile_level_id >> 16, high) {
            (0x64, true) | (0x42, false) => 0,
            (0x4d, _) => 1,
            _ => 2,
        };
        self.rtc
            .codec_config()
            .params()
            .iter()
            .filter(|params| media.remote_pts().contains(&params.pt()))
            .filter(|params| {
                let spec = params.spec();
                spec.codec == Codec::H264 && spec.format.packetization_mode == Some(1)
            })
            .min_by_key(|params| rank(params.spec().format.profile_level_id.unwrap_or(0)))
            .map(str0m::format::PayloadParams::pt)
    }

    /// PLI and FIR are answered from the ring: cameras do not listen to them over RTSP.
    fn answer_keyframe_request(&mut self) {
        let now = self.clock.mono();
        let recent = self.last_replay.is_some_and(|at| now.since_us(at) < REPLAY_EVERY_US);
        let next_idr_us = self.newest.and_then(|newest| self.camera.ring().next_idr_in(newest));
        let near = next_idr_us.is_some_and(|us| us < NEAR_IDR_US);
        if !recent && !near {
            self.start_replay();
        }
    }

    /// Sends the current GOP from its IDR on, with the timestamps it had.
    fn start_replay(&mut self) {
        let Some(units) = self.camera.replay() else { return };
        self.drop_queue();
        self.last_replay = Some(self.clock.mono());
        self.needs_idr = units.is_empty();
        for unit in units {
            self.run = Some(unit.au.run);
            self.enqueue(unit);
        }
    }

    fn enqueue(&mut self, unit: Arc<Unit>) {
        self.newest = Some(unit.au.key.time);
        self.queued_bytes += unit.bytes();
        self.queue.push_back(unit);
    }

    fn drop_queue(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.next_payload = 0;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.camera.viewers().fetch_sub(1, Ordering::Relaxed);
    }
}

/// Enough of an id to follow it in the log, too little to end the session with it.
pub(super) fn short(id: SessionId) -> String {
    format!("{:08x}", (id >> 96) as u32)
}
