//! razz's own topics at the broker, and what stands there for as long as it is so.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use razz_base::CameraId;

use super::ids::ids;
use crate::events::CameraSummary;
use crate::message::Message;
use razz_config as config;

/// Under which razz says whether it lives; the broker says it in its name when it dies.
pub(super) fn status(settings: &config::Mqtt) -> String {
    format!("{}/status", settings.prefix)
}

/// Where events of a camera go, which are not retained.
pub(super) fn event(settings: &config::Mqtt, camera: u32) -> String {
    format!("{}/camera/{camera}/event", settings.prefix)
}

/// Where the picture that belongs to an event goes just before it, not retained.
pub(super) fn event_snapshot(settings: &config::Mqtt, message: &Message) -> Option<String> {
    let of = match (&message.track, &message.alert) {
        (Some(track), _) => format!("track/{}", track.track_id),
        (None, Some(alert)) => format!("alert/{}", alert.id),
        (None, None) => return None,
    };
    Some(format!("{}/camera/{}/{of}/snapshot", settings.prefix, message.camera_id))
}

/// What topics of a camera begin with.
pub(super) fn camera(settings: &config::Mqtt, id: CameraId) -> String {
    format!("{}/camera/{id}", settings.prefix)
}

/// Where a camera says whether it is online.
pub(super) fn state(settings: &config::Mqtt, id: CameraId) -> String {
    format!("{}/state", camera(settings, id))
}

/// Where a camera's newest picture is.
pub(super) fn snapshot(settings: &config::Mqtt, id: CameraId) -> String {
    format!("{}/snapshot", camera(settings, id))
}

/// A class of a camera as it is counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Count<'a> {
    /// The class's name, in any language.
    pub(super) name: &'a str,
    /// Its id among the classes of this camera.
    pub(super) id: String,
    /// Where the count is told.
    pub(super) topic: String,
    /// How many are there.
    pub(super) count: usize,
}

/// What is counted before a camera. `before`: of which classes the broker had a count already when this
/// connection began, as levels of topics; one that the model still finds is counted on.
pub(super) fn counts<'a>(
    settings: &config::Mqtt,
    id: CameraId,
    entry: &'a CameraSummary,
    before: &BTreeSet<(CameraId, String)>,
) -> Vec<Count<'a>> {
    let known = entry.classes.iter().chain(entry.counts.keys());
    let ids = ids(known.map(String::as_str));
    let counted = |name: &str, class: &str| match entry.counts.get(name) {
        Some(count) => Some(*count),
        None => {
            let there = |level: &str| before.contains(&(id, level.to_owned()));
            (there(class) || former_level(name).is_some_and(|level| there(&level))).then_some(0)
        }
    };
    let topic = |class: &str| format!("{}/count/{class}", camera(settings, id));
    let counts = ids.into_iter().filter_map(|(name, class)| {
        let count = counted(name, &class)?;
        Some(Count { name, topic: topic(&class), id: class, count })
    });
    counts.collect()
}

