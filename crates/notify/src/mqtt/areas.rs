//! Lines and zones at the broker: what was counted at each today and who is there, as retained topics and as
//! entities of Home Assistant.
//!
//! ```text
//! razz/camera/1/area/front_door    {"name": "Front door", "kind": "line", "in_today": 12, …}
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use razz_base::CameraId;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::discovery::{Device, capitalised};
use super::ids::ids;
use super::topics;
use crate::events::CameraSummary;
use razz_config as config;
use razz_hub::facts::{AreaNow, Facts, News};

/// An area is told from this look on: what was counted before the start is read by then, so that no count
/// goes up from nothing.
const TOLD_FROM: u32 = 2;
/// And it is gone when so many looks in a row have missed it: a camera that is set up anew has its areas
/// again soon, and Home Assistant would forget what people changed about them.
const GONE_AFTER: u32 = 6;
/// Which areas a camera has is known after so many looks at it: what counts begins after the cameras.
const KNOWN_AFTER: u32 = 20;

/// Endings of the ids of areas' entities: no class has such.
const OBJECTS: [&str; 5] = ["_in_today", "_out_today", "_visits_today", "_now", "_occupied"];

/// The areas, as they were found when somebody looked.
#[derive(Default)]
pub(super) struct Areas {
    facts: Arc<Facts>,
    /// Until it is heard that areas were looked for.
    news: Option<Receiver<News>>,
    /// Since that is so, how often each camera was looked at.
    looks: BTreeMap<CameraId, u32>,
    here: BTreeMap<(CameraId, Arc<str>), Found>,
}

struct Found {
    now: Arc<AreaNow>,
    /// How often it was there.
    seen: u32,
    /// How often in a row it was not.
    missed: u32,
}

impl Areas {
    pub(super) fn new(facts: Arc<Facts>) -> Self {
        Self { news: Some(facts.listen()), facts, ..Self::default() }
    }

    /// Looks which areas there are at these cameras.
    pub(super) fn look(&mut self, cameras: &BTreeMap<CameraId, CameraSummary>) {
        if self.news.as_mut().is_some_and(has_begun) {
            self.news = None;
        }
        self.looks.retain(|id, _| cameras.contains_key(id));
        if self.news.is_none() {
            for id in cameras.keys() {
                let looks = self.looks.entry(*id).or_default();
                *looks = looks.saturating_add(1);
            }
        }
        self.here.retain(|_, found| {
            found.missed += 1;
            found.missed <= GONE_AFTER
        });
        for now in self.facts.now() {
            let key = (now.camera, Arc::clone(&now.area));
            match self.here.get_mut(&key) {
                Some(found) => {
                    *found = Found { now, seen: found.seen.saturating_add(1), missed: 0 };
                }
                None => drop(self.here.insert(key, Found { now, seen: 1, missed: 0 })),
            }
        }
    }

    /// Those of a camera that are told.
    pub(super) fn of(&self, camera: CameraId) -> Vec<&AreaNow> {
        let is_told = |found: &&Found| found.now.camera == camera && found.seen >= TOLD_FROM;
        self.here.values().filter(is_told).map(|found| &*found.now).collect()
    }

    /// Whether it is known which areas the camera has.
    pub(super) fn are_known(&self, camera: CameraId) -> bool {
        self.looks.get(&camera).is_some_and(|looks| *looks >= KNOWN_AFTER)
    }
}

/// Whether what counts has said which areas there are.
fn has_begun(news: &mut Receiver<News>) -> bool {
    loop {
        match news.try_recv() {
            Ok(News::Areas) => return true,
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return false,
        }
    }
}

/// What stands at the broker of a camera's areas.
pub(super) fn told(
    settings: &config::Mqtt,
    id: CameraId,
    entry: &CameraSummary,
    areas: &[&AreaNow],
) -> Vec<(String, Bytes)> {
    let names = ids(areas.iter().map(|now| &*now.area));
    let device = Device::of_camera(settings, id, entry);
    let mut told = Vec::new();
    for now in areas {
        let Some(slug) = names.get(&*now.area) else { continue };
        let topic = format!("{}/area/{slug}", topics::camera(settings, id));
        told.extend(entities(&device, now, slug, &topic));
        told.push((topic, Bytes::from(state(now).to_string())));
    }
    told
}

