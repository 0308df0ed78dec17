//! What a session has of its peer connection: its events, the way that ICE has chosen, the keys of the
//! handshake, and the peer's reports.

use std::net::SocketAddr;

use razz_base::MonoTime;
use str0m::net::Transmit;
use str0m::rtp::{RtpWrite, SeqNo};
use str0m::{Event, IceConnectionState, Input, Output, RtcError};
use tracing::debug;

use super::loss::RESEND_SHARE;
use super::{SOONEST_US, Session, instant, is_media};
use crate::rtp::Sender;
use crate::settings::{Outlet, Route};
use crate::short;

impl Session {
    /// What the peer reports of its video. It sends no video of its own.
    pub(super) fn handle_media(
        &mut self,
        now: MonoTime,
        source: SocketAddr,
        datagram: &[u8],
    ) -> bool {
        let is_path = self.path.is_some_and(|path| path.destination == source);
        let Some(sender) = &mut self.sender else { return is_path };
        // RFC 5761 section 4.
        if !matches!(datagram.get(1), Some(192..=223)) || !sender.handle_rtcp(now, datagram) {
            return is_path;
        }
        let heard = sender.hear();
        self.counts.nacks += heard.nacks;
        self.counts.plis += heard.plis;
        if let Some(bits) = heard.remb {
            self.handle_remb(bits);
        }
        if let Some(loss) = heard.loss {
            self.handle_report(now, loss);
        }
        if heard.key_frame {
            self.answer_keyframe_request(now);
        }
        true
    }

    /// Asks the library which way it would send. It tells nobody which pair of addresses ICE has chosen but by
    /// sending there, so it is handed a packet of media, which goes no further.
    pub(super) fn find_path(&mut self, now: MonoTime) -> Result<(), RtcError> {
        if !std::mem::take(&mut self.path_is_stale) {
            return Ok(());
        }
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.media.mid, None) else { return Ok(()) };
        let at = instant(self.epoch, now);
        let write = RtpWrite::new(self.media.pt, SeqNo::from(self.media.asked), 0, at, vec![0]);
        self.media.asked += 1;
        stream.write_rtp(write.nackable(false));
        self.rtc.handle_input(Input::Timeout(at))
    }

    /// Empties the peer connection, or stops where an event led to a request: what comes after it
    /// may rest on the answer.
    pub(super) fn drain(&mut self, now: MonoTime, outlet: &mut dyn Outlet) -> Result<(), RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    let wait = at.saturating_duration_since(instant(self.epoch, now));
                    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2);
                    // Time passes between two calls, whatever the library wishes.
                    self.rtc_deadline = now.plus_us(wait_us.max(SOONEST_US));
                    return Ok(());
                }
                Output::Transmit(Transmit { proto, source, destination, contents }) => {
                    let route = Route { proto, source, destination };
                    if is_media(&contents) {
                        self.path = Some(route);
                    } else {
                        let fill = &mut |out: &mut [u8]| out.copy_from_slice(&contents);
                        outlet.send(route, contents.len(), fill);
                    }
                }
                Output::Event(event) => {
                    self.handle_event(now, event);
                    if self.request.is_some() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn handle_event(&mut self, now: MonoTime, event: Event) {
        match event {
            Event::Connected => {
                debug!(session = %short(self.id), "viewer connected");
                self.begin(now);
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                debug!(session = %short(self.id), "viewer is gone");
                self.ended = true;
            }
            _ => {}
        }
    }

    /// The handshake is over: media can flow.
    fn begin(&mut self, now: MonoTime) {
        let layout = self.media.layout.clone();
        let sender = self.agreed.get().and_then(|keys| Sender::new(layout, keys, now, self.adapts));
        if sender.is_none() {
            debug!(session = %short(self.id), "viewer has agreed on no keys for media");
            self.ended = true;
            return;
        }
        (self.sender, self.connected, self.path_is_stale) = (sender, true, true);
        self.allow_resends(RESEND_SHARE);
        self.begin_adapting(now);
    }
}
