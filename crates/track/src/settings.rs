//! What can be set, and what raising each number gains and costs.

use std::str::FromStr;

use razz_base::{ClassId, Detection};

/// Which tracker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Kind {
    /// Ours: motion, overlap, time, and appearance when it is needed.
    #[default]
    Hybrid,
    /// The original ByteTrack: motion and overlap alone.
    ByteTrack,
    /// The original DeepSORT: appearance first, an embedding for every detection.
    DeepSort,
}

/// A tracker's name that is none of `hybrid`, `bytetrack`, `deepsort`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown tracker {0:?}: expected \"hybrid\", \"bytetrack\" or \"deepsort\"")]
pub struct ParseKindError(String);

impl FromStr for Kind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hybrid" => Ok(Self::Hybrid),
            "bytetrack" => Ok(Self::ByteTrack),
            "deepsort" => Ok(Self::DeepSort),
            other => Err(ParseKindError(other.chars().take(40).collect())),
        }
    }
}

/// Which classes may be one object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ClassRule {
    /// A track takes detections of its own class only.
    #[default]
    Same,
    /// Also between the pairs given, for classes that a detector takes for one another (car and
    /// truck). The track shows the class it was mostly detected as.
    Related(Vec<(ClassId, ClassId)>),
    /// Classes do not matter, as in the originals.
    Any,
}

impl ClassRule {
    /// Whether a track of one class may take a detection of the other.
    pub fn allows(&self, a: ClassId, b: ClassId) -> bool {
        match self {
            Self::Any => true,
            Self::Same => a == b,
            Self::Related(pairs) => a == b || pairs.contains(&(a, b)) || pairs.contains(&(b, a)),
        }
    }
}

/// Settings of a tracker. The defaults fit detections of YOLO11 at 5 to 30 per second.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Score above which a detection is trusted: it is associated first, and 0.1 above it may start
    /// a track. Raising it loses faint objects and starts fewer false tracks. (bytetrack, hybrid)
    pub track_threshold: f64,
    /// Largest cost (1 − overlap × score) of a first association. Raising it keeps fast objects and
    /// lets boxes jump to a neighbour. (bytetrack, hybrid)
    pub match_threshold: f64,
    /// How long a lost track can be found again by motion alone, in frames at 30 per second: 30 is
    /// one second. Raising it bridges longer gaps and lets a newcomer inherit an id. (bytetrack;
    /// hybrid, times [`HybridSettings::patience`])
    pub track_buffer: u32,
    /// Frames per second that the originals count in: how many steps of the filter, and of a
    /// lifetime, a second has. Detections may come more slowly or irregularly. Raising it lets boxes
    /// accelerate more per second and trusts motion less. (bytetrack, deepsort; hybrid's filter
    /// is stated in thirtieths of a second)
    pub frame_rate: f64,
    /// How long a predicted box is published after its last match, in microseconds. Raising it
    /// bridges missed detections on the screen and shows boxes where nobody is. Where detections
    /// come further apart than this, boxes blink. (all)
    pub publish_lost_us: i64,
    /// Which classes may be one object. Allowing more keeps the id of what the detector takes for
    /// one thing now and another then, and lets objects that cross swap theirs. (bytetrack, hybrid)
    pub classes: ClassRule,
    /// What the hybrid tracker adds to ByteTrack's stages. (hybrid)
    pub hybrid: HybridSettings,
    /// Re-identification on demand. (hybrid)
    pub reid: Reid,
    /// DeepSORT's own numbers. (deepsort)
    pub deepsort: DeepSortSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            track_threshold: 0.5,
            match_threshold: 0.8,
            track_buffer: 30,
            frame_rate: 30.0,
            publish_lost_us: 500_000,
            classes: ClassRule::Same,
            hybrid: HybridSettings::default(),
            reid: Reid::default(),
            deepsort: DeepSortSettings::default(),
        }
    }
}

/// What the `hybrid` tracker does beyond ByteTrack. How the defaults were found, and what each is
/// worth, stands in `docs/design/tracking.md`.
#[derive(Clone, PartialEq, Debug)]
pub struct HybridSettings {
    /// How much a velocity may change, relative to ByteTrack's 1/160 of the box per nominal frame.
    /// Raising it follows dancers and braking cars; lowering it goes straight through a crowd.
    pub agility: f64,
    /// How much less the place of a trusted detection is believed when it scores lower: its
    /// measurement noise is ByteTrack's times 1 + this × (1 − score). Raising it steadies boxes
    /// that are half hidden, and makes them lag where a detector scores everything low.
    pub score_noise: f64,
    /// By how many standard deviations of its predicted place a box is widened, together with the
    /// detection it is compared with, before overlap is taken. Raising it keeps fast objects at
    /// low rates and lets neighbours be confused. 0 is the plain overlap.
    pub widening: f64,
    /// Largest cost (1 − overlap) at which a lost track takes a faint detection; ByteTrack lets it
    /// take none. Raising it finds the half-hidden sooner and follows more false detections.
    pub lost_faint_threshold: f64,
    /// Lifetime of a lost track relative to `track_buffer`. Where ByteTrack's lost box flies on,
    /// this one comes to rest, so that it may wait longer. Raising it is raising `track_buffer`.
    pub patience: f64,
    /// A new track that scores this much counts on its first detection, if ...
    pub instant_score: f64,
    /// ... so many microseconds or more passed since the update before: to wait for a second look
    /// would cost that long. Raising either shows new tracks later and fewer false ones.
    pub instant_after_us: i64,
    /// How fast the process noise is lowered in a scene whose prediction errors alternate in sign,
    /// which says that the filters follow the detector's noise. Raising it adapts sooner and
    /// overshoots; 0 turns it off.
    pub calming: f64,
}

