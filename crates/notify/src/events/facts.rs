//! What is counted at lines and zones, as events.

use std::sync::Arc;

use aws_lc_rs::digest;
use razz_analytics::{Direction, VisitEnd};
use razz_base::EventKind;
use razz_hub::Cameras;
use razz_hub::facts::{Fact, News, What};
use razz_observe::clock::Clock;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::warn;

use super::{Event, Queue};
use crate::message::{EventFact, Message, playback_link};

/// Tells what is counted.
pub(crate) struct Counted {
    /// Those who want some of it.
    pub(crate) queues: Vec<Arc<Queue>>,
    pub(crate) cameras: Arc<Cameras>,
    /// Where people reach the app.
    pub(crate) link: Option<String>,
    pub(crate) clock: Clock,
}

impl Counted {
    /// Tells what comes, for ever.
    pub(crate) async fn follow(self, mut news: Receiver<News>) {
        loop {
            match news.recv().await {
                Ok(News::Fact(fact)) => self.tell(&fact),
                Ok(News::Now(_) | News::Occupancy(_) | News::Areas) => {}
                Err(RecvError::Lagged(missed)) => {
                    warn!("{missed} facts came too fast to be told");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn tell(&self, fact: &Fact) {
        let name = self.cameras.name_of(fact.camera);
        let now_us = self.clock.wall_us();
        let event =
            Event { message: message(fact, name, self.link.as_deref(), now_us), snapshot: None };
        let event = Arc::new(event);
        self.queues.iter().for_each(|queue| queue.push(Arc::clone(&event)));
    }
}

fn message(fact: &Fact, camera_name: String, link: Option<&str>, now_us: i64) -> Message {
    let (kind, direction, entered, end) = match fact.what {
        What::Crossing { direction, .. } => {
            let way = if direction == Direction::In { "in" } else { "out" };
            (EventKind::LineCrossed, Some(way), None, None)
        }
        What::Visit { entered, end: None } => (EventKind::ZoneEntered, None, Some(entered), None),
        What::Visit { entered, end: Some(end) } => {
            (EventKind::ZoneLeft, None, Some(entered), Some(end))
        }
    };
    let (at, media) = (fact.at.wall_us, fact.at.time);
    // Names of areas are free, and ids go into HTTP headers.
    let area = digest::digest(&digest::SHA256, fact.area.as_bytes());
    let area = base16ct::lower::encode_string(&area.as_ref()[..4]);
    let is_wrong = if fact.retracted { "-retracted" } else { "" };
    Message {
        id: format!(
            "{}-{area}-{}-{}-{}-{}{is_wrong}",
            fact.camera,
            media.as_90k(),
            fact.track.0,
            kind.name(),
            fact.revision
        ),
        kind,
        timestamp: now_us as f64 / 1e6,
        camera_id: fact.camera.as_u32(),
        camera_name,
        track: None,
        alert: None,
        fact: Some(EventFact {
            area: fact.area.to_string(),
            track_id: fact.track.0,
            class: fact.class.to_string(),
            at: at as f64 / 1e6,
            media_time: media.as_90k().to_string(),
            direction,
            entered,
            dwell_s: end.map(|(until, _)| until.time.since_us(media) as f64 / 1e6),
            end: end.map(|(_, why)| match why {
                VisitEnd::Left => "left",
                VisitEnd::Lost => "lost",
                VisitEnd::AreaClosed => "closed",
            }),
            revision: fact.revision,
            retracted: fact.retracted,
        }),
        link: link.map(|app| playback_link(app, fact.camera, Some(media), at)),
        error: None,
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, MediaTime, TrackId};
    use razz_hub::facts::Moment;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_counted_is_told_with_what_names_it() {
        let moment = |seconds: i64| Moment {
            time: MediaTime::from_90k(seconds * 90_000),
            wall_us: seconds * 1_000_000,
        };
        let crossing = What::Crossing {
            direction: Direction::Out,
            place: [0.5; 2],
            bridged: false,
            speed: None,
        };
        let visit = |end| What::Visit { entered: true, end };
        let left = visit(Some((moment(112), VisitEnd::Left)));
        for (what, retracted, kind, id, of_it) in [
            (crossing, false, "line_crossed", "line_crossed-2", json!({"direction": "out"})),
            (visit(None), false, "zone_entered", "zone_entered-2", json!({"entered": true})),
            (
                left,
                true,
                "zone_left",
                "zone_left-2-retracted",
                json!({"entered": true, "dwell_s": 12.0, "end": "left"}),
            ),
        ] {
            let fact = Fact {
                camera: CameraId::new(7).unwrap(),
                area: "Tür".into(),
                at: moment(100),
                track: TrackId(9),
                class: "person".into(),
                revision: 2,
                retracted,
                what,
            };
            let told = message(&fact, "Gate".to_owned(), Some("https://razz.example"), 101_500_000);
            assert!(
                told.id.is_ascii() && told.id.ends_with(&format!("-9000000-9-{id}")),
                "{told:?}"
            );
            let mut expected = json!({
                "type": kind, "timestamp": 101.5, "camera_id": 7, "camera_name": "Gate",
                "link": "https://razz.example/playback.html?at=90k:9000000&camera=7",
                "fact": {
                    "area": "Tür", "track_id": 9, "class": "person", "at": 100.0,
                    "media_time": "9000000", "revision": 2, "retracted": retracted,
                },
            });
            let fields = expected["fact"].as_object_mut().unwrap();
            fields.extend(of_it.as_object().unwrap().clone());
            expected["id"] = Value::from(told.id.clone());
            assert_eq!(json!(told), expected);
        }
    }
}
