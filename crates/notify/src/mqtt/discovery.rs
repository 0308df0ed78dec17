//! Home Assistant's discovery: what it is to show of this server and of each camera, one retained topic
//! for each entity (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>).
//!
//! Ids and topics are ASCII; Home Assistant ignores others. Names are as people wrote them. The server
//! is a device, and each camera one behind it (`via_device`).

use bytes::Bytes;
use razz_base::CameraId;
use serde_json::{Value, json};

use super::ids;
use super::topics::{self, Count};
use crate::events::CameraSummary;
use razz_config as config;

/// The server, whose status is its only entity.
pub(super) fn of_server(settings: &config::Mqtt) -> Option<(String, Bytes)> {
    let entity =
        Entity { component: "binary_sensor", node: server(settings), object: "online".to_owned() };
    let device = json!({
        "identifiers": [server(settings)],
        "name": server_name(settings),
        "manufacturer": "razz",
        "model": "razz server",
        "sw_version": env!("CARGO_PKG_VERSION"),
    });
    let shape = json!({
        "name": "Online",
        "device": device,
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics::status(settings),
        "payload_on": "online",
        "payload_off": "offline",
    });
    entity.config(settings, shape)
}

/// Where [`of_server`] is told: before its cameras, which refer to it.
pub(super) fn server_topic(settings: &config::Mqtt) -> Option<String> {
    of_server(settings).map(|(topic, _)| topic)
}

/// The topics below which this camera's entities are, as a filter to subscribe to.
pub(super) fn filter(settings: &config::Mqtt, id: CameraId) -> Option<String> {
    let discovery = settings.discovery.as_ref()?;
    Some(format!("{discovery}/+/{}/+/config", node(settings, id)))
}

/// The camera whose entity is told of at a topic, if it is one that this server would use.
pub(super) fn camera_of(settings: &config::Mqtt, topic: &str) -> Option<CameraId> {
    let below = topic.strip_prefix(settings.discovery.as_ref()?)?.strip_prefix('/')?;
    let mut levels = below.split('/');
    let (_component, node, _object) = (levels.next()?, levels.next()?, levels.next()?);
    let ends = levels.next() == Some("config") && levels.next().is_none();
    let number = node.strip_prefix(&ids::id(&settings.prefix))?.strip_prefix("_camera")?;
    // A camera id may be read as `camera1` as well; here it is written as a number alone.
    let id: CameraId = number.parse().ok()?;
    (ends && id.to_string() == number).then_some(id)
}

/// Whether the configuration of an entity was written by a razz with these settings, not by another
/// whose prefix has the same letters: it refers to this server's status.
pub(super) fn is_ours(settings: &config::Mqtt, payload: &[u8]) -> bool {
    let Ok(shape) = serde_json::from_slice::<Value>(payload) else { return false };
    let status = topics::status(settings);
    let refers = |entry: &Value| entry["topic"] == status.as_str();
    shape["origin"]["name"] == "razz"
        && shape["availability"].as_array().is_some_and(|list| list.iter().any(refers))
}

/// The entities of a camera.
pub(super) fn of_camera(
    settings: &config::Mqtt,
    id: CameraId,
    entry: &CameraSummary,
    counts: &[Count<'_>],
) -> Vec<(String, Bytes)> {
    let device = Device::of_camera(settings, id, entry);
    let mut told = Vec::new();
    let mut tell = |component, object: String, availability: &Value, shape: Value| {
        told.extend(device.entity(component, object, availability, shape));
    };
    let online = json!({
        "name": "Online",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics::state(settings, id),
        "payload_on": "online",
        "payload_off": "offline",
    });
    tell("binary_sensor", "online".to_owned(), &device.lives, online);
    for Count { name, id, topic, .. } in counts {
        let name = capitalised(name);
        let occupancy = json!({
            "name": format!("{name} occupancy"),
            "device_class": "occupancy",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value | int(0) > 0 else 'OFF' }}",
        });
        tell("binary_sensor", format!("{id}_occupancy"), &device.sees, occupancy);
        let count = json!({
            "name": format!("{name} count"),
            "state_topic": topic,
            "state_class": "measurement",
        });
        tell("sensor", format!("{id}_count"), &device.sees, count);
    }
    if settings.snapshots {
        let shape = json!({"name": "Last seen", "topic": topics::snapshot(settings, id)});
        tell("camera", "last_seen".to_owned(), &device.lives, shape);
    }
    told
}

/// A camera as Home Assistant is told of it.
pub(super) struct Device<'a> {
    settings: &'a config::Mqtt,
    node: String,
    shape: Value,
    /// Entities that are there while razz lives.
    pub(super) lives: Value,
    /// Entities that are there while the camera is online as well.
    pub(super) sees: Value,
}

