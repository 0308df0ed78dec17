//! What every answer tells browsers about itself: which scripts are razz's own, who may put it into
//! a frame, what it may not use.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::inline::Inline;
use super::pages::Pages;
use super::{App, Port, embed};

const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCES: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What no page of razz uses, so that no script in one may.
const UNUSED: &str = "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), \
                      serial=(), hid=(), midi=(), payment=()";

/// What does not depend on the request.
pub(super) struct Headers {
    port: Port,
    /// Without TLS browsers ignore it, and complain.
    opener: bool,
    /// RFC 6797 section 7.2: over TLS alone.
    hsts: Option<HeaderValue>,
    /// `frame-ancestors`, if not every page may, and the same for browsers that do not know it, where
    /// they can say it.
    ancestors: Option<String>,
    framed_by_ourselves: bool,
}

impl Headers {
    /// Those of the app's port name who may frame it; those of the other what [`Pages`] says.
    pub(super) fn new(port: Port, app: &App) -> Arc<Self> {
        let listed = app.embed_origins.iter().map(String::as_str);
        let listed: Vec<&str> = ["'self'"].into_iter().chain(listed).collect();
        let ancestors = match port {
            Port::App => Some(listed.join(" ")),
            Port::Compat => Pages::of(app).ancestors(),
        };
        let framed_by_ourselves = port == Port::App && app.embed_origins.is_empty();
        let opener = app.tls && port == Port::App;
        let hsts = app.hsts_s.filter(|_| app.tls).map(|seconds| format!("max-age={seconds}"));
        let hsts = hsts.and_then(|text| HeaderValue::from_str(&text).ok());
        Arc::new(Self { port, opener, hsts, ancestors, framed_by_ourselves })
    }

    /// The policy of an answer with these scripts and styles in it.
    fn policy(&self, inline: &Inline) -> String {
        let Inline { scripts, styles } = inline;
        let common = "base-uri 'none'; form-action 'self'; object-src 'none'";
        let policy = match self.port {
            Port::App => format!(
                "default-src 'self'; script-src 'self'{scripts}; style-src 'self'{styles}; \
                 img-src 'self' data: blob:; media-src 'self' blob:; {common}"
            ),
            Port::Compat => format!(
                "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; \
                 img-src 'self'; media-src 'self'; connect-src 'self'; {common}"
            ),
        };
        match &self.ancestors {
            Some(ancestors) => format!("{policy}; frame-ancestors {ancestors}"),
            // Pages of every site may hold RTSPtoWebRTC's player in a frame, as the original's.
            None => policy,
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
        if self.framed_by_ourselves {
            put(header::X_FRAME_OPTIONS, "SAMEORIGIN");
        }
        if self.opener {
            put(OPENER, "same-origin");
        }
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
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