fn state(now: &AreaNow) -> Value {
    let people: u32 = now.inside.values().sum();
    let classes: BTreeMap<&str, u32> =
        now.inside.iter().filter(|(_, n)| **n > 0).map(|(class, n)| (&**class, *n)).collect();
    json!({
        "name": &*now.area,
        "kind": if now.is_zone { "zone" } else { "line" },
        "occupancy": now.is_zone.then_some(people),
        "classes": classes,
        "in_today": now.today.ins,
        "out_today": now.today.outs,
        "visits_today": now.today.visits,
    })
}

/// What Home Assistant shows of an area.
fn entities(
    device: &Device<'_>,
    now: &AreaNow,
    slug: &str,
    topic: &str,
) -> impl Iterator<Item = (String, Bytes)> {
    let name = capitalised(&now.area);
    let today = |what: &str, key: &str| {
        let shape = json!({
            "name": format!("{name} {what} today"),
            "state_topic": topic,
            "value_template": format!("{{{{ value_json.{key} }}}}"),
            "state_class": "total_increasing",
        });
        device.entity("sensor", format!("area_{slug}_{what}_today"), &device.lives, shape)
    };
    let found = if now.is_zone {
        let count = json!({
            "name": format!("{name} now"),
            "state_topic": topic,
            "value_template": "{{ value_json.occupancy }}",
            "state_class": "measurement",
        });
        let occupied = json!({
            "name": format!("{name} occupied"),
            "device_class": "occupancy",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value_json.occupancy | int(0) > 0 else 'OFF' }}",
        });
        let (count_id, occupied_id) = (format!("area_{slug}_now"), format!("area_{slug}_occupied"));
        [
            device.entity("sensor", count_id, &device.sees, count),
            device.entity("binary_sensor", occupied_id, &device.sees, occupied),
            today("visits", "visits_today"),
        ]
    } else {
        [today("in", "in_today"), today("out", "out_today"), None]
    };
    found.into_iter().flatten()
}

