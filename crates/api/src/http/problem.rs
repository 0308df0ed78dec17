//! The one place where errors become answers.

use std::any::Any;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FormRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use razz_viewer::OfferError;
use serde::de::DeserializeOwned;

use crate::control::ChangeError;
use crate::wire::{self, ProblemKind};
use razz_access::AccessError;
use razz_config::{ConfigErrors, EditError, WriteError};
use razz_delivery::OpenError;

const BEARER: header::HeaderValue = header::HeaderValue::from_static("Bearer realm=\"razz\"");

/// An error as the client gets it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Problem {
    body: wire::Problem,
    /// Seconds after which to try again.
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: &str) -> Self {
        Self::of(wire::Problem::new(kind, detail))
    }

    pub(super) fn invalid(errors: &ConfigErrors) -> Self {
        Self::of(wire::Problem::invalid(errors.by_key()))
    }

    pub(super) fn invalid_key(key: &str, message: &str) -> Self {
        Self::of(wire::Problem::invalid_key(key, message))
    }

    fn of(body: wire::Problem) -> Self {
        // RFC 9110 section 10.2.3; as long as a camera takes to answer, or a viewer to leave.
        let retry_after_s = (body.status == 503).then_some(2);
        Self { body, retry_after_s }
    }

    pub(super) fn sign_in() -> Self {
        let detail = "send the cookie of a sign-in, or a bearer token";
        Self::new(ProblemKind::SignIn, detail)
    }

    pub(super) fn cross_origin() -> Self {
        let detail = "a page of another origin may not do this; open the page that razz serves, or \
                      send the request without the header Origin; if this is razz's own page behind \
                      a proxy, the proxy has to pass on the name that it is asked by (Host)";
        Self::new(ProblemKind::CrossOrigin, detail)
    }

    /// No connection is left but those for who is signed in.
    pub(super) fn crowded() -> Self {
        let detail = "the server has as many connections as it takes of strangers; those who are signed \
                      in go on";
        Self::new(ProblemKind::Busy, detail)
    }

    /// A page of another site where nobody signs in.
    pub(super) fn foreign_page() -> Self {
        let detail = "pages of other sites watch here only if their origin is listed: add it to \
                      `origins` in [compat], or to `embed_origins` in [access], of the config file and \
                      start razz anew";
        Self::new(ProblemKind::CrossOrigin, detail)
    }

    pub(super) fn not_our_page() -> Self {
        let detail = "with a cookie, requests that change something carry the header X-Razz-Request; \
                      scripts send a token instead";
        Self::new(ProblemKind::CrossOrigin, detail)
    }

    pub(super) fn unknown_camera(name: &str) -> Self {
        let name: String = name.chars().take(40).collect();
        let detail = format!("there is no camera {name:?}; GET /api/cameras lists them");
        Self::new(ProblemKind::UnknownCamera, &detail)
    }

    pub(super) fn unknown_session() -> Self {
        Self::new(ProblemKind::UnknownSession, "the session has ended, or never was")
    }

    pub(super) fn not_found(path: &str) -> Self {
        let path: String = path.chars().take(80).collect();
        Self::new(ProblemKind::NotFound, &format!("nothing is at {path:?}"))
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self::new(ProblemKind::BadRequest, detail)
    }

    pub(super) fn media_type(wanted: &str) -> Self {
        Self::new(ProblemKind::UnsupportedMediaType, &format!("the body has to be {wanted}"))
    }

    pub(super) fn method() -> Self {
        Self::new(ProblemKind::MethodNotAllowed, "this resource does not take this method")
    }

    pub(super) fn too_large(most: usize) -> Self {
        Self::new(ProblemKind::TooLarge, &format!("bodies end at {most} bytes here"))
    }

    pub(super) fn too_slow(most: Duration) -> Self {
        let detail = format!("a body has to be here within {} s", most.as_secs());
        Self::new(ProblemKind::TooSlow, &detail)
    }

    pub(super) fn internal(detail: &str) -> Self {
        Self::new(ProblemKind::Internal, detail)
    }

    pub(super) fn not_ready(detail: &str) -> Self {
        Self::new(ProblemKind::CameraNotReady, detail)
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        let kind = match &error {
            OpenError::Offer(OfferError::Bad(_)) => ProblemKind::BadOffer,
            OpenError::Offer(
                OfferError::NoH264 | OfferError::NoH265 { .. } | OfferError::H265Level { .. },
            ) => ProblemKind::NoCommonCodec,
            OpenError::Offer(OfferError::Unsendable(_)) => ProblemKind::NothingToSendInto,
            OpenError::Unsupported(_) => ProblemKind::UnsupportedVideo,
            OpenError::Full(..) | OpenError::Connecting(_) => ProblemKind::TooManyViewers,
            OpenError::Busy => ProblemKind::Busy,
            OpenError::Stopping => ProblemKind::CameraNotReady,
            OpenError::Unknown => return Self::unknown_session(),
        };
        Self::new(kind, &error.to_string())
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let said = error.to_string();
        match &error {
            ChangeError::Write(WriteError::WrongAfter(errors)) => Self::invalid(errors),
            ChangeError::Model(message) => Self::invalid_key("model", message),
            ChangeError::Write(WriteError::Edit(EditError::Unknown(id))) => {
                Self::unknown_camera(&id.to_string())
            }
            ChangeError::Write(WriteError::Edit(EditError::Reference(key))) => {
                Self::invalid_key(key, &said)
            }
            ChangeError::Write(WriteError::Disk(..)) => Self::internal(&said),
            ChangeError::NoFile | ChangeError::Write(_) => Self::new(ProblemKind::Conflict, &said),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let said = error.to_string();
        let kind = match error {
            AccessError::Off
            | AccessError::Taken(_)
            | AccessError::LastAdmin
            | AccessError::Full => ProblemKind::Conflict,
            AccessError::Wrong => ProblemKind::WrongCredentials,
            AccessError::TooOften(wait) => {
                let retry_after_s = Some(wait.as_secs_f64().ceil() as u64);
                return Self { retry_after_s, ..Self::new(ProblemKind::TooManyTries, &said) };
            }
            AccessError::NoSetUp | AccessError::OutOfSight => ProblemKind::Forbidden,
            AccessError::UnknownUser(_) => ProblemKind::UnknownUser,
            AccessError::UnknownToken(_) => ProblemKind::UnknownToken,
            AccessError::Invalid(key, message) => {
                return Self::invalid_key(key, &message);
            }
            AccessError::Store(_) => ProblemKind::Internal,
        };
        Self::new(kind, &said)
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        Self::of_body(rejection.status(), &rejection.body_text())
    }
}

