//! The encodings that razz makes of one camera's pictures, as far as a shard's sessions are sent them.

use std::sync::Arc;

use razz_base::{Codec, MonoTime, Rung, Size, StreamFormat, StreamKind};
use razz_hub::renditions::Want;
use razz_hub::{Attachment, Camera, Subscriber};
use razz_media::ring::Unit;
use razz_viewer::{Encodings, Session};

/// What a session has made for it.
pub(crate) struct Wants {
    /// The encoding that it wanted, and the one that it was sent, when that was looked at last.
    needs: [StreamKind; 2],
    /// Of these, those of ours.
    held: Vec<(Rung, Want)>,
}

/// While sessions of a shard are sent a rung, its units come to the shard.
#[derive(Default)]
pub(crate) struct Rungs([Option<(usize, Attachment<Unit>)>; Rung::ALL.len()]);

/// Of a session that is sent the camera's own stream.
impl Default for Wants {
    fn default() -> Self {
        Self { needs: [StreamKind::Main; 2], held: Vec::new() }
    }
}

impl Wants {
    /// Whether the session wants something else than when that was looked at last.
    pub(crate) fn are_others(&self, session: &Session) -> bool {
        self.needs != needs(session)
    }

    /// Follows what the session wants.
    pub(crate) fn follow(
        &mut self,
        session: &Session,
        camera: &Camera,
        rungs: &mut Rungs,
        units: &Subscriber<Unit>,
    ) {
        self.needs = needs(session);
        let needs = self.needs;
        self.held.retain(|(rung, _)| {
            let needed = needs.contains(&StreamKind::Rendition(*rung));
            if !needed {
                rungs.leave(*rung);
            }
            needed
        });
        for kind in needs {
            if let StreamKind::Rendition(rung) = kind
                && !self.held.iter().any(|(held, _)| *held == rung)
            {
                // Attached first: the first picture may come at once.
                rungs.join(rung, camera, units);
                self.held.push((rung, camera.renditions.want(rung)));
            }
        }
    }

    /// The session is over.
    pub(crate) fn end(self, rungs: &mut Rungs) {
        for (rung, _) in self.held {
            rungs.leave(rung);
        }
    }
}

/// The encodings whose units are for a session.
fn needs(session: &Session) -> [StreamKind; 2] {
    [session.wants(), session.sending()]
}

impl Rungs {
    fn join(&mut self, rung: Rung, camera: &Camera, units: &Subscriber<Unit>) {
        let attach = || (0, camera.renditions.stream(rung).attach_live(units));
        self.0[rung as usize].get_or_insert_with(attach).0 += 1;
    }

    fn leave(&mut self, rung: Rung) {
        let attached = &mut self.0[rung as usize];
        if let Some((sessions, _)) = attached {
            *sessions -= 1;
            if *sessions == 0 {
                *attached = None;
            }
        }
    }
}

/// What a camera sends, looked at once for all of a shard's sessions.
pub(crate) struct Sent {
    format: Option<Arc<StreamFormat>>,
    bits_per_second: u64,
    can_make: bool,
}

impl Sent {
    pub(crate) fn by(camera: &Camera, now: MonoTime) -> Self {
        let format = camera.stream.format();
        let can_make = format.as_ref().is_some_and(|format| camera.renditions.can_make(format));
        let bits_per_second = camera.health.ingest().bitrate(now) as u64;
        Self { format, bits_per_second, can_make }
    }

    /// What there is of it for a session.
    pub(crate) fn encodings(&self, session: &Session) -> Encodings {
        let Some(format) = &self.format else {
            return Encodings { camera: Some(0), shown: Size::default(), can_make: false };
        };
        let can_make = session.takes(Codec::H264) && self.can_make;
        // Where nothing else can be made of it, browsers have to see how they get on.
        let plays = session.takes(format.codec) && (format.not_shown().is_none() || !can_make);
        Encodings {
            camera: plays.then_some(self.bits_per_second),
            shown: format.pixel_aspect.shown(format.size),
            can_make,
        }
    }
}
