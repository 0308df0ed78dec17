//! What stands at the broker for as long as it is so: retained topics, Home Assistant's discovery
//! among them.

use std::collections::BTreeMap;

use bytes::Bytes;
use razz_base::CameraId;
use serde_json::{Value, json};

use crate::events::CameraSummary;
use razz_config as config;

/// Under which razz says whether it lives; the broker says it in its name when it dies.
pub(crate) fn status(settings: &config::Mqtt) -> String {
    format!("{}/status", settings.prefix)
}

/// Where events of a camera go, which are not retained.
pub(crate) fn event(settings: &config::Mqtt, camera: u32) -> String {
    format!("{}/camera/{camera}/event", settings.prefix)
}

/// Where the picture that belongs to an event goes just before it, not retained.
pub(crate) fn event_snapshot(settings: &config::Mqtt, camera: u32, track: u64) -> String {
    format!("{}/camera/{camera}/track/{track}/snapshot", settings.prefix)
}

/// Every retained topic with what it says.
pub(crate) fn retained(
    settings: &config::Mqtt,
    rows: &BTreeMap<CameraId, CameraSummary>,
) -> BTreeMap<String, Bytes> {
    let mut topics = BTreeMap::from([(status(settings), Bytes::from("online"))]);
    for (id, entry) in rows {
        let camera = format!("{}/camera/{id}", settings.prefix);
        let state = if entry.online { "online" } else { "offline" };
        topics.insert(format!("{camera}/state"), Bytes::from(state));
        topics.insert(format!("{camera}/name"), Bytes::from(entry.name.clone()));
        for (class, count) in &entry.counts {
            let topic = format!("{camera}/count/{}", level(class));
            topics.insert(topic, Bytes::from(count.to_string()));
        }
        if let Some(snapshot) = &entry.snapshot
            && settings.snapshots
        {
            topics.insert(format!("{camera}/snapshot"), snapshot.clone());
        }
        if let Some(discovery) = &settings.discovery {
            for (component, object, shape) in entities(settings, *id, entry) {
                let node = node(settings, *id);
                let topic = format!("{discovery}/{component}/{node}/{object}/config");
                topics.insert(topic, Bytes::from(shape.to_string()));
            }
        }
    }
    topics
}

/// What Home Assistant is to show of a camera, as component, object id and configuration
/// (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>).
fn entities(
    settings: &config::Mqtt,
    id: CameraId,
    entry: &CameraSummary,
) -> Vec<(&'static str, String, Value)> {
    let node = node(settings, id);
    let camera = format!("{}/camera/{id}", settings.prefix);
    let device = json!({
        "identifiers": [node],
        "name": entry.name,
        "manufacturer": "razz",
        "model": "RTSP camera",
        "sw_version": env!("CARGO_PKG_VERSION"),
    });
    let lives = json!({"topic": status(settings)});
    let sees = json!({"topic": format!("{camera}/state")});
    let entity = |object: &str, availability: Value, more: Value| {
        let mut shape = json!({
            "unique_id": format!("{node}_{object}"),
            "object_id": format!("{node}_{object}"),
            "availability": availability,
            "availability_mode": "all",
            "device": device,
            "origin": {"name": "razz", "sw_version": env!("CARGO_PKG_VERSION")},
        });
        if let (Value::Object(shape), Value::Object(more)) = (&mut shape, more) {
            shape.extend(more);
        }
        shape
    };
    let mut entities = vec![(
        "binary_sensor",
        "online".to_owned(),
        entity(
            "online",
            json!([lives]),
            json!({
                "name": "Online",
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": format!("{camera}/state"),
                "payload_on": "online",
                "payload_off": "offline",
            }),
        ),
    )];
    for class in entry.counts.keys() {
        let name = capitalised(class);
        let topic = format!("{camera}/count/{}", level(class));
        let object = format!("{}_occupancy", word(class));
        let shape = json!({
            "name": format!("{name} occupancy"),
            "device_class": "occupancy",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value | int(0) > 0 else 'OFF' }}",
        });
        let shape = entity(&object, json!([lives, sees]), shape);
        entities.push(("binary_sensor", object, shape));
        let object = format!("{}_count", word(class));
        let shape = json!({
            "name": format!("{name} count"),
            "state_topic": topic,
            "state_class": "measurement",
        });
        let shape = entity(&object, json!([lives, sees]), shape);
        entities.push(("sensor", object, shape));
    }
    if settings.snapshots {
        let shape = json!({"name": "Last seen", "topic": format!("{camera}/snapshot")});
        entities.push((
            "camera",
            "last_seen".to_owned(),
            entity("last_seen", json!([lives]), shape),
        ));
    }
    entities
}