impl From<FormRejection> for Problem {
    fn from(rejection: FormRejection) -> Self {
        Self::of_body(rejection.status(), &rejection.body_text())
    }
}

impl Problem {
    fn of_body(status: StatusCode, text: &str) -> Self {
        let kind = match status {
            StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedMediaType,
            _ => ProblemKind::BadRequest,
        };
        Self::new(kind, text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, wire::Problem::MEDIA_TYPE)];
        let mut response = (status, headers, self.body.to_json()).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 11.6.1 wants a way named; browsers ask nobody for a bearer token.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, BEARER);
        }
        // For who writes it otherwise: the port of old clients.
        response.extensions_mut().insert(self.body);
        response
    }
}

/// A request's body, bounded; what is wrong with it becomes a [`Problem`].
pub(super) struct Payload(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(Bytes::from_request(request, state).await?))
    }
}

/// A body of JSON, understood.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::media_type("application/json"));
        }
        let body = Bytes::from_request(request, state).await?;
        // serde's words quote keys and types, of values numbers alone.
        let read = serde_json::from_slice(&body);
        read.map(Self).map_err(|error| Problem::bad_request(&error.to_string()))
    }
}

/// What is asked for behind `?`; what is missing or cannot be read is a problem like any other.
pub(super) struct QueryParameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::bad_request(&error.body_text()))
    }
}

/// A handler panicked: the client learns only that.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    tracing::error!("a request handler panicked");
    Problem::internal("something broke on our side; the log has more").into_response()
}
