//! A session whose path does not carry the camera's stream is sent a smaller encoding of it.
//!
//! What goes out keeps its media time whatever it is, so boxes stay with their frames. An encoding
//! begins at an IDR, downwards at the next one that is made, upwards at the camera's own.

use std::time::Duration;

use razz_base::{MediaTime, MonoTime, StreamKind};
use str0m::bwe::{Bitrate, BweKind};
use tracing::debug;

use super::Session;
use super::loss::RESEND_SHARE;
use crate::ladder::{Ladder, Path, Step, Target};
use crate::pace::Pacer;
use crate::settings::Request;
use crate::short;

/// How often the path is judged.
pub(super) const DECIDE_EVERY: Duration = Duration::from_millis(100);
/// What is assumed of a path of which nothing is known: that it carries most cameras.
pub(super) const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(4);
/// A path that carries less than this much more than what is sent is not filled in bursts.
const NARROW: f64 = 2.0;
/// And is paced at this times what is sent at least.
const PACE_OVER: f64 = 1.3;

/// Where a session is among the encodings of its camera.
pub(super) struct Adaptation {
    ladder: Ladder,
    /// What is sent: another than what is wanted until that has its IDR.
    sending: StreamKind,
    /// What was asked of the estimator last.
    target: Option<Target>,
    /// Whether the peer says when packets arrive (TWCC), so that there is an estimate.
    is_told: bool,
    estimate: u64,
    switches: u64,
}

impl Adaptation {
    pub(super) fn new(now: MonoTime) -> Self {
        Self {
            ladder: Ladder::new(now),
            sending: StreamKind::Main,
            target: None,
            is_told: false,
            estimate: FIRST_ESTIMATE.as_u64(),
            switches: 0,
        }
    }
}

impl Session {
    /// What of the camera's encodings there is for this viewer.
    pub fn set_steps(&mut self, now: MonoTime, steps: Vec<Step>) {
        if let Some(adapt) = &mut self.adapt {
            adapt.ladder.set_steps(now, steps);
        }
    }

    /// The encoding that the session wants the units of. Whoever drives it hands it those, and those of
    /// the one that it wanted before until [`Self::sending`] says that it has changed over.
    pub fn wants(&self) -> StreamKind {
        self.adapt.as_ref().map_or(StreamKind::Main, |adapt| adapt.ladder.kind())
    }

    /// The encoding that is sent.
    pub fn sending(&self) -> StreamKind {
        self.adapt.as_ref().map_or(StreamKind::Main, |adapt| adapt.sending)
    }

    /// Bits a second that the path carries by the peer's reports; `None` where it sends none.
    pub fn estimate(&self) -> Option<u64> {
        self.adapt.as_ref().filter(|adapt| adapt.is_told).map(|adapt| adapt.estimate)
    }

    /// How often another encoding was sent than before.
    pub fn switches(&self) -> u64 {
        self.adapt.as_ref().map_or(0, |adapt| adapt.switches)
    }

    pub(super) fn sends(&self, kind: StreamKind) -> bool {
        self.sending() == kind && self.wants() == kind
    }

    /// The encoding of ours that is sent or waited for.
    pub(super) fn rendition(&self) -> Option<StreamKind> {
        Some(self.sending()).filter(|kind| *kind != StreamKind::Main)
    }

    pub(super) fn has_estimate(&self) -> bool {
        self.adapt.as_ref().is_some_and(|adapt| adapt.is_told)
    }

    /// The peer connection is up.
    pub(super) fn begin_adapting(&mut self) {
        if self.adapt.is_some()
            && let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(self.media.mid, None)
        {
            // What waits, waits in our own queue: it can be emptied.
            stream.set_unpaced(true);
        }
    }

    /// Whether a unit of this encoding is taken. One of a better encoding changes over at its IDR.
    pub(super) fn admits(&mut self, kind: StreamKind, sound_idr: bool, time: MediaTime) -> bool {
        let Some(adapt) = &mut self.adapt else { return kind == StreamKind::Main };
        if kind == adapt.sending {
            return true;
        }
        let begins = sound_idr && self.newest.is_none_or(|newest| time > newest);
        if kind != adapt.ladder.kind() || !begins {
            return false;
        }
        adapt.sending = kind;
        adapt.switches += 1;
        debug!(session = %short(self.id), "viewer is sent {kind:?}");
        true
    }

    pub(super) fn handle_estimate(&mut self, estimate: &BweKind) {
        let Some(adapt) = &mut self.adapt else { return };
        match estimate {
            BweKind::Twcc { can_probe, .. } => adapt.is_told = *can_probe,
            BweKind::Remb { estimate, .. } if !adapt.is_told => adapt.estimate = estimate.as_u64(),
            _ => {}
        }
    }

    /// Ten times a second: what is sent, and how fast.
    pub(super) fn adapt(&mut self, now: MonoTime, estimate: Option<Bitrate>) {
        let Some(adapt) = &mut self.adapt else { return };
        if let (true, Some(estimate)) = (adapt.is_told, estimate) {
            adapt.estimate = estimate.as_u64();
        }
        let before = adapt.ladder.kind();
        // A fall waits for an IDR too, but what was there before is not sent any more.
        let is_sent = adapt.sending == before;
        let waiting_us = self.queue.waiting_us(now);
        let path = Path { estimate: adapt.estimate, waiting_us, is_sent };
        let wanted =
            if self.connected && adapt.is_told { adapt.ladder.decide(now, path) } else { None };
        let target = adapt.ladder.target(now, is_sent);
        if adapt.target.replace(target) != Some(target) {
            let (minimum, desired) = (Bitrate::bps(target.minimum), Bitrate::bps(target.desired));
            self.rtc.bwe().set_bitrate(minimum, desired);
        }
        pace(&mut self.pacer, adapt, self.replay_bytes_per_ms);
        if let Some(kind) = wanted {
            self.change_to(kind, before);
        }
    }

    fn change_to(&mut self, kind: StreamKind, before: StreamKind) {
        debug!(session = %short(self.id), "viewer's path: {before:?} gives way to {kind:?}");
        let Some(adapt) = &mut self.adapt else { return };
        if adapt.ladder.fell() {
            // What has waited is late, and what was lost is not worth its bytes.
            self.queue.clear();
            self.newest = self.sent;
            adapt.sending = kind;
            adapt.switches += 1;
            self.needs_idr = true;
            self.allow_resends(RESEND_SHARE);
        }
        if kind != StreamKind::Main {
            self.request = Some(Request::KeyFrame { kind });
        }
    }
}

/// On a narrow path the queue is ours, where it can be emptied.
fn pace(pacer: &mut Pacer, adapt: &Adaptation, replay_bytes_per_ms: i64) {
    let sends = adapt.ladder.bits_per_second() as f64;
    let is_narrow =
        adapt.sending != StreamKind::Main && (adapt.estimate as f64) < NARROW * sends.max(1.0);
    // Estimates dip, and what is sent has to go out all the same until something smaller is chosen.
    let least = (PACE_OVER * sends) as u64;
    let rate = if is_narrow {
        (adapt.estimate * 9 / 10).max(least)
    } else {
        replay_bytes_per_ms as u64 * 8000
    };
    pacer.set_rate(rate, is_narrow);
}