/// The camera's name among all devices at the broker.
fn node(settings: &config::Mqtt, id: CameraId) -> String {
    format!("{}_camera{id}", word(&settings.prefix))
}

/// A class as a level of a topic: no slash, wildcard or blank.
fn level(class: &str) -> String {
    word(class)
}

/// A name of letters, digits and underscores, which is all that ids may have.
fn word(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(plain).collect()
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> config::Mqtt {
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

    fn rows() -> BTreeMap<CameraId, CameraSummary> {
        let entry = CameraSummary {
            name: "Gate".to_owned(),
            online: true,
            counts: [("person".to_owned(), 2), ("traffic light".to_owned(), 0)].into(),
            snapshot: Some(Bytes::from_static(b"\xff\xd8")),
        };
        [(CameraId::new(1).unwrap(), entry)].into()
    }

    #[test]
    fn what_is_so_stands_at_the_broker() {
        let topics = retained(&settings(), &rows());
        let plain: Vec<_> = topics
            .iter()
            .filter(|(topic, _)| topic.starts_with("home/"))
            .map(|(topic, payload)| (topic.as_str(), &payload[..]))
            .collect();
        assert_eq!(
            plain,
            [
                ("home/razz/camera/1/count/person", &b"2"[..]),
                ("home/razz/camera/1/count/traffic_light", b"0"),
                ("home/razz/camera/1/name", b"Gate"),
                ("home/razz/camera/1/snapshot", b"\xff\xd8"),
                ("home/razz/camera/1/state", b"online"),
                ("home/razz/status", b"online"),
            ]
        );
    }

    #[test]
    fn home_assistant_finds_what_there_is() {
        let topics = retained(&settings(), &rows());
        let found: Vec<_> =
            topics.keys().filter_map(|topic| topic.strip_prefix("homeassistant/")).collect();
        assert_eq!(
            found,
            [
                "binary_sensor/home_razz_camera1/online/config",
                "binary_sensor/home_razz_camera1/person_occupancy/config",
                "binary_sensor/home_razz_camera1/traffic_light_occupancy/config",
                "camera/home_razz_camera1/last_seen/config",
                "sensor/home_razz_camera1/person_count/config",
                "sensor/home_razz_camera1/traffic_light_count/config",
            ]
        );
        let mut ids = std::collections::BTreeSet::new();
        for topic in found {
            let text = &topics[&format!("homeassistant/{topic}")];
            let shape: Value = serde_json::from_slice(text).unwrap();
            assert!(ids.insert(shape["unique_id"].as_str().unwrap().to_owned()), "{topic}");
            assert_eq!(shape["device"]["identifiers"], json!(["home_razz_camera1"]));
            assert_eq!(shape["availability"][0]["topic"], "home/razz/status");
            // What it listens to is among what is told, or comes with the first visit.
            let listens = shape.get("state_topic").or(shape.get("topic")).unwrap();
            assert!(topics.contains_key(listens.as_str().unwrap()), "{topic}: {listens}");
        }
    }

    #[test]
    fn what_is_off_is_not_told() {
        let settings = config::Mqtt { discovery: None, snapshots: false, ..settings() };
        let topics = retained(&settings, &rows());
        assert!(topics.keys().all(|topic| topic.starts_with("home/razz/")));
        assert!(!topics.contains_key("home/razz/camera/1/snapshot"));
    }
}
