//! What stands at the broker from before this connection: of cameras, classes and areas that there are no
//! more it is taken back.
//!
//! A new connection subscribes to its own topics and hears what is retained there. Of a camera that is
//! no longer in the config everything goes; of one that is, the entities that it no longer has, as soon
//! as it is known which classes its model finds, and which areas it has.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use razz_base::CameraId;

use super::areas::{self, Areas};
use super::{discovery, topics};
use crate::events::{CameraSummary, Snapshot};
use razz_config as config;

/// Most topics that are remembered: nobody fills the memory by filling the broker.
const MAX_TOPICS: usize = 10_000;

/// What was heard on this connection.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Retained topics that this server or an earlier one with its prefix wrote, each with its camera.
    topics: BTreeMap<String, CameraId>,
    /// Classes that were counted before, as levels of topics.
    counts: BTreeSet<(CameraId, String)>,
    /// Cameras whose entities are listened for.
    listened: BTreeSet<CameraId>,
}

impl Leftovers {
    /// What each new connection subscribes to.
    pub(super) fn filters(settings: &config::Mqtt) -> [String; 3] {
        [
            format!("{}/camera/+/state", settings.prefix),
            format!("{}/camera/+/count/+", settings.prefix),
            format!("{}/camera/+/area/+", settings.prefix),
        ]
    }

    /// Cameras, known or heard of, whose entities are not listened for yet, each with its filter.
    pub(super) fn unlistened(
        &self,
        settings: &config::Mqtt,
        snapshot: &Snapshot,
    ) -> Vec<(CameraId, String)> {
        let known = snapshot.wanted.iter().flatten().chain(self.topics.values());
        let fresh: BTreeSet<CameraId> =
            known.filter(|id| !self.listened.contains(id)).copied().collect();
        let filters = fresh.into_iter().map(|id| Some((id, discovery::filter(settings, id)?)));
        filters.flatten().collect()
    }

    /// The entities of these cameras are listened for now.
    pub(super) fn listen(&mut self, cameras: impl IntoIterator<Item = CameraId>) {
        self.listened.extend(cameras);
    }

    /// A retained message that was there already.
    pub(super) fn handle(&mut self, settings: &config::Mqtt, topic: &str, payload: &Bytes) {
        if self.topics.len() >= MAX_TOPICS || payload.is_empty() {
            return;
        }
        if let Some(id) = discovery::camera_of(settings, topic) {
            if discovery::is_ours(settings, payload) {
                self.topics.insert(topic.to_owned(), id);
            }
            return;
        }
        let Some((id, rest)) = below_camera(settings, topic) else { return };
        if let Some(class) = rest.strip_prefix("count/")
            && !class.contains('/')
        {
            self.counts.insert((id, class.to_owned()));
            self.topics.insert(topic.to_owned(), id);
        } else if let Some(area) = rest.strip_prefix("area/")
            && !area.contains('/')
        {
            self.topics.insert(topic.to_owned(), id);
        } else if rest == "state" {
            // These go with it; snapshots are too large to be listened for.
            let camera = topics::camera(settings, id);
            for level in ["state", "name", "snapshot"] {
                self.topics.insert(format!("{camera}/{level}"), id);
            }
        }
    }

    /// Classes that the broker had a count of.
    pub(super) fn counts(&self) -> &BTreeSet<(CameraId, String)> {
        &self.counts
    }

    /// Topics to take back: those that are not among the `wanted` ones for a reason that is known.
    pub(super) fn gone(
        &self,
        settings: &config::Mqtt,
        snapshot: &Snapshot,
        areas: &Areas,
        wanted: &BTreeMap<String, Bytes>,
    ) -> Vec<String> {
        // Nothing is known yet of which cameras there are to be.
        let Some(cameras) = &snapshot.wanted else { return Vec::new() };
        let settled = |entry: &CameraSummary| !entry.classes.is_empty();
        let gone = self.topics.iter().filter(|(topic, id)| {
            // Nearly all are.
            if wanted.contains_key(*topic) {
                return false;
            }
            let is_known = match areas::is_of_area(settings, topic) {
                true => areas.are_known(**id),
                false => snapshot.rows.get(id).is_some_and(settled),
            };
            let known = !cameras.contains(id) || is_known;
            // The last picture of a camera stays until there is another.
            let picture = cameras.contains(id)
                && settings.snapshots
                && **topic == topics::snapshot(settings, **id);
            known && !picture
        });
        gone.map(|(topic, _)| topic.clone()).collect()
    }

    /// A topic has been taken back.
    pub(super) fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }
}

/// The camera of one of the server's own topics, and what comes behind it.
fn below_camera<'a>(settings: &config::Mqtt, topic: &'a str) -> Option<(CameraId, &'a str)> {
    let below = topic.strip_prefix(&settings.prefix)?.strip_prefix("/camera/")?;
    let (number, rest) = below.split_once('/')?;
    let id: CameraId = number.parse().ok()?;
    (id.to_string() == number).then_some((id, rest))
}

#[cfg(test)]
mod tests {
    use super::super::retained;
    use super::super::topics::tests::{camera_id, row, settings};
    use super::*;

    /// Everything that a server told of cameras, as the broker kept it.
    fn kept(settings: &config::Mqtt, rows: &[(u32, CameraSummary)]) -> BTreeMap<String, Bytes> {
        let rows = rows.iter().map(|(id, entry)| (camera_id(*id), entry.clone())).collect();
        retained::all(settings, &rows, &BTreeSet::new(), &Areas::default())
    }

    fn snapshot(wanted: Option<&[u32]>, rows: &[(u32, CameraSummary)]) -> Snapshot {
        Snapshot {
            rows: rows.iter().map(|(id, entry)| (camera_id(*id), entry.clone())).collect(),
            wanted: wanted.map(|ids| ids.iter().map(|id| camera_id(*id)).collect()),
        }
    }

