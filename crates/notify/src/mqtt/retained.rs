//! All that is to stand at the broker as retained topics, with what each says.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use razz_base::CameraId;

use super::areas::{self, Areas};
use super::{discovery, topics};
use crate::events::CameraSummary;
use razz_config as config;

/// Every retained topic; `before` as for [`topics::counts`].
pub(super) fn all(
    settings: &config::Mqtt,
    rows: &BTreeMap<CameraId, CameraSummary>,
    before: &BTreeSet<(CameraId, String)>,
    areas: &Areas,
) -> BTreeMap<String, Bytes> {
    let mut all = BTreeMap::from([(topics::status(settings), Bytes::from("online"))]);
    all.extend(discovery::of_server(settings));
    for (id, entry) in rows {
        let counts = topics::counts(settings, *id, entry, before);
        all.extend(topics::of_camera(settings, *id, entry, &counts));
        all.extend(discovery::of_camera(settings, *id, entry, &counts));
        all.extend(areas::told(settings, *id, entry, &areas.of(*id)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::topics::tests::{camera_id, row, settings};
    use super::*;

    #[test]
    fn what_is_off_is_not_told() {
        let rows = [(camera_id(1), row(&[("person", 2)], &[]))].into();
        for (discovery, snapshots, count) in
            [(None, false, 4), (None, true, 5), (Some("ha"), false, 8), (Some("ha"), true, 10)]
        {
            let discovery = discovery.map(str::to_owned);
            let off = discovery.is_none();
            let settings = config::Mqtt { discovery, snapshots, ..settings() };
            let topics = all(&settings, &rows, &BTreeSet::new(), &Areas::default());
            assert_eq!(topics.len(), count, "{topics:?}");
            assert_eq!(topics.keys().all(|topic| topic.starts_with("home/razz/")), off);
            assert_eq!(topics.contains_key("home/razz/camera/1/snapshot"), snapshots);
            assert_eq!(topics["home/razz/status"], "online");
        }
    }
}
