//! The body of every error answer: `application/problem+json` (RFC 9457).

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use razz_config::redact;

/// The body of every error answer, `application/problem+json` (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Problem.ts")]
pub struct Problem {
    /// Stable name of the kind of error, a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and what to do. razz always says; a proxy before it may not.
    pub detail: Option<String>,
    /// What is wrong with each key of settings that were sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<KeyProblem>>", optional)]
    pub errors: Vec<KeyProblem>,
}

/// What is wrong with one key of settings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "KeyProblem.ts")]
pub struct KeyProblem {
    /// The key; null where none is to blame.
    pub key: Option<String>,
    /// What was expected.
    pub message: String,
}

/// The kinds of error answers. Their names are part of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProblemKind {
    /// The request is malformed.
    BadRequest,
    /// The SDP offer cannot be understood or answered.
    BadOffer,
    /// No such page or endpoint.
    NotFound,
    /// There is no camera with this id.
    UnknownCamera,
    /// There is no such viewer session (any more).
    UnknownSession,
    /// The endpoint does not do this.
    MethodNotAllowed,
    /// The client takes no answer of the kind that there is.
    NotAcceptable,
    /// The entity tag is not that of the current ICE session.
    PreconditionFailed,
    /// The request came too slowly.
    TooSlow,
    /// razz was asked by a name that may be somebody else's.
    ForeignHost,
    /// The body is larger than allowed.
    TooLarge,
    /// The body's media type is not the one expected.
    UnsupportedMediaType,
    /// It is not known who asks.
    SignIn,
    /// The name or the password is wrong.
    WrongCredentials,
    /// Who asks may not.
    Forbidden,
    /// There is no user of this name.
    UnknownUser,
    /// There is no such token.
    UnknownToken,
    /// Too many tries to sign in.
    TooManyTries,
    /// A page of another origin asks for a change.
    CrossOrigin,
    /// Not possible as things are now.
    Conflict,
    /// Settings that cannot be.
    InvalidSettings,
    /// Something failed inside.
    Internal,
    /// As many viewers as allowed are here already.
    TooManyViewers,
    /// Too many ask at once.
    Busy,
    /// The camera is not online, or has sent no picture yet.
    CameraNotReady,
    /// The offer has no video that the camera's could go into.
    NoCommonCodec,
    /// The offer's video sections are such that nothing can be sent into them.
    NothingToSendInto,
    /// The camera sends what browsers cannot play.
    UnsupportedVideo,
}

impl ProblemKind {
    /// HTTP status, the end of the type URI, and the title.
    const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "bad-request", "The request is malformed"),
            Self::BadOffer => (400, "bad-offer", "The offer cannot be answered"),
            Self::NotFound => (404, "not-found", "There is nothing here"),
            Self::UnknownCamera => (404, "unknown-camera", "There is no such camera"),
            Self::UnknownSession => (404, "unknown-session", "There is no such viewer session"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Not done here"),
            Self::NotAcceptable => (406, "not-acceptable", "No answer of the kind asked for"),
            Self::PreconditionFailed => (412, "precondition-failed", "Not the current ICE session"),
            Self::TooSlow => (408, "too-slow", "The request came too slowly"),
            Self::ForeignHost => (421, "foreign-host", "Not a name of this server"),
            Self::TooLarge => (413, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (415, "unsupported-media-type", "The body is of another type than expected")
            }
            Self::SignIn => (401, "sign-in", "Sign in first"),
            Self::WrongCredentials => (401, "wrong-credentials", "Not signed in"),
            Self::Forbidden => (403, "forbidden", "Not for you"),
            Self::UnknownUser => (404, "unknown-user", "There is no such user"),
            Self::UnknownToken => (404, "unknown-token", "There is no such token"),
            Self::TooManyTries => (429, "too-many-tries", "Too many tries"),
            Self::CrossOrigin => (403, "cross-origin", "Asked by a page of another origin"),
            Self::Conflict => (409, "conflict", "Not possible as things are now"),
            Self::InvalidSettings => (422, "invalid-settings", "The settings are not valid"),
            Self::Internal => (500, "internal", "Something failed inside"),
            Self::TooManyViewers => (503, "too-many-viewers", "No room for another viewer"),
            Self::Busy => (503, "busy", "Too many ask at once"),
            Self::NoCommonCodec => (406, "no-common-codec", "No common video codec"),
            Self::NothingToSendInto => {
                (422, "nothing-to-send-into", "No section that video can be sent into")
            }
            Self::CameraNotReady => (503, "camera-not-ready", "The camera has no picture now"),
            Self::UnsupportedVideo => {
                (422, "unsupported-video", "The camera sends what browsers cannot play")
            }
        }
    }
}

impl Problem {
    /// The answer's media type (RFC 9457 section 3).
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// A problem of `kind`; `detail` says what went wrong this time. Credentials in it are masked.
    pub fn new(kind: ProblemKind, detail: &str) -> Self {
        let (status, name, title) = kind.parts();
        Self {
            kind: format!("urn:razz:problem:{name}"),
            title: title.to_owned(),
            status,
            detail: Some(redact::text(detail).into_owned()),
            errors: Vec::new(),
        }
    }

    /// Settings that are refused, key by key.
    pub fn invalid<'a>(errors: impl Iterator<Item = (Option<&'a str>, &'a str)>) -> Self {
        let errors: Vec<KeyProblem> = errors
            .map(|(key, message)| KeyProblem {
                key: key.map(str::to_owned),
                message: redact::text(message).into_owned(),
            })
            .collect();
        let all: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        Self { errors: errors.clone(), ..Self::new(ProblemKind::InvalidSettings, &all.join("; ")) }
    }

    /// A key of what was sent that cannot be so.
    pub fn invalid_key(key: &str, message: &str) -> Self {
        Self::invalid(std::iter::once((Some(key), message)))
    }

    /// The body.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings always serialise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_type_title_status_and_detail() {
        let problem = Problem::new(ProblemKind::UnknownCamera, "there is no camera 9");
        assert_eq!(
            problem.to_json(),
            r#"{"type":"urn:razz:problem:unknown-camera","title":"There is no such camera","status":404,"detail":"there is no camera 9"}"#
        );
        let leaky = Problem::new(ProblemKind::Internal, "dialling rtsp://u:hunter2@h failed");
        assert_eq!(leaky.detail.as_deref(), Some("dialling rtsp://***@h failed"));
    }
}
