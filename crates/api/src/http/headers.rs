//! What every answer tells browsers about itself: which scripts are razz's own, who may put it into
//! a frame, what it may not use.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::inline::Inline;
use super::{Port, embed};

const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCES: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What no page of razz uses, so that no script in one may.
const UNUSED: &str = "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), \
                      serial=(), hid=(), midi=(), payment=()";

/// What does not depend on the request.
pub(super) struct Headers {
    port: Port,
    tls: bool,
    /// `frame-ancestors`, and the same for browsers that do not know it, where they can say it.
    ancestors: String,
    framed_by_ourselves: bool,
}

impl Headers {
    pub(super) fn new(port: Port, tls: bool, embed_origins: &[String]) -> Arc<Self> {
        let ancestors = ["'self'"].into_iter().chain(embed_origins.iter().map(String::as_str));
        let ancestors: Vec<&str> = ancestors.collect();
        let framed_by_ourselves = embed_origins.is_empty();
        Arc::new(Self { port, tls, ancestors: ancestors.join(" "), framed_by_ourselves })
    }

    /// The policy of an answer with these scripts and styles in it.
    fn policy(&self, inline: &Inline) -> String {
        let Inline { scripts, styles } = inline;
        let common = "base-uri 'none'; form-action 'self'; object-src 'none'";
        match self.port {
            Port::App => format!(
                "default-src 'self'; script-src 'self'{scripts}; style-src 'self'{styles}; \
                 img-src 'self' data: blob:; media-src 'self' blob:; {common}; \
                 frame-ancestors {}",
                self.ancestors
            ),
            // Pages of every site may hold its player in a frame, as the original's.
            Port::Compat => format!(
                "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; \
                 img-src 'self'; media-src 'self'; connect-src 'self'; {common}"
            ),
        }
    }

    fn put_into(&self, path: &str, response: &mut Response) {
        let inline = response.extensions_mut().remove().unwrap_or_default();
        let policy = HeaderValue::from_str(&self.policy(&inline)).expect("origins are ASCII");
        let headers = response.headers_mut();
        let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
        put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        // An address may hold a view token.
        put(header::REFERRER_POLICY, "same-origin");
        put(PERMISSIONS, UNUSED);
        let shown_elsewhere = embed::is_file(path) || path.ends_with("/snapshot.jpg");
        let elsewhere = self.port == Port::Compat || shown_elsewhere;
        put(RESOURCES, if elsewhere { "cross-origin" } else { "same-origin" });
        if self.port == Port::App {
            if self.framed_by_ourselves {
                put(header::X_FRAME_OPTIONS, "SAMEORIGIN");
            }
            // Without TLS browsers ignore it, and complain.
            if self.tls {
                put(OPENER, "same-origin");
            }
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Puts them into every answer, whoever gave it.
pub(super) async fn put(
    State(fixed): State<Arc<Headers>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    fixed.put_into(&path, &mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_for_ourselves_and_for_who_is_listed() {
        let origins = ["https://home.example".to_owned(), "http://10.0.0.5:8123".to_owned()];
        let policy = |port, origins: &[String]| {
            Headers::new(port, false, origins).policy(&Inline::default())
        };
        assert!(policy(Port::App, &[]).ends_with("; frame-ancestors 'self'"));
        let listed = policy(Port::App, &origins);
        assert!(
            listed.ends_with("; frame-ancestors 'self' https://home.example http://10.0.0.5:8123"),
            "{listed}"
        );
        assert!(!policy(Port::Compat, &origins).contains("frame-ancestors"));
        for port in [Port::App, Port::Compat] {
            assert!(!policy(port, &origins).contains("unsafe"));
        }
    }
}