impl<'a> Device<'a> {
    pub(super) fn of_camera(
        settings: &'a config::Mqtt,
        id: CameraId,
        entry: &CameraSummary,
    ) -> Self {
        let node = node(settings, id);
        let shape = json!({
            "identifiers": [node],
            "name": entry.name,
            "manufacturer": "razz",
            "model": "RTSP camera",
            "sw_version": env!("CARGO_PKG_VERSION"),
            "via_device": server(settings),
        });
        let lives = json!({"topic": topics::status(settings)});
        let sees = json!({"topic": topics::state(settings, id)});
        Self { settings, node, shape, lives: json!([lives]), sees: json!([lives, sees]) }
    }

    /// One of its entities: the topic and what it says; `None` where discovery is off.
    pub(super) fn entity(
        &self,
        component: &'static str,
        object: String,
        availability: &Value,
        mut shape: Value,
    ) -> Option<(String, Bytes)> {
        shape["device"] = self.shape.clone();
        shape["availability"] = availability.clone();
        shape["availability_mode"] = "all".into();
        Entity { component, node: self.node.clone(), object }.config(self.settings, shape)
    }
}

/// Where an entity is told of.
struct Entity {
    component: &'static str,
    node: String,
    object: String,
}

impl Entity {
    /// The topic and what it says; `None` where discovery is off.
    fn config(&self, settings: &config::Mqtt, mut shape: Value) -> Option<(String, Bytes)> {
        let discovery = settings.discovery.as_ref()?;
        let Self { component, node, object } = self;
        let id = format!("{node}_{object}");
        shape["default_entity_id"] = format!("{component}.{id}").into();
        shape["unique_id"] = id.into();
        shape["origin"] = origin(env!("CARGO_PKG_REPOSITORY"));
        let topic = format!("{discovery}/{component}/{node}/{object}/config");
        Some((topic, Bytes::from(shape.to_string())))
    }
}

/// What Home Assistant's log and diagnostics name as the sender. `support`: where the project lives, as
/// the package says; empty where it does not.
fn origin(support: &str) -> Value {
    let mut origin = json!({"name": "razz", "sw_version": env!("CARGO_PKG_VERSION")});
    if !support.is_empty() {
        origin["support_url"] = support.into();
    }
    origin
}

/// The server's name among all devices at the broker.
fn server(settings: &config::Mqtt) -> String {
    format!("{}_server", ids::id(&settings.prefix))
}

fn server_name(settings: &config::Mqtt) -> String {
    match settings.prefix.as_str() {
        "razz" => "razz".to_owned(),
        other => format!("razz ({other})"),
    }
}

/// The camera's name among all devices at the broker.
fn node(settings: &config::Mqtt, id: CameraId) -> String {
    format!("{}_camera{id}", ids::id(&settings.prefix))
}

