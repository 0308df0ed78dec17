//! What has to be done to get from the settings in force to others.

use razz_base::CameraId;
use razz_config::{self as config, Config};

/// The steps, in the order in which they are taken.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Sections that have changed and take effect at the next start only.
    pub(crate) restart_only: Vec<&'static str>,
    /// Whether the model is loaded anew.
    pub(crate) new_pool: bool,
    /// What becomes of each camera that does not stay as it is.
    pub(crate) cameras: Vec<CameraChange>,
}

/// What becomes of a camera.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum CameraChange {
    /// It is gone.
    Remove(CameraId),
    /// It is new.
    Add(config::Camera),
    /// It is somewhere else.
    Move(config::Camera),
    /// It is looked at in another way; its video goes on.
    Settings(config::Camera),
}

impl Plan {
    /// From `old` to `new`. `needs_model`: the model has to be loaded whatever has changed.
    pub(crate) fn between(old: &Config, new: &Config, needs_model: bool) -> Self {
        let sections = [
            ("[server]", old.server == new.server),
            ("[access]", old.access.is_same_but_for_cameras(&new.access)),
            ("[viewers]", old.viewers == new.viewers),
            ("[compat]", old.compat == new.compat),
            ("[log]", old.log == new.log),
            ("[telemetry]", old.telemetry == new.telemetry),
            ("[decoder]", old.decoder == new.decoder),
            ("[record]", old.record == new.record),
            ("[mqtt]", old.mqtt == new.mqtt),
            ("[[webhook]]", old.webhooks == new.webhooks),
            ("[alert]", old.alert == new.alert),
        ];
        let restart_only =
            sections.into_iter().filter(|(_, same)| !same).map(|(section, _)| section).collect();
        let new_pool = old.detector != new.detector || needs_model;
        let all_anew = new_pool || old.tracker != new.tracker;
        let gone = old.cameras.iter().map(|camera| camera.id);
        let gone = gone.filter(|id| new.cameras.iter().all(|camera| camera.id != *id));
        let here = new.cameras.iter().filter_map(|camera| {
            match old.cameras.iter().find(|was| was.id == camera.id) {
                None => Some(CameraChange::Add(camera.clone())),
                Some(was) if was.source != camera.source => {
                    Some(CameraChange::Move(camera.clone()))
                }
                Some(was) if was != camera || all_anew => {
                    Some(CameraChange::Settings(camera.clone()))
                }
                Some(_) => None,
            }
        });
        let cameras = gone.map(CameraChange::Remove).chain(here).collect();
        Self { restart_only, new_pool, cameras }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Config {
        Config::parse(text, "razz.toml", Path::new("."), &|_| None).unwrap()
    }

    /// `1:a:6` is camera 1 at address a with 6 detections a second.
    fn cameras(text: &str) -> String {
        let camera = |word: &str| {
            let [id, at, fps] = word.split(':').collect::<Vec<_>>()[..] else { panic!("{word}") };
            format!("[[camera]]\nid = {id}\nurl = \"rtsp://127.0.0.1/{at}\"\ndetect_fps = {fps}\n")
        };
        text.split_whitespace().map(camera).collect()
    }

    fn shown(changes: &[CameraChange]) -> String {
        let shown = changes.iter().map(|change| match change {
            CameraChange::Remove(id) => format!("-{id}"),
            CameraChange::Add(camera) => format!("+{}", camera.id),
            CameraChange::Move(camera) => format!(">{}", camera.id),
            CameraChange::Settings(camera) => format!("~{}", camera.id),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_changed_is_touched() {
        const DEMO: &str = "[detector]\nmodel = \"demo\"\nclasses = []\n";
        for (before, after, changes, new_pool) in [
            ("1:a:6 2:b:6", "1:a:6 2:b:6", "", false),
            ("1:a:6", "1:a:6 2:b:6", "+2", false),
            ("1:a:6 2:b:6", "2:b:6", "-1", false),
            ("1:a:6 2:b:6", "1:a:6 2:c:6", ">2", false),
            ("1:a:6 2:b:6", "1:a:6 2:b:3", "~2", false),
            ("1:a:6 2:b:6", "2:c:3 3:a:6", "-1 >2 +3", false),
        ] {
            let text = |cameras_: &str| format!("{DEMO}{}", cameras(cameras_));
            let (old, new) = (parse(&text(before)), parse(&text(after)));
            let plan = Plan::between(&old, &new, false);
            assert_eq!((shown(&plan.cameras).as_str(), plan.new_pool), (changes, new_pool));
            assert!(plan.restart_only.is_empty(), "{:?}", plan.restart_only);
            // A model that has to be loaded is another detector for every camera that stays.
            assert!(Plan::between(&old, &new, true).new_pool);
        }
    }

    #[test]
    fn another_sub_stream_leaves_the_main_stream_alone() {
        let with = |keys: &str| parse(&format!("{}{keys}", cameras("1:a:6")));
        let (none, one) = ("", "sub_url = \"rtsp://127.0.0.1/b\"\n");
        let used = "sub_url = \"rtsp://127.0.0.1/b\"\ndetect_from = \"sub\"\n";
        for (before, after) in [(none, one), (one, used), (used, none)] {
            let plan = Plan::between(&with(before), &with(after), false);
            assert_eq!(shown(&plan.cameras), "~1", "{before:?} {after:?}");
        }
        assert_eq!(shown(&Plan::between(&with(used), &with(used), false).cameras), "");
    }

    #[test]
    fn another_detector_or_tracker_is_everybodys_and_the_rest_waits_for_a_start() {
        let demo = |more: &str, tracker: &str| {
            let detector = "[detector]\nmodel = \"demo\"\nclasses = []\n";
            parse(&format!("{detector}{more}{tracker}{}", cameras("1:a:6 2:b:6")))
        };
        let old = demo("", "");
        let new = demo("confidence = 0.5\n", "");
        let plan = Plan::between(&old, &new, false);
        assert_eq!((shown(&plan.cameras).as_str(), plan.new_pool), ("~1 ~2", true));
        let plan = Plan::between(&old, &demo("", "[tracker]\nkind = \"bytetrack\"\n"), false);
        assert_eq!((shown(&plan.cameras).as_str(), plan.new_pool), ("~1 ~2", false));
        let new = demo("", "[viewers]\nmax = 7\n[compat]\nallow_adhoc = true\n");
        assert_eq!(Plan::between(&old, &new, false).restart_only, ["[viewers]", "[compat]"]);
    }
}
