//! Telegram: a bot writes into a chat (<https://core.telegram.org/bots/api>).

use std::time::Duration;

use serde_json::json;
use ureq::Agent;

use super::{Text, multipart};
use crate::delivery::{Outcome, Receiver, agent, outcome};
use crate::events::Event;
use razz_config as config;

pub(crate) struct Telegram {
    settings: config::Telegram,
    agent: Agent,
}

impl Telegram {
    /// `answer`: how long an answer may take.
    pub(crate) fn new(settings: config::Telegram, answer: Duration) -> Self {
        Self { settings, agent: agent(answer) }
    }

    fn address(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.settings.api, self.settings.token.reveal())
    }

    fn send_photo(&self, text: &str, jpeg: &[u8]) -> Outcome {
        let fields = [("chat_id", self.settings.chat.as_str()), ("caption", text)];
        let (content_type, body) = multipart::form(&fields, "photo", jpeg);
        let request = self.agent.post(self.address("sendPhoto"));
        outcome(request.header("content-type", content_type).send(&body[..]))
    }

    fn send_message(&self, text: &str) -> Outcome {
        let body = json!({
            "chat_id": self.settings.chat,
            "text": text,
            "link_preview_options": {"is_disabled": true},
        });
        let request = self.agent.post(self.address("sendMessage"));
        outcome(request.header("content-type", "application/json").send(body.to_string()))
    }
}

impl Receiver for Telegram {
    fn send(&self, event: &Event) -> Outcome {
        let Some(text) = Text::of(event) else { return Outcome::Delivered };
        let words = format!("{}\n{}", text.title, text.body());
        match event.snapshot.as_deref().filter(|_| self.settings.snapshots) {
            Some(jpeg) => match self.send_photo(&words, jpeg) {
                // A chat may take text alone.
                Outcome::Refused(_) => self.send_message(&words),
                outcome => outcome,
            },
            None => self.send_message(&words),
        }
    }
}