pub(super) fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::topics::tests::{camera_id, row, settings};
    use super::*;

    /// Every entity of a server with one camera, by its topic below the discovery prefix, and the topics
    /// that the camera's listen to.
    fn entities(
        settings: &config::Mqtt,
        entry: &CameraSummary,
    ) -> (BTreeMap<String, Value>, BTreeMap<String, Bytes>) {
        let id = camera_id(1);
        let counts = topics::counts(settings, id, entry, &BTreeSet::new());
        let mut told = topics::of_camera(settings, id, entry, &counts);
        told.insert(topics::status(settings), Bytes::from("online"));
        let discovery = format!("{}/", settings.discovery.as_ref().unwrap());
        let all = of_server(settings).into_iter().chain(of_camera(settings, id, entry, &counts));
        let entities = all.map(|(topic, payload)| {
            let topic = topic.strip_prefix(&discovery).unwrap().to_owned();
            (topic, serde_json::from_slice(&payload).unwrap())
        });
        (entities.collect(), told)
    }

    #[test]
    fn home_assistant_finds_what_there_is() {
        let counts = [("person", 2), ("traffic light", 0)];
        let (found, _) = entities(&settings(), &row(&counts, &[]));
        let topics: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(
            topics,
            [
                "binary_sensor/home_razz_camera1/online/config",
                "binary_sensor/home_razz_camera1/person_occupancy/config",
                "binary_sensor/home_razz_camera1/traffic_light_occupancy/config",
                "binary_sensor/home_razz_server/online/config",
                "camera/home_razz_camera1/last_seen/config",
                "sensor/home_razz_camera1/person_count/config",
                "sensor/home_razz_camera1/traffic_light_count/config",
            ]
        );
        let occupancy = &found["binary_sensor/home_razz_camera1/traffic_light_occupancy/config"];
        assert_eq!(
            *occupancy,
            json!({
                "name": "Traffic light occupancy",
                "unique_id": "home_razz_camera1_traffic_light_occupancy",
                "default_entity_id": "binary_sensor.home_razz_camera1_traffic_light_occupancy",
                "device_class": "occupancy",
                "state_topic": "home/razz/camera/1/count/traffic_light",
                "value_template": "{{ 'ON' if value | int(0) > 0 else 'OFF' }}",
                "availability": [{"topic": "home/razz/status"}, {"topic": "home/razz/camera/1/state"}],
                "availability_mode": "all",
                "device": {
                    "identifiers": ["home_razz_camera1"],
                    "name": "Gate",
                    "manufacturer": "razz",
                    "model": "RTSP camera",
                    "sw_version": env!("CARGO_PKG_VERSION"),
                    "via_device": "home_razz_server",
                },
                "origin": {"name": "razz", "sw_version": env!("CARGO_PKG_VERSION")},
            })
        );
        let server = &found["binary_sensor/home_razz_server/online/config"];
        assert_eq!(server["device"]["identifiers"], json!(["home_razz_server"]));
        assert_eq!(server["device"]["name"], "razz (home/razz)");
        assert_eq!(server["state_topic"], "home/razz/status");
        assert!(server.get("availability").is_none(), "it says itself when it is gone");
    }

    #[test]
    fn ids_are_ascii_and_each_its_own_and_names_are_free() {
        let counts =
            [("люди", 1), ("Auto", 0), ("auto", 1), ("Fußgänger", 0), ("人", 0), ("a/b #+", 0)];
        for prefix in ["razz", "Haus/razz", "дом/razz"] {
            let settings = config::Mqtt { prefix: prefix.to_owned(), ..settings() };
            let entry =
                CameraSummary { name: "Въезд ворота".to_owned(), ..row(&counts, &[]) };
            let (found, told) = entities(&settings, &entry);
            assert_eq!(found.len(), 2 + 2 * counts.len() + 1);
            let mut unique = BTreeSet::new();
            for (topic, shape) in &found {
                let levels: Vec<&str> = topic.split('/').collect();
                let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
                assert!(
                    levels.len() == 4 && topic.chars().all(|c| c == '/' || plain(c)),
                    "{topic}"
                );
                let id = shape["unique_id"].as_str().unwrap();
                assert!(id.chars().all(plain) && unique.insert(id), "{topic}: {id}");
                assert_eq!(shape["default_entity_id"], format!("{}.{id}", levels[0]));
                assert!(shape.get("object_id").is_none(), "which is no more");
                // What it listens to is among what is told.
                let listens = shape.get("state_topic").or(shape.get("topic")).unwrap();
                assert!(told.contains_key(listens.as_str().unwrap()), "{topic}: {listens}");
                let name = shape["name"].as_str().unwrap();
                assert!(
                    name.ends_with("occupancy")
                        || ["Online", "Last seen"].contains(&name)
                        || name.ends_with("count")
                );
            }
            let names: BTreeSet<&str> =
                found.values().filter_map(|shape| shape["name"].as_str()).collect();
            for name in ["Люди occupancy", "Fußgänger count", "人 count", "A/b #+ occupancy"]
            {
                assert!(names.contains(name), "{name} in {names:?}");
            }
        }
    }

    #[test]
    fn what_the_server_wrote_is_known_again() {
        let settings = settings();
        let (found, _) = entities(&settings, &row(&[("person", 1)], &[]));
        let other = config::Mqtt { prefix: "home_razz".to_owned(), ..settings.clone() };
        for (topic, shape) in &found {
            let topic = format!("homeassistant/{topic}");
            let of_camera = !topic.contains("_server");
            assert_eq!(camera_of(&settings, &topic), of_camera.then(|| camera_id(1)), "{topic}");
            let payload = shape.to_string();
            assert_eq!(is_ours(&settings, payload.as_bytes()), of_camera, "{topic}");
            // The same letters, but another server.
            assert!(!is_ours(&other, payload.as_bytes()), "{topic}");
        }
        for topic in [
            "homeassistant/sensor/home_razz_camera01/x/config",
            "homeassistant/sensor/home_razz_cameracamera1/x/config",
            "homeassistant/sensor/home_razz_camera/x/config",
            "homeassistant/sensor/home_razz_camera1/config",
            "homeassistant/sensor/home_razz_camera1/x/y/config",
            "homeassistant/sensor/home_razz_camera1/x/state",
            "homeassistant/sensor/razz_camera1/x/config",
            "home/sensor/home_razz_camera1/x/config",
        ] {
            assert_eq!(camera_of(&settings, topic), None, "{topic}");
        }
        for payload in
            ["", "{}", "[]", "{\"origin\": {\"name\": \"razz\"}}", "{\"availability\": 1}"]
        {
            assert!(!is_ours(&settings, payload.as_bytes()), "{payload}");
        }
        let off = config::Mqtt { discovery: None, ..settings };
        assert_eq!(filter(&off, camera_id(1)), None);
        assert_eq!(camera_of(&off, "homeassistant/sensor/home_razz_camera1/x/config"), None);
    }

    #[test]
    fn the_sender_is_named() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(origin(""), json!({"name": "razz", "sw_version": version}));
        assert_eq!(
            origin("https://example.org/razz"),
            json!({"name": "razz", "sw_version": version, "support_url": "https://example.org/razz"})
        );
    }
}
