//! What everyone may know of a camera: what it is doing, how often it is detected on, and the kinds
//! of events that it can cause.

/// What a camera is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CameraState {
    /// It is being connected to.
    #[default]
    Connecting,
    /// Video comes in.
    Online,
    /// It is connected, but has sent no video for 5 s.
    Stalled,
    /// It cannot be reached; razz tries again and again.
    Offline,
    /// It sends what razz cannot use.
    Unsupported,
}

impl CameraState {
    /// The state's name in logs and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Stalled => "stalled",
            Self::Offline => "offline",
            Self::Unsupported => "unsupported",
        }
    }
}

/// How often a camera's pictures go to the detector.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum DetectRate {
    /// Never; nothing is decoded.
    Off,
    /// So many a second, of media time.
    PerSecond(f64),
    /// Every frame that capacity allows.
    Max,
}

/// Which of a camera's streams is decoded and detected on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DetectFrom {
    /// The one that viewers see: boxes are exact.
    #[default]
    Main,
    /// The smaller one that the camera sends besides: boxes are near the frames that they are shown on.
    Sub,
}

/// What of a camera is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RecordMode {
    /// All that it sends.
    #[default]
    Always,
    /// While somebody is seen, and a little before and after.
    Visits,
    /// Nothing.
    Off,
}

impl RecordMode {
    /// Every mode by the name that the config and the API have for it.
    pub const ALL: [(&'static str, Self); 3] =
        [("always", Self::Always), ("visits", Self::Visits), ("off", Self::Off)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Visits => "visits",
            Self::Off => "off",
        }
    }
}

/// How RTP travels from a camera.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transport {
    /// Interleaved in the RTSP connection (RFC 2326 section 10.12): slower on loss, never torn.
    #[default]
    Tcp,
    /// Its own packets: no waiting for what was lost, so pictures may be damaged.
    Udp,
    /// As with `Tcp`, in two HTTP connections (Apple's "Tunnelling RTSP and RTP through HTTP"), for
    /// networks that let nothing but HTTP pass.
    Http,
}

/// A kind of event that subscribers outside (MQTT, webhooks) can ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// An object has come: its track has been matched for half a second.
    TrackStarted,
    /// It has left: its track was not matched for two seconds, or three detections.
    TrackEnded,
    /// Video comes in.
    CameraOnline,
    /// No video comes in any more.
    CameraOffline,
    /// The camera should be recorded, and is not.
    RecordingStopped,
    /// It is recorded again.
    RecordingResumed,
    /// A rule found something, or so many more times of it.
    AlertFiring,
    /// What it found is over.
    AlertResolved,
    /// Somebody crossed a line.
    LineCrossed,
    /// Somebody came into a zone, or was seen in it first.
    ZoneEntered,
    /// They left it, were lost, or the zone is gone.
    ZoneLeft,
}

impl EventKind {
    /// Every kind, by its name in settings and messages.
    pub const ALL: [(&'static str, Self); 11] = [
        ("track_started", Self::TrackStarted),
        ("track_ended", Self::TrackEnded),
        ("camera_online", Self::CameraOnline),
        ("camera_offline", Self::CameraOffline),
        ("recording_stopped", Self::RecordingStopped),
        ("recording_resumed", Self::RecordingResumed),
        ("alert_firing", Self::AlertFiring),
        ("alert_resolved", Self::AlertResolved),
        ("line_crossed", Self::LineCrossed),
        ("zone_entered", Self::ZoneEntered),
        ("zone_left", Self::ZoneLeft),
    ];

    /// Its name in settings and messages.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(_, kind)| *kind == self);
        named.expect("every kind has its name").0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_event_has_a_name_of_its_own() {
        for (name, kind) in EventKind::ALL {
            assert_eq!(kind.name(), name);
            assert_eq!(EventKind::ALL.iter().filter(|(other, _)| *other == name).count(), 1);
        }
    }
}