impl Default for HybridSettings {
    fn default() -> Self {
        Self {
            agility: 0.7,
            score_noise: 3.0,
            widening: 0.35,
            lost_faint_threshold: 0.3,
            patience: 4.0 / 3.0,
            instant_score: 0.8,
            instant_after_us: 150_000,
            calming: 0.01,
        }
    }
}

impl HybridSettings {
    /// The measurement noise of a trusted detection relative to ByteTrack's.
    pub(crate) fn noise_of(&self, detection: &Detection) -> f64 {
        1.0 + self.score_noise * (1.0 - detection.score)
    }
}

/// Re-identification in the `hybrid` tracker.
#[derive(Clone, PartialEq, Debug)]
pub struct Reid {
    /// Whether embeddings are asked for at all. Without, an update costs nothing but itself, and who
    /// was hidden for longer than motion bridges comes back as somebody new.
    pub enabled: bool,
    /// Largest cosine distance (1 − similarity) to a track's gallery just after it was lost.
    /// Raising it finds more people again and mistakes more strangers for them.
    pub max_distance: f64,
    /// By how much that limit grows per second lost, since looks change with light and pose. Raising
    /// it finds people again who turned around, and more strangers after long absences.
    pub widen_per_s: f64,
    /// Where it stops growing; a gallery whose looks differ more than twice this among
    /// themselves finds nobody. Raising it is raising both of the above for long absences.
    pub widest_distance: f64,
    /// How long a lost track can be found again by its looks, in microseconds. Raising it bridges
    /// longer absences, keeps more galleries in memory and asks for more embeddings.
    pub lifetime_us: i64,
    /// How fast an object may have moved while it was lost, in box heights per second, on top of
    /// one height at once. Raising it finds people who turned around and asks for more embeddings.
    pub reach_per_s: f64,
    /// Embeddings kept per track. Raising it remembers more poses, and more of a neighbour's
    /// looks that slipped in.
    pub gallery: usize,
    /// Most embeddings asked for in one update to refresh galleries (those for lost tracks come
    /// on top, at most as many as there are detections). Raising it fills galleries sooner.
    pub refresh_per_update: usize,
    /// Time between two refreshes of a gallery that is half full, in microseconds; a fuller one
    /// waits three times as long. Raising it saves embeddings and knows people less well.
    pub refresh_us: i64,
}

impl Default for Reid {
    fn default() -> Self {
        Self {
            enabled: true,
            max_distance: 0.2,
            widen_per_s: 0.04,
            widest_distance: 0.27,
            lifetime_us: 6_000_000,
            reach_per_s: 1.5,
            gallery: 8,
            refresh_per_update: 4,
            refresh_us: 1_000_000,
        }
    }
}

/// The numbers of the original DeepSORT.
#[derive(Clone, PartialEq, Debug)]
pub struct DeepSortSettings {
    /// Detections below this score are not used. Raising it loses faint objects.
    pub min_confidence: f64,
    /// Largest cosine distance of a match. Raising it keeps more ids and confuses more people.
    pub max_cosine_distance: f64,
    /// Updates without a match after which a track dies. Raising it bridges longer gaps.
    pub max_age: u32,
    /// Matches in a row before a track is confirmed. Raising it shows tracks later and fewer
    /// false ones.
    pub n_init: u32,
    /// Largest 1 − overlap of a match of the second stage. Raising it keeps faster objects among
    /// the new and the just missed, and lets them jump to a neighbour.
    pub max_iou_distance: f64,
    /// Embeddings kept per track, the newest (the original's `nn_budget`). Raising it remembers
    /// more poses and costs memory and time in proportion.
    pub gallery: usize,
}

impl Default for DeepSortSettings {
    fn default() -> Self {
        Self {
            min_confidence: 0.3,
            max_cosine_distance: 0.2,
            max_age: 30,
            n_init: 3,
            max_iou_distance: 0.7,
            gallery: 100,
        }
    }
}

/// A setting out of its range.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("tracker setting {name} is {value}: expected {expected}")]
pub struct SettingsError {
    /// Which.
    pub name: &'static str,
    /// What it was.
    pub value: f64,
    /// What would do.
    pub expected: &'static str,
}

