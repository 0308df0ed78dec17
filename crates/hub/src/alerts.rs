//! What rules have found, for those who tell of it.

use std::sync::Arc;

use razz_alert::{Alert, EventKind};
use tokio::sync::broadcast;

/// News that wait for one listener at most; of more the oldest are lost.
const WAITING: usize = 256;

/// What became of an alert.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertNews {
    /// What became of it.
    pub kind: EventKind,
    /// As it is now.
    pub alert: Alert,
    /// In a sentence.
    pub words: String,
    /// What people call its camera.
    pub camera_name: String,
    /// By which ways people are to be told; none where they are not.
    pub send: Vec<String>,
    /// Who has seen to it, and when, in UTC µs since 1970.
    pub acknowledged: Option<(String, i64)>,
}

/// Where alerts are published.
#[derive(Debug)]
pub struct Alerts(broadcast::Sender<Arc<AlertNews>>);

impl Default for Alerts {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Alerts {
    /// Tells what became of an alert.
    pub fn publish(&self, news: Arc<AlertNews>) {
        // Nobody may be listening.
        let _ = self.0.send(news);
    }

    /// News from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<AlertNews>> {
        self.0.subscribe()
    }
}
