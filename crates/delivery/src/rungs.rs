//! The encodings that razz makes of one camera's pictures, as far as a shard's sessions are sent them.

use razz_base::{Codec, MonoTime, Rung, Size, StreamKind};
use razz_hub::renditions::Want;
use razz_hub::{Attachment, Camera, Subscriber};
use razz_media::ring::Unit;
use razz_viewer::{Encodings, Session};

/// What a session has made for it: the encoding that it wants, and the one that it still is sent.
#[derive(Default)]
pub(crate) struct Wants(Vec<(Rung, Want)>);

/// While sessions of a shard are sent a rung, its units come to the shard.
#[derive(Default)]
pub(crate) struct Rungs([Option<(usize, Attachment<Unit>)>; Rung::ALL.len()]);

impl Wants {
    /// Whether the session needs units of this encoding; the camera's own come anyway.
    pub(crate) fn has(&self, kind: StreamKind) -> bool {
        self.0.iter().any(|(rung, _)| StreamKind::Rendition(*rung) == kind)
    }

    /// Follows what the session wants.
    pub(crate) fn follow(
        &mut self,
        session: &Session,
        camera: &Camera,
        rungs: &mut Rungs,
        units: &Subscriber<Unit>,
    ) {
        let needs = [session.wants(), session.sending()];
        self.0.retain(|(rung, _)| {
            let needed = needs.contains(&StreamKind::Rendition(*rung));
            if !needed {
                rungs.leave(*rung);
            }
            needed
        });
        for kind in needs {
            if let StreamKind::Rendition(rung) = kind
                && !self.has(kind)
            {
                // Attached first: the first picture may come at once.
                rungs.join(rung, camera, units);
                self.0.push((rung, camera.renditions.want(rung)));
            }
        }
    }

    /// The session is over.
    pub(crate) fn end(self, rungs: &mut Rungs) {
        for (rung, _) in self.0 {
            rungs.leave(rung);
        }
    }

    /// Whether nothing would change.
    pub(crate) fn are_met(&self, session: &Session) -> bool {
        let of_ours = |kind: &StreamKind| matches!(kind, StreamKind::Rendition(_));
        let needs = [session.wants(), session.sending()];
        let met = needs.iter().filter(|kind| of_ours(kind)).all(|kind| self.has(*kind));
        met && self.0.iter().all(|(rung, _)| needs.contains(&StreamKind::Rendition(*rung)))
    }
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

/// What there is of a camera for a session that has agreed on `codec`.
pub(crate) fn encodings(camera: &Camera, codec: Codec, now: MonoTime) -> Encodings {
    let Some(format) = camera.stream.format() else {
        return Encodings { camera: Some(0), shown: Size::default(), can_make: false };
    };
    let can_make = codec == Codec::H264 && camera.renditions.can_make(&format);
    // Where nothing else can be made of it, browsers have to see how they get on.
    let plays = format.codec == codec && (format.not_shown().is_none() || !can_make);
    let bits_per_second = camera.health.ingest().bitrate(now) as u64;
    Encodings {
        camera: plays.then_some(bits_per_second),
        shown: format.pixel_aspect.shown(format.size),
        can_make,
    }
}
