//! ntfy: messages on phones (<https://docs.ntfy.sh/publish/>).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use super::Text;
use crate::delivery::{Outcome, Receiver, agent, outcome};
use crate::events::Event;
use razz_config as config;

/// Shown as an emoji before the title.
const TAGS: &str = "rotating_light";

pub(crate) struct Ntfy {
    settings: config::Ntfy,
    agent: Agent,
}

impl Ntfy {
    /// `answer`: how long an answer may take.
    pub(crate) fn new(settings: config::Ntfy, answer: Duration) -> Self {
        Self { settings, agent: agent(answer) }
    }

    /// With a picture the body is the picture, and the text a header.
    fn tell(&self, text: &Text<'_>, picture: Option<&[u8]>) -> Outcome {
        let url = self.settings.url.reveal();
        let request = if picture.is_some() { self.agent.put(url) } else { self.agent.post(url) };
        let mut request = request
            .header("title", header(&text.title))
            .header("priority", self.settings.priority.to_string())
            .header("tags", TAGS);
        if let Some(link) = text.link {
            request = request.header("click", header(link));
        }
        if let Some(token) = &self.settings.token {
            request = request.header("authorization", format!("Bearer {}", token.reveal()));
        }
        outcome(match picture {
            Some(picture) => request
                .header("filename", "picture.jpg")
                .header("message", header(&text.words))
                .send(picture),
            None => request
                .header("content-type", "text/plain; charset=utf-8")
                .send(text.words.as_str()),
        })
    }
}

impl Receiver for Ntfy {
    fn send(&self, event: &Event) -> Outcome {
        let Some(text) = Text::of(event) else { return Outcome::Delivered };
        let picture = event.snapshot.as_deref().filter(|_| self.settings.snapshots);
        match self.tell(&text, picture) {
            // Many servers of people's own keep no attachments, and some only small ones.
            Outcome::Refused(_) if picture.is_some() => self.tell(&text, None),
            outcome => outcome,
        }
    }
}

/// What stands in a header: ASCII, or as RFC 2047 section 4.1 has it, which ntfy reads.
fn header(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("=?") {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    #[test]
    fn headers_are_ascii() {
        for (text, expected) in [
            ("Fence (+2 more)", "Fence (+2 more)"),
            ("Zaun über", "=?UTF-8?B?WmF1biDDvGJlcg==?="),
            ("a=?b", "=?UTF-8?B?YT0/Yg==?="),
            ("a\nb", "=?UTF-8?B?YQpi?="),
        ] {
            assert_eq!(super::header(text), expected);
        }
    }
}