    /// What is taken back where `kept` stands at the broker, without its common beginnings.
    fn taken_back(
        settings: &config::Mqtt,
        kept: &BTreeMap<String, Bytes>,
        now: &Snapshot,
    ) -> Vec<String> {
        let mut leftovers = Leftovers::default();
        for (topic, payload) in kept {
            leftovers.handle(settings, topic, payload);
        }
        let areas = Areas::default();
        let wanted = retained::all(settings, &now.rows, leftovers.counts(), &areas);
        let gone = leftovers.gone(settings, now, &areas, &wanted);
        for topic in &gone {
            leftovers.forget(topic);
        }
        assert!(leftovers.gone(settings, now, &areas, &wanted).is_empty(), "once");
        gone
    }

    #[test]
    fn of_a_camera_that_is_gone_everything_goes() {
        let settings = settings();
        let person = || row(&[("person", 2)], &["person"]);
        let before = kept(&settings, &[(1, person()), (7, person())]);
        let of_seven: Vec<String> = before
            .keys()
            .filter(|topic| topic.contains("camera7") || topic.contains("camera/7"))
            .cloned()
            .collect();
        assert_eq!(of_seven.len(), 4 + 4, "four topics and four entities");
        let mut gone = taken_back(&settings, &before, &snapshot(Some(&[1]), &[(1, person())]));
        gone.sort();
        assert_eq!(gone, of_seven);
        // Before it is known which cameras there are to be, and while one has not come up, nothing goes.
        assert!(taken_back(&settings, &before, &snapshot(None, &[])).is_empty());
        assert!(taken_back(&settings, &before, &snapshot(Some(&[1, 7]), &[])).is_empty());
        assert_eq!(taken_back(&settings, &before, &snapshot(Some(&[1]), &[])), of_seven);
    }

    #[test]
    fn classes_that_the_model_no_longer_finds_go_and_the_others_stay() {
        let settings = settings();
        let before = kept(&settings, &[(1, row(&[("person", 2), ("dog", 1), ("собака", 1)], &[]))]);
        for (now, gone) in [
            // Not known yet.
            (row(&[], &[]), vec![]),
            // Found by the model, though not seen since the start.
            (row(&[("person", 0)], &["person", "dog", "собака"]), vec![]),
            (
                row(&[("person", 0)], &["person", "собака"]),
                vec![
                    "home/razz/camera/1/count/dog",
                    "homeassistant/binary_sensor/home_razz_camera1/dog_occupancy/config",
                    "homeassistant/sensor/home_razz_camera1/dog_count/config",
                ],
            ),
            (
                row(&[("dog", 0)], &["dog", "person"]),
                vec![
                    "home/razz/camera/1/count/id_b37b8135",
                    "home/razz/camera/1/count/собака",
                    "homeassistant/binary_sensor/home_razz_camera1/id_b37b8135_occupancy/config",
                    "homeassistant/sensor/home_razz_camera1/id_b37b8135_count/config",
                ],
            ),
        ] {
            assert_eq!(taken_back(&settings, &before, &snapshot(Some(&[1]), &[(1, now)])), gone);
        }
        // The last picture stays until there is another.
        let now = CameraSummary {
            snapshot: None,
            ..row(&[("dog", 1)], &["person", "dog", "собака"])
        };
        assert!(taken_back(&settings, &before, &snapshot(Some(&[1]), &[(1, now)])).is_empty());
        // Snapshots are turned off.
        let off = config::Mqtt { snapshots: false, ..settings.clone() };
        let now = row(&[("person", 0)], &["person", "dog", "собака"]);
        assert_eq!(
            taken_back(&off, &before, &snapshot(Some(&[1]), &[(1, now)])),
            [
                "home/razz/camera/1/snapshot",
                "homeassistant/camera/home_razz_camera1/last_seen/config"
            ]
        );
    }

    #[test]
    fn what_others_wrote_is_left_alone() {
        let settings = settings();
        let foreign = config::Mqtt { prefix: "home_razz".to_owned(), ..settings.clone() };
        let mut theirs = kept(&foreign, &[(7, row(&[("person", 1)], &[]))]);
        for (topic, payload) in [
            ("homeassistant/sensor/home_razz_camera7/person_count/config", "{\"name\": \"x\"}"),
            ("home/razz/camera/07/state", "online"),
            ("home/razz/camera/7/state/x", "online"),
            ("home/razz/camera/7/count/a/b", "1"),
            ("home/razz/camera/7/state", ""),
            ("home/razzle/camera/7/state", "online"),
        ] {
            theirs.insert(topic.to_owned(), Bytes::from(payload));
        }
        assert!(taken_back(&settings, &theirs, &snapshot(Some(&[1]), &[])).is_empty());
    }

    #[test]
    fn the_entities_of_every_camera_are_listened_for_once() {
        let settings = settings();
        let mut leftovers = Leftovers::default();
        leftovers.handle(&settings, "home/razz/camera/7/state", &Bytes::from("offline"));
        let now = snapshot(Some(&[1]), &[]);
        let fresh = leftovers.unlistened(&settings, &now);
        let filters: Vec<&str> = fresh.iter().map(|(_, filter)| filter.as_str()).collect();
        assert_eq!(
            filters,
            [
                "homeassistant/+/home_razz_camera1/+/config",
                "homeassistant/+/home_razz_camera7/+/config"
            ]
        );
        leftovers.listen(fresh.into_iter().map(|(id, _)| id));
        assert!(leftovers.unlistened(&settings, &now).is_empty());
        let off = config::Mqtt { discovery: None, ..settings };
        assert!(Leftovers::default().unlistened(&off, &now).is_empty());
    }
}