impl Settings {
    /// Whether every number is in its range; the first that is not, as an error.
    pub fn check(&self) -> Result<(), SettingsError> {
        let unit = "a number from 0 to 1";
        let (hybrid, reid) = (&self.hybrid, &self.reid);
        for (name, value, low, high, expected) in [
            ("track_threshold", self.track_threshold, 0.0, 1.0, unit),
            ("match_threshold", self.match_threshold, 0.0, 1.0, unit),
            ("frame_rate", self.frame_rate, 0.1, 1000.0, "0.1 to 1000 frames per second"),
            ("publish_lost_us", self.publish_lost_us as f64, 0.0, 6e7, "0 to 60 s"),
            ("track_buffer", f64::from(self.track_buffer), 0.0, 1e5, "0 to 100000 frames"),
            ("hybrid.agility", hybrid.agility, 0.0, 100.0, "0 to 100"),
            ("hybrid.score_noise", hybrid.score_noise, 0.0, 100.0, "0 to 100"),
            ("hybrid.widening", hybrid.widening, 0.0, 10.0, "0 to 10 standard deviations"),
            ("hybrid.lost_faint_threshold", hybrid.lost_faint_threshold, 0.0, 1.0, unit),
            ("hybrid.patience", hybrid.patience, 0.0, 100.0, "0 to 100"),
            // Above 1 no track counts at once, which is a setting too.
            ("hybrid.instant_score", hybrid.instant_score, 0.0, 2.0, "a score, or 2 for never"),
            ("hybrid.instant_after_us", hybrid.instant_after_us as f64, 0.0, 6e7, "0 to 60 s"),
            ("hybrid.calming", hybrid.calming, 0.0, 1.0, unit),
            ("reid.max_distance", reid.max_distance, 0.0, 2.0, "a cosine distance, 0 to 2"),
            ("reid.widest_distance", reid.widest_distance, 0.0, 2.0, "a cosine distance, 0 to 2"),
            ("reid.widen_per_s", reid.widen_per_s, 0.0, 2.0, "0 to 2"),
            ("reid.reach_per_s", reid.reach_per_s, 0.0, 100.0, "0 to 100 box heights"),
            ("reid.lifetime_us", reid.lifetime_us as f64, 0.0, 6e8, "0 to 600 s"),
            ("reid.gallery", reid.gallery as f64, 1.0, 1000.0, "1 to 1000 embeddings"),
            ("reid.refresh_us", reid.refresh_us as f64, 0.0, 6e8, "0 to 600 s"),
            ("deepsort.min_confidence", self.deepsort.min_confidence, 0.0, 1.0, unit),
            (
                "deepsort.max_cosine_distance",
                self.deepsort.max_cosine_distance,
                0.0,
                2.0,
                "a cosine distance, 0 to 2",
            ),
            ("deepsort.gallery", self.deepsort.gallery as f64, 1.0, 1000.0, "1 to 1000 embeddings"),
            ("deepsort.max_iou_distance", self.deepsort.max_iou_distance, 0.0, 1.0, unit),
        ] {
            // Written so that NaN is out of every range.
            if !(value >= low && value <= high) {
                return Err(SettingsError { name, value, expected });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_name() {
        for (text, kind) in [
            ("hybrid", Some(Kind::Hybrid)),
            ("bytetrack", Some(Kind::ByteTrack)),
            ("deepsort", Some(Kind::DeepSort)),
            ("ByteTrack", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), kind, "{text:?}");
        }
        let message = "sort".parse::<Kind>().unwrap_err().to_string();
        assert!(message.contains("\"sort\"") && message.contains("hybrid"), "{message}");
    }

    #[test]
    fn the_defaults_pass_and_nonsense_does_not() {
        assert_eq!(Settings::default().check(), Ok(()));
        for (name, bad) in [
            ("track_threshold", Settings { track_threshold: 1.5, ..Settings::default() }),
            ("match_threshold", Settings { match_threshold: f64::NAN, ..Settings::default() }),
            ("frame_rate", Settings { frame_rate: 0.0, ..Settings::default() }),
            ("publish_lost_us", Settings { publish_lost_us: -1, ..Settings::default() }),
        ] {
            assert_eq!(bad.check().unwrap_err().name, name);
        }
    }

    #[test]
    fn class_rules() {
        let (car, truck, person) = (ClassId(2), ClassId(7), ClassId(0));
        let related = ClassRule::Related(vec![(car, truck)]);
        for (rule, a, b, allowed) in [
            (&ClassRule::Same, car, car, true),
            (&ClassRule::Same, car, truck, false),
            (&related, truck, car, true),
            (&related, car, person, false),
            (&related, person, person, true),
            (&ClassRule::Any, car, person, true),
        ] {
            assert_eq!(rule.allows(a, b), allowed, "{rule:?} {a:?} {b:?}");
        }
    }
}
