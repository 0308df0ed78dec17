//! What a session does when its peer lost something.

use razz_base::MonoTime;
use tracing::debug;

use super::Session;
use crate::settings::Request;
use crate::short;

/// At most one replay for a key frame request in this time.
const REPLAY_EVERY_US: i64 = 1_000_000;
/// The share of all bytes that may be retransmissions: it lets a burst of 200 ms be asked for again within its
/// second.
pub(super) const RESEND_SHARE: f64 = 0.4;
/// The share on a congested path, where every byte more makes it worse.
const RESEND_SHARE_CONGESTED: f64 = 0.02;

impl Session {
    /// PLI and FIR are answered from the ring: cameras do not listen to them over RTSP.
    pub(super) fn answer_keyframe_request(&mut self, now: MonoTime) {
        self.counts.keyframe_requests += 1;
        if let Some(kind) = self.rendition() {
            self.ask_for(now, kind);
            return;
        }
        if self.congestion.is_congested() || self.blocked_until.is_some() {
            // A replay would be more bytes where there is no room for those that there are.
            self.wait_for_idr(now, "a key frame is asked for on a congested path");
            return;
        }
        let recent = self.last_replay.is_some_and(|at| now.since_us(at) < REPLAY_EVERY_US);
        if !recent {
            self.request = Some(match self.newest {
                Some(after) => Request::NextIdr { after },
                None => Request::Replay,
            });
        }
    }

    /// The peer reports this share of packets lost over the last second.
    pub(super) fn handle_loss(&mut self, now: MonoTime, loss: f32) {
        let was = self.congestion.is_congested();
        let heavy = self.congestion.handle_report(loss);
        let is = self.congestion.is_congested();
        if heavy && is {
            self.wait_for_idr(now, "congested path");
        }
        match (was, is) {
            (false, true) => self.allow_resends(RESEND_SHARE_CONGESTED),
            (true, false) => self.allow_resends(RESEND_SHARE),
            _ => {}
        }
    }

    pub(super) fn allow_resends(&mut self, share: f64) {
        if let Some(sender) = &mut self.sender {
            sender.allow_again(share);
        }
    }

    /// Forgets what waits and goes on at the next IDR.
    pub(super) fn wait_for_idr(&mut self, now: MonoTime, why: &str) {
        if !self.needs_idr {
            debug!(session = %short(self.id), "viewer waits for the next key frame: {why}");
            self.counts.waits += 1;
        }
        self.queue.clear();
        self.needs_idr = true;
        if let Some(kind) = self.rendition() {
            // Of an encoding of ours there is none unless somebody asks.
            self.ask_for(now, kind);
        }
    }
}
