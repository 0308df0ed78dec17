//! Why a run ended, in words that help whoever reads them.

use razz_base::CameraState;
use razz_config::{Source, Transport};
use razz_rtsp::{End, TunnelError};

use super::STALLED_AFTER;
use super::connection::DialError;
use super::tls::TlsError;

/// How long the client waits for the answer to a request, in seconds.
const ANSWER_WITHIN_S: i64 = razz_rtsp::client::ANSWER_WITHIN_US / 1_000_000;

/// Why a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// No connection, or no answer to the first request.
    Unreachable(String),
    /// The camera is where razz does not connect to.
    Forbidden(String),
    /// It is not encrypted as it should be.
    Tls(TlsError),
    /// 401.
    Unauthorized { had_credentials: bool },
    /// 403: the camera knows who asks.
    NotAllowed(String),
    /// SRTP.
    Encrypted,
    /// No media of a kind that razz can take.
    Unsupported { codecs: Vec<String> },
    /// The camera answered with an error, or something that is not RTSP.
    Refused(String),
    /// It does not carry RTSP by HTTP.
    NoTunnel(String),
    /// Connected, but nothing came.
    Stalled,
    /// Packets came, but no picture could be made of them; what they were.
    Unreadable(String),
    /// The camera is at another address.
    Redirected { to: String },
    /// The session broke off, or its packets made no sense any more.
    Lost(String),
    /// The camera ended the session.
    Closed,
}

impl Ended {
    /// The state the camera is in now, what to tell, and what to change on the camera.
    pub(super) fn describe(&self, source: &Source) -> (CameraState, String, Vec<String>) {
        let url = source; // shows itself without credentials
        match self {
            Self::Unreachable(why) => (
                CameraState::Offline,
                format!("{url}: cannot be reached: {why}"),
                vec![
                    "Check the camera's power and network, and the host and port of its URL."
                        .into(),
                ],
            ),
            Self::Tls(error) => {
                let (why, advice) = of_tls(error);
                (CameraState::Offline, format!("{url}: {why}"), vec![advice])
            }
            Self::Forbidden(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec![
                    "Give the camera's own address. If it really is there, add its network to \
                     `camera_networks` in [access]."
                        .into(),
                ],
            ),
            Self::Unauthorized { had_credentials: true } => (
                CameraState::Offline,
                format!("{url}: the camera refuses the user name or password"),
                vec!["Correct `username` and `password` of this camera, or its URL's.".into()],
            ),
            Self::Unauthorized { had_credentials: false } => (
                CameraState::Offline,
                format!("{url}: the camera asks for a user name and password"),
                vec![
                    "Give this camera `username` and `password`, or put them into its URL.".into(),
                ],
            ),
            Self::NotAllowed(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec![
                    "Turn RTSP on in the camera's settings, allow this user to watch there, and check the path \
                     of the URL; some cameras answer so to a wrong password too."
                        .into(),
                ],
            ),
            Self::Encrypted => (
                CameraState::Unsupported,
                format!("{url}: sends its packets encrypted (SRTP), which razz does not take"),
                vec![
                    "Use the camera's address without SRTP (UniFi Protect: leave ?enableSrtp out): with \
                     rtsps:// the connection is encrypted as it is. MediaMTX sends SRTP on its rtsps:// \
                     port: use its rtsp:// address."
                        .into(),
                ],
            ),
            Self::Unsupported { codecs } if codecs.is_empty() => (
                CameraState::Unsupported,
                format!("{url}: offers no video"),
                vec!["Check the path of the URL; turn video on in the camera's settings.".into()],
            ),
            Self::Unsupported { codecs } => (
                CameraState::Unsupported,
                format!("{url}: sends {}, which browsers cannot be given", codecs.join(" and ")),
                vec![
                    "Set the camera's video codec (\"encoding\", \"video compression\") to H.264."
                        .into(),
                ],
            ),
            Self::Refused(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec!["Check the path of the URL; `ffprobe` shows what the camera answers.".into()],
            ),
            Self::NoTunnel(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec![
                    "Give the port of the camera's web pages in its URL, or take transport = \"http\" out: \
                     not every camera carries RTSP by HTTP."
                        .into(),
                ],
            ),
            Self::Stalled => {
                let advice = match source.transport {
                    Transport::Tcp | Transport::Http => Vec::new(),
                    Transport::Udp => vec![
                        "Set transport = \"tcp\" for this camera, or let its UDP packets through the \
                         firewall."
                            .into(),
                    ],
                };
                let seconds = STALLED_AFTER.as_secs();
                (CameraState::Stalled, format!("{url}: nothing for {seconds} seconds"), advice)
            }
            Self::Unreadable(what) => (
                CameraState::Stalled,
                format!("{url}: packets come, but no picture in {} seconds: {what}", STALLED_AFTER.as_secs()),
                vec![
                    "Set the camera's video codec to H.264 and its I-frame interval (\"GOP\") to 1 or 2 s."
                        .into(),
                ],
            ),
            Self::Redirected { to } => (
                CameraState::Connecting,
                format!("{url}: the camera refers to {}", razz_config::redact::text(to)),
                Vec::new(),
            ),
            Self::Lost(why) => (CameraState::Connecting, format!("{url}: {why}"), Vec::new()),
            Self::Closed => (
                CameraState::Connecting,
                format!("{url}: the camera ended the session"),
                Vec::new(),
            ),
        }
    }
}

