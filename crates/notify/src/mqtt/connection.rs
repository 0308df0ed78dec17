//! The connection to the broker: how it is made, kept up, and what it says.

use std::sync::Arc;

use bytes::Bytes;
use rumqttc::{
    EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS, TlsConfiguration, Transport,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::mpsc;

use super::{WINDOW, topics};
use razz_base::Backoff;
use razz_config as config;

/// A broker that is silent for twice this is gone, and so are we for the broker at 1.5 times it.
const KEEP_ALIVE_S: u16 = 10;
/// Largest packets in and out. What is subscribed to is small, unless somebody else writes there; snapshots
/// are the largest that is sent.
const MAX_PACKET: (usize, usize) = (1 << 20, 1 << 20);

/// What the connection tells the publisher.
pub(super) enum Link {
    Up,
    Down(String),
    /// A message went out under this number.
    Sent(u16),
    Acked(u16),
    /// The broker has taken note of what we want to hear, or refused it.
    Listening,
    /// What a topic said before this connection.
    Heard(String, Bytes),
}

/// How the broker is reached.
///
/// # Errors
/// Where the certificates cannot be read.
pub(super) fn options(settings: &config::Mqtt) -> Result<MqttOptions, String> {
    // Always the same: the broker ends a connection of ours that it still believes in.
    let client = format!("razz-{}", settings.prefix.replace('/', "-"));
    let mut options = MqttOptions::new(client, (settings.host.clone(), settings.port));
    options.set_keep_alive(KEEP_ALIVE_S);
    options.set_clean_session(true);
    options.set_inflight(2 * WINDOW as u16);
    options.set_max_packet_size(MAX_PACKET.0, MAX_PACKET.1);
    let will = LastWill::new(topics::status(settings), "offline", QoS::AtLeastOnce, true);
    options.set_last_will(will);
    if let Some((username, password)) = &settings.credentials {
        options.set_credentials(username, password.reveal().to_owned());
    }
    if settings.tls {
        options.set_transport(Transport::Tls(tls(settings)?));
    }
    Ok(options)
}

/// Reads the certificates that the broker's may come from, where the settings name any.
///
/// # Errors
/// Says which file cannot be read, or has none in it.
pub fn check_authorities(settings: &config::Mqtt) -> Result<(), String> {
    if settings.tls { tls(settings).map(drop) } else { Ok(()) }
}

fn tls(settings: &config::Mqtt) -> Result<TlsConfiguration, String> {
    let mut roots = rustls::RootCertStore::empty();
    match &settings.ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let wrong = |why: &dyn std::fmt::Display| {
                format!("{} (`ca` of [mqtt]): {why}; name a PEM file", file.display())
            };
            let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
            if roots.is_empty() {
                return Err(wrong(&"has no certificate"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS of [mqtt]: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}

/// Keeps up the connection, for ever, with pauses that grow while it fails.
pub(super) async fn connect(mut events: EventLoop, links: mpsc::UnboundedSender<Link>) {
    let mut backoff = Backoff::new(rand::random());
    loop {
        let link = match events.poll().await {
            Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                backoff.reset();
                Link::Up
            }
            Ok(rumqttc::Event::Incoming(Packet::PubAck(ack))) => Link::Acked(ack.pkid),
            Ok(rumqttc::Event::Incoming(Packet::SubAck(_))) => Link::Listening,
            // Our own come back as well, but not as retained ones (MQTT 3.1.1 section 3.3.1.3).
            Ok(rumqttc::Event::Incoming(Packet::Publish(heard))) if heard.retain => {
                let Ok(topic) = std::str::from_utf8(&heard.topic) else { continue };
                Link::Heard(topic.to_owned(), heard.payload)
            }
            Ok(rumqttc::Event::Outgoing(Outgoing::Publish(number))) => Link::Sent(number),
            Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(_) => continue,
            Err(error) => {
                // Before the pause: what was under way goes back into the queue at once.
                if links.send(Link::Down(error.to_string())).is_err() {
                    return;
                }
                tokio::time::sleep(backoff.next_pause()).await;
                // By now the publisher has taken back all that it handed over.
                events.clean();
                events.reset_session_state();
                continue;
            }
        };
        if links.send(link).is_err() {
            return; // the publisher is gone
        }
    }
}