/// What stands below a camera's topics, with what is counted before it.
pub(super) fn of_camera(
    settings: &config::Mqtt,
    id: CameraId,
    entry: &CameraSummary,
    counts: &[Count<'_>],
) -> BTreeMap<String, Bytes> {
    let camera = camera(settings, id);
    let state_now = if entry.online { "online" } else { "offline" };
    let mut topics = BTreeMap::from([
        (state(settings, id), Bytes::from(state_now)),
        (format!("{camera}/name"), Bytes::from(entry.name.clone())),
    ]);
    for Count { topic, count, .. } in counts {
        topics.insert(topic.clone(), Bytes::from(count.to_string()));
    }
    for Count { name, count, .. } in counts {
        if let Some(level) = former_level(name) {
            let former = format!("{camera}/count/{level}");
            topics.entry(former).or_insert_with(|| Bytes::from(count.to_string()));
        }
    }
    if let Some(picture) = &entry.snapshot
        && settings.snapshots
    {
        topics.insert(snapshot(settings, id), picture.clone());
    }
    topics
}

/// The level of a topic at which a class in other letters than ASCII was counted before topics had
/// ASCII alone: it still is, for who listens there.
fn former_level(class: &str) -> Option<String> {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    (!class.is_ascii()).then(|| class.chars().map(plain).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn settings() -> config::Mqtt {
        config::Mqtt {
            host: "broker".to_owned(),
            port: 1883,
            tls: false,
            ca: None,
            credentials: None,
            prefix: "home/razz".to_owned(),
            discovery: Some("homeassistant".to_owned()),
            snapshots: true,
        }
    }

    pub(in super::super) fn camera_id(id: u32) -> CameraId {
        CameraId::new(id).unwrap()
    }

    /// A camera before which classes were counted, under a model that finds those in `classes`.
    pub(in super::super) fn row(counts: &[(&str, usize)], classes: &[&str]) -> CameraSummary {
        CameraSummary {
            name: "Gate".to_owned(),
            online: true,
            counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            classes: classes.iter().map(|name| (*name).to_owned()).collect(),
            snapshot: Some(Bytes::from_static(b"\xff\xd8")),
        }
    }

    /// The topics of camera 1 with what they say, without their common beginning.
    fn plain(entry: &CameraSummary, before: &[(u32, &str)]) -> Vec<(String, String)> {
        let before = before.iter().map(|(id, level)| (camera_id(*id), (*level).to_owned()));
        let counts = counts(&settings(), camera_id(1), entry, &before.collect());
        let topics = of_camera(&settings(), camera_id(1), entry, &counts).into_iter();
        topics
            .map(|(topic, payload)| {
                let topic = topic.strip_prefix("home/razz/camera/1/").unwrap().to_owned();
                (topic, String::from_utf8_lossy(&payload).into_owned())
            })
            .collect()
    }

    #[test]
    fn pictures_of_events_have_topics_of_their_own() {
        use crate::message::EventTrack;
        use crate::testing;

        let alert = testing::alert().message;
        let neither = Message { alert: None, ..alert.clone() };
        let track = EventTrack {
            track_id: 17,
            class: "person".to_owned(),
            confidence: 0.9,
            bbox: [0.0; 4],
            frame_size: [1, 1],
            rtp_timestamp: 0,
            first_seen: 0.0,
            last_seen: 0.0,
        };
        for (message, expected) in [
            (Message { track: Some(track), ..neither.clone() }, Some("track/17")),
            (alert, Some("alert/abc-1-1")),
            (neither, None),
        ] {
            let expected = expected.map(|of| format!("home/razz/camera/1/{of}/snapshot"));
            assert_eq!(event_snapshot(&settings(), &message), expected);
        }
    }

    #[test]
    fn what_is_so_stands_at_the_broker() {
        assert_eq!(
            plain(&row(&[("person", 2), ("traffic light", 0)], &[]), &[]),
            [
                ("count/person", "2"),
                ("count/traffic_light", "0"),
                ("name", "Gate"),
                ("snapshot", "\u{fffd}\u{fffd}"),
                ("state", "online"),
            ]
            .map(|(topic, payload)| (topic.to_owned(), payload.to_owned()))
        );
    }

    #[test]
    fn each_class_is_counted_under_a_topic_of_its_own() {
        let counts = |entry: &CameraSummary, before: &[(u32, &str)]| -> Vec<(String, String)> {
            let all = plain(entry, before).into_iter();
            all.filter_map(|(topic, payload)| {
                Some((topic.strip_prefix("count/")?.to_owned(), payload))
            })
            .collect()
        };
        for (counted, model, before, expected) in [
            // In other letters than ASCII: the new topic, and the one that there was before.
            (&[("люди", 3)][..], &[][..], &[][..], &[("id_e85da55f", "3"), ("люди", "3")][..]),
            (&[("Car", 1), ("car", 2)], &[], &[], &[("car", "2"), ("car_a5cdf07d", "1")]),
            // Seen or not, the ids are those of all that the model finds.
            (&[("Car", 1)], &["Car", "car"], &[], &[("car_a5cdf07d", "1")]),
            // What the broker had a count of is counted on, if the model still finds it.
            (
                &[("person", 1)],
                &["person", "dog", "cat", "собака"],
                &[(1, "dog"), (2, "cat"), (1, "bird"), (1, "собака")],
                &[("dog", "0"), ("id_b37b8135", "0"), ("person", "1"), ("собака", "0")],
            ),
        ] {
            let expected: Vec<(String, String)> = expected
                .iter()
                .map(|(topic, count)| ((*topic).to_owned(), (*count).to_owned()))
                .collect();
            assert_eq!(counts(&row(counted, model), before), expected, "{counted:?}");
        }
    }
}