/// What is wrong with a camera's TLS, and what to do about it.
fn of_tls(error: &TlsError) -> (String, String) {
    match error {
        TlsError::Other { taken, shown, is_pinned: true, .. } => (
            format!("it shows another certificate, {shown}, than the one that was pinned, {taken}"),
            format!(
                "Somebody may be between razz and the camera. If the camera got a new certificate (a new \
                 camera, firmware, or reset), set certificate = \"{shown}\" for it."
            ),
        ),
        TlsError::Other { taken, shown, .. } => (
            format!("it shows another certificate, {shown}, than `certificate` asks for, {taken}"),
            format!(
                "Somebody may be between razz and the camera. If this is the camera's, set certificate = \
                 \"{shown}\" for it."
            ),
        ),
        TlsError::Unchecked { shown, why } => (
            format!("its certificate is not one that this machine's authorities vouch for: {why}"),
            format!(
                "Give the camera a certificate of its name, let this machine trust who signed it, or \
                 take this one: certificate = \"{shown}\"."
            ),
        ),
        TlsError::Failed(why) => (
            format!("no encrypted connection: {why}"),
            "Check the port of the URL, and that RTSP over TLS is turned on in the camera's settings; or \
             use its rtsp:// address."
                .to_owned(),
        ),
    }
}

impl From<DialError> for Ended {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Unreachable(why) => Self::Unreachable(why),
            DialError::Tls(error) => Self::Tls(error),
            DialError::Tunnel(TunnelError::Unauthorized { had_credentials }) => {
                Self::Unauthorized { had_credentials }
            }
            DialError::Tunnel(error) => Self::NoTunnel(error.to_string()),
        }
    }
}

impl From<End> for Ended {
    fn from(end: End) -> Self {
        match end {
            End::Unauthorized { had_credentials } => Self::Unauthorized { had_credentials },
            End::Redirected { to } => Self::Redirected { to },
            End::Refused { method, status, reason } => {
                let why = format!("the camera answers {method} with {status} {reason}");
                if status == 403 { Self::NotAllowed(why) } else { Self::Refused(why) }
            }
            End::Nonsense(what) => Self::Refused(what),
            End::NoAnswer { method: "OPTIONS" | "DESCRIBE" } => {
                Self::Unreachable(format!("no answer within {} seconds", ANSWER_WITHIN_S))
            }
            End::NoAnswer { method } => {
                Self::Refused(format!("no answer to {method} within {ANSWER_WITHIN_S} seconds"))
            }
            End::TornDown => Self::Closed,
        }
    }
}
