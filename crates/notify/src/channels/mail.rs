//! E-mail, by a server that takes it for delivery (RFC 6409).

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{CertificateStore, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};
use percent_encoding::percent_decode_str;
use url::Url;

use super::Text;
use crate::delivery::{Outcome, Receiver};
use crate::events::Event;
use razz_config as config;

pub(crate) struct Mail {
    server: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// How what is sent is kept from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Security {
    /// TLS from the start (RFC 8314).
    Wrapped,
    /// TLS after a request for it (RFC 3207), or nothing is sent.
    StartTls,
    /// None: it stays in this machine.
    Open,
}

/// A server as its address says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// User name and password.
    pub(super) credentials: Option<(String, String)>,
}

impl Server {
    /// Reads `smtps://user:secret@host:port`.
    pub(super) fn read(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_here = match host.parse() {
            Ok(address) => std::net::IpAddr::is_loopback(&address),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        let (security, port) = match (url.scheme(), is_here) {
            ("smtps", _) => (Security::Wrapped, 465),
            ("smtp", false) => (Security::StartTls, 587),
            ("smtp", true) => (Security::Open, 25),
            _ => return None,
        };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let user = decoded(url.username());
        let password = decoded(url.password().unwrap_or_default());
        Some(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            credentials: (!user.is_empty()).then_some((user, password)),
        })
    }
}

impl Mail {
    /// `answer`: how long each answer may take.
    ///
    /// # Errors
    /// Says which of the settings cannot be.
    pub(crate) fn new(settings: &config::Mail, answer: Duration) -> Result<Self, String> {
        let server = Server::read(settings.server.reveal());
        let server = server.ok_or("`server` of [alert.mail] is no smtp:// or smtps:// address")?;
        Self::by(server, settings, answer)
    }

    pub(super) fn by(
        server: Server,
        settings: &config::Mail,
        answer: Duration,
    ) -> Result<Self, String> {
        let mailbox = |address: &str| {
            let wrong = |_| format!("{address:?} of [alert.mail] is no e-mail address");
            address.parse::<Mailbox>().map_err(wrong)
        };
        let to: Vec<Mailbox> =
            settings.to.iter().map(|to| mailbox(to)).collect::<Result<_, _>>()?;
        let user = server.credentials.as_ref().map(|(user, _)| user.as_str());
        let from = match (&settings.from, user.and_then(|user| mailbox(user).ok()), to.first()) {
            (Some(from), ..) => mailbox(from)?,
            (None, Some(user), _) => user,
            (None, None, Some(first)) => first.clone(),
            (None, None, None) => return Err("`to` of [alert.mail] is empty".to_owned()),
        };
        let Server { host, port, security, credentials } = server;
        let tls = match security {
            Security::Open => Tls::None,
            Security::Wrapped => Tls::Wrapper(authorities(&host)?),
            Security::StartTls => Tls::Required(authorities(&host)?),
        };
        // "Dangerous" is without TLS, which is set here as it has to be.
        let mut builder =
            SmtpTransport::builder_dangerous(host).port(port).tls(tls).timeout(Some(answer));
        if let Some((user, password)) = credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { server: builder.build(), from, to })
    }

    fn message(&self, event: &Event, text: &Text<'_>) -> Option<Message> {
        let host = self.from.email.domain();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(text.title.as_str())
            // So that one that comes twice is known to be the same.
            .message_id(Some(format!("<{}@{host}>", event.message.id)))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        builder.body(format!("{}\n", text.body())).ok()
    }
}

/// TLS with the authorities that browsers trust.
fn authorities(host: &str) -> Result<TlsParameters, String> {
    TlsParameters::builder(host.to_owned())
        .certificate_store(CertificateStore::WebpkiRoots)
        .build_rustls()
        .map_err(|error| format!("TLS of [alert.mail]: {error}"))
}

impl Receiver for Mail {
    fn send(&self, event: &Event) -> Outcome {
        let Some(text) = Text::of(event) else { return Outcome::Delivered };
        let Some(message) = self.message(event, &text) else {
            return Outcome::Failed("it cannot be written as a mail".to_owned());
        };
        match self.server.send(&message) {
            Ok(_) => Outcome::Delivered,
            Err(error) => outcome(&error),
        }
    }
}

/// What an error means. Its own words may have an answer of the server with names in it.
fn outcome(error: &Error) -> Outcome {
    match error.status().map(u16::from) {
        Some(status) if error.is_permanent() => Outcome::Refused(status),
        Some(status) => Outcome::Failed(format!("status {status}")),
        None if error.is_timeout() => Outcome::Failed("no answer in time".to_owned()),
        None if error.is_tls() => {
            Outcome::Failed("no TLS with the server: its certificate does not fit".to_owned())
        }
        None if error.is_client() => {
            Outcome::Failed("the server offers no TLS, or no way to sign in".to_owned())
        }
        None => Outcome::Failed("no connection, or no answer that is SMTP".to_owned()),
    }
}