/// Whether a topic is one of an area, or of an area's entity.
pub(super) fn is_of_area(settings: &config::Mqtt, topic: &str) -> bool {
    let own = topic.strip_prefix(&settings.prefix).and_then(|rest| rest.strip_prefix("/camera/"));
    if let Some((_, rest)) = own.and_then(|rest| rest.split_once('/')) {
        return rest.starts_with("area/");
    }
    let object = topic.strip_suffix("/config").and_then(|rest| rest.rsplit_once('/'));
    object.is_some_and(|(_, object)| {
        object.starts_with("area_") && OBJECTS.iter().any(|end| object.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use razz_hub::facts::Counts;

    use super::super::leftovers::Leftovers;
    use super::super::retained;
    use super::super::topics::tests::{camera_id, row, settings};
    use super::*;
    use crate::events::Snapshot;

    fn now(area: &str, people: Option<u32>, today: [u64; 3]) -> AreaNow {
        let inside = people.map(|people| ("person".into(), people));
        let [ins, outs, visits] = today;
        AreaNow {
            camera: camera_id(1),
            area: area.into(),
            is_zone: people.is_some(),
            inside: inside.into_iter().collect(),
            today: Counts { ins, outs, visits },
            at: None,
        }
    }

    fn cameras() -> BTreeMap<CameraId, CameraSummary> {
        [(camera_id(1), row(&[], &[]))].into()
    }

    fn topics_of(areas: &Areas) -> Vec<String> {
        let all = retained::all(&settings(), &cameras(), &BTreeSet::new(), areas);
        all.into_keys().filter(|topic| is_of_area(&settings(), topic)).collect()
    }

    #[test]
    fn each_area_has_its_topic_and_its_entities() {
        let door = now("Front door", None, [12, 9, 0]);
        let hall = now("Зал", Some(2), [0, 0, 5]);
        let told: BTreeMap<String, Value> =
            told(&settings(), camera_id(1), &row(&[], &[]), &[&door, &hall])
                .into_iter()
                .map(|(topic, payload)| (topic, serde_json::from_slice(&payload).unwrap()))
                .collect();
        assert_eq!(
            told["home/razz/camera/1/area/front_door"],
            json!({"name": "Front door", "kind": "line", "occupancy": null, "classes": {},
                   "in_today": 12, "out_today": 9, "visits_today": 0})
        );
        assert_eq!(
            told["home/razz/camera/1/area/id_182f7c57"],
            json!({"name": "Зал", "kind": "zone", "occupancy": 2, "classes": {"person": 2},
                   "in_today": 0, "out_today": 0, "visits_today": 5})
        );
        let node = "home_razz_camera1";
        let of = |component: &str, object: &str| {
            &told[&format!("homeassistant/{component}/{node}/area_{object}/config")]
        };
        assert_eq!(told.len(), 2 + 2 + 3);
        for (component, object, name, class, template) in [
            (
                "sensor",
                "front_door_in_today",
                "Front door in today",
                "total_increasing",
                "{{ value_json.in_today }}",
            ),
            (
                "sensor",
                "front_door_out_today",
                "Front door out today",
                "total_increasing",
                "{{ value_json.out_today }}",
            ),
            (
                "sensor",
                "id_182f7c57_visits_today",
                "Зал visits today",
                "total_increasing",
                "{{ value_json.visits_today }}",
            ),
            ("sensor", "id_182f7c57_now", "Зал now", "measurement", "{{ value_json.occupancy }}"),
            (
                "binary_sensor",
                "id_182f7c57_occupied",
                "Зал occupied",
                "",
                "{{ 'ON' if value_json.occupancy | int(0) > 0 else 'OFF' }}",
            ),
        ] {
            let shape = of(component, object);
            assert_eq!(shape["name"], name);
            assert_eq!(shape["state_class"].as_str().unwrap_or_default(), class);
            assert_eq!(shape["value_template"], template);
            assert_eq!(shape["unique_id"], format!("{node}_area_{object}"));
            assert_eq!(shape["device"]["identifiers"], json!([node]));
            assert!(told.contains_key(shape["state_topic"].as_str().unwrap()));
        }
    }

    #[test]
    fn an_area_is_told_when_it_is_counted_and_gone_when_it_stays_away() {
        let facts = Arc::new(Facts::default());
        let mut areas = Areas::new(Arc::clone(&facts));
        facts.set_now(now("Hall", Some(0), [0; 3]));
        areas.look(&cameras());
        assert_eq!(topics_of(&areas).len(), 0, "its counts may not be read yet");
        areas.look(&cameras());
        assert_eq!(topics_of(&areas).len(), 4, "zeros as well");
        facts.keep(|_, _| false);
        for look in 1..=GONE_AFTER {
            areas.look(&cameras());
            assert_eq!(topics_of(&areas).len(), 4, "{look}");
        }
        areas.look(&cameras());
        assert!(topics_of(&areas).is_empty());
    }

    #[test]
    fn what_is_left_of_an_area_goes_when_it_is_known_which_there_are() {
        let facts = Arc::new(Facts::default());
        let mut areas = Areas::new(Arc::clone(&facts));
        let mut leftovers = Leftovers::default();
        let (door, hall) = (now("Door", None, [1, 1, 0]), now("Hall", Some(0), [0, 0, 1]));
        let before = told(&settings(), camera_id(1), &row(&[], &[]), &[&door, &hall]);
        for (topic, payload) in &before {
            leftovers.handle(&settings(), topic, payload);
        }
        // It is known what the model finds, which says nothing of areas.
        let snapshot = Snapshot {
            rows: [(camera_id(1), row(&[], &["person"]))].into(),
            wanted: Some(vec![camera_id(1)]),
        };
        let gone = |areas: &Areas| {
            let wanted = retained::all(&settings(), &snapshot.rows, &BTreeSet::new(), areas);
            leftovers.gone(&settings(), &snapshot, areas, &wanted)
        };
        for _ in 0..2 * KNOWN_AFTER {
            areas.look(&snapshot.rows);
        }
        assert!(gone(&areas).is_empty(), "nothing counts yet");
        facts.keep(|_, _| false);
        facts.set_now(door);
        for look in 1..KNOWN_AFTER {
            areas.look(&snapshot.rows);
            assert!(gone(&areas).is_empty(), "{look}");
        }
        areas.look(&snapshot.rows);
        assert_eq!(
            gone(&areas),
            [
                "home/razz/camera/1/area/hall",
                "homeassistant/binary_sensor/home_razz_camera1/area_hall_occupied/config",
                "homeassistant/sensor/home_razz_camera1/area_hall_now/config",
                "homeassistant/sensor/home_razz_camera1/area_hall_visits_today/config",
            ]
        );
    }
}
