//! Apprise: a server of one's own that passes messages on (<https://github.com/caronc/apprise-api>).

use std::time::Duration;

use serde_json::json;
use ureq::Agent;

use super::Text;
use crate::delivery::{Outcome, Receiver, agent, outcome};
use crate::events::Event;
use razz_config as config;

pub(crate) struct Apprise {
    settings: config::Apprise,
    agent: Agent,
}

impl Apprise {
    /// `answer`: how long an answer may take.
    pub(crate) fn new(settings: config::Apprise, answer: Duration) -> Self {
        Self { settings, agent: agent(answer) }
    }
}

impl Receiver for Apprise {
    fn send(&self, event: &Event) -> Outcome {
        let Some(text) = Text::of(event) else { return Outcome::Delivered };
        let body = json!({"title": text.title, "body": text.body(), "type": "warning"});
        let request = self.agent.post(self.settings.url.reveal());
        let request = request.header("content-type", "application/json");
        outcome(request.send(body.to_string()))
    }
}
