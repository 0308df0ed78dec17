//! TURN servers with credentials that end by themselves, for the `Link` headers of WHEP (RFC 9725
//! section 4.6, draft-uberti-behave-turn-rest-00 section 2.2).

use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use razz_config::Turn;

/// How long credentials are good for: a TURN server asks for them again while a viewer watches.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// One `Link` value per server, with credentials for `user` from `now_s`, UNIX seconds, on.
pub(super) fn links(servers: &[Turn], user: &str, now_s: u64) -> Vec<HeaderValue> {
    let username = format!("{}:{user}", now_s + LIFETIME.as_secs());
    servers
        .iter()
        .filter_map(|server| {
            let credential = sign(server.secret.reveal(), &username);
            let link = format!(
                "<{}>; rel=\"ice-server\"; username=\"{username}\"; credential=\"{credential}\"; \
                 credential-type=\"password\"",
                server.url
            );
            let mut value = HeaderValue::from_str(&link).ok()?;
            value.set_sensitive(true);
            Some(value)
        })
        .collect()
}

/// The password that a TURN server with this secret expects for `username`.
fn sign(secret: &str, username: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    BASE64.encode(hmac::sign(&key, username.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use razz_config::redact::Secret;

    #[test]
    fn credentials_are_what_a_turn_server_expects() {
        // RFC 2202 section 3, case 2.
        let signed = sign("Jefe", "what do ya want for nothing?");
        let hex = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        let bytes = BASE64.decode(signed).unwrap();
        assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
    }

    #[test]
    fn links_name_server_user_and_end() {
        let turn = |url: &str| Turn { url: url.to_owned(), secret: Secret::new("hunter2") };
        let servers = [turn("turn:a.example:3478?transport=udp"), turn("turns:b.example:443")];
        let links = links(&servers, "u1", 1_000_000);
        let texts: Vec<&str> = links.iter().map(|link| link.to_str().unwrap()).collect();
        let expected = format!(
            "<turn:a.example:3478?transport=udp>; rel=\"ice-server\"; username=\"1043200:u1\"; \
             credential=\"{}\"; credential-type=\"password\"",
            sign("hunter2", "1043200:u1")
        );
        assert_eq!(texts[0], expected);
        assert!(texts[1].starts_with("<turns:b.example:443>; rel=\"ice-server\"; username="));
        assert!(!format!("{links:?}").contains("credential"), "headers of secrets print nothing");
    }
}
