//! An alert as one plain English sentence.

use crate::{Alert, Direction, State, When};

/// How people speak of more than one, where it is not an s.
const PLURALS: [(&str, &str); 5] = [
    ("person", "people"),
    ("mouse", "mice"),
    ("sheep", "sheep"),
    ("knife", "knives"),
    ("child", "children"),
];

impl Alert {
    /// What is the matter, for people: "6 people in Queue of Shop for 30 s".
    pub fn words(&self, camera_name: &str) -> String {
        let place = match &self.area {
            Some(area) => format!("{area} of {camera_name}"),
            None => camera_name.to_owned(),
        };
        let who = self.class.as_deref().map_or_else(|| "Something".to_owned(), one);
        let direction = match self.direction {
            Some(Direction::In) => " in",
            Some(Direction::Out) => " out",
            None => "",
        };
        let over = self.state == State::Resolved;
        let long = match self.until_us {
            Some(until) => until.saturating_sub(self.since_us).max(0),
            None => self.held_us,
        };
        let long = if long > 0 { format!(" for {}", span(long)) } else { String::new() };
        let mut words = match self.when {
            When::Crossing => format!("{who} crossed {place}{direction}"),
            When::Enters => format!("{who} entered {place}"),
            When::Leaves => format!("{who} left {place}"),
            When::Appears => format!("{who} appeared at {place}"),
            When::Dwell => {
                let is = if over { "was" } else { "has been" };
                format!("{who} {is} in {place}{long}")
            }
            When::Occupancy => format!("{} in {place}{long}", self.many()),
            When::Absence => format!("{} in {place}{long}", self.nobody()),
            When::Speed => match self.measured {
                Some(mps) => {
                    let kmh = 3.6 * mps;
                    format!("{who} crossed {place}{direction} at {mps:.1} m/s ({kmh:.0} km/h)")
                }
                None => format!("{who} crossed {place}{direction} fast"),
            },
            When::CameraOffline => {
                let is = if over { "was" } else { "has been" };
                if long.is_empty() {
                    format!("{place} is offline")
                } else {
                    format!("{place} {is} offline{long}")
                }
            }
            When::RecordingStopped => {
                let is = if over { "was" } else { "has been" };
                if long.is_empty() {
                    format!("Recording of {place} has stopped")
                } else {
                    format!("Recording of {place} {is} stopped{long}")
                }
            }
        };
        if self.more > 0 {
            words += &format!(" (+{} more)", self.more);
        }
        words
    }

    fn many(&self) -> String {
        let count = self.measured.unwrap_or(0.0);
        match &self.class {
            _ if count == 0.0 => self.nobody(),
            Some(class) if count == 1.0 => format!("1 {class}"),
            Some(class) => format!("{count} {}", plural(class)),
            None if count == 1.0 => "1 object".to_owned(),
            None => format!("{count} objects"),
        }
    }

    fn nobody(&self) -> String {
        match self.class.as_deref() {
            None | Some("person") => "Nobody".to_owned(),
            Some(class) => format!("No {class}"),
        }
    }
}

fn one(class: &str) -> String {
    match class {
        "person" => "Somebody".to_owned(),
        _ if class.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("An {class}"),
        _ => format!("A {class}"),
    }
}

fn plural(class: &str) -> String {
    let known = PLURALS.iter().find(|(one, _)| *one == class);
    let sibilant = ["ss", "us", "x", "ch", "sh"].iter().any(|end| class.ends_with(end));
    match known {
        Some((_, many)) => (*many).to_owned(),
        None if sibilant => format!("{class}es"),
        None if class.ends_with('s') => class.to_owned(),
        None => format!("{class}s"),
    }
}

/// A time as people say it, in the largest unit of which there are two.
fn span(us: i64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0 => format!("{:.1} s", us as f64 / 1e6),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use razz_base::CameraId;

    use super::*;

    fn alert(when: When, class: &str) -> Alert {
        Alert {
            id: "1".into(),
            rule: "rule".into(),
            when,
            state: State::Firing,
            camera: CameraId::new(1).unwrap(),
            area: Some("Queue".into()),
            class: (!class.is_empty()).then(|| class.into()),
            direction: None,
            measured: None,
            held_us: 0,
            since_us: 1_000_000_000,
            since_media: None,
            until_us: None,
            count: 1,
            more: 0,
            sends: 1,
            track: None,
        }
    }

    #[test]
    fn sentences() {
        let second = 1_000_000;
        let held = |alert: Alert, held_us| Alert { held_us, ..alert };
        let count = |alert: Alert, count| Alert { measured: Some(count), ..alert };
        let over = |alert: Alert, us| Alert {
            state: State::Resolved,
            until_us: Some(alert.since_us + us),
            ..alert
        };
        let nowhere = |alert: Alert| Alert { area: None, ..alert };
        let way = |alert: Alert, way| Alert { direction: Some(way), ..alert };
        let people = || count(alert(When::Occupancy, "person"), 6.0);
        for (alert, words) in [
            (
                way(alert(When::Crossing, "person"), Direction::Out),
                "Somebody crossed Queue of Shop out",
            ),
            (way(alert(When::Crossing, "car"), Direction::In), "A car crossed Queue of Shop in"),
            (alert(When::Crossing, ""), "Something crossed Queue of Shop"),
            (
                Alert { more: 10, ..alert(When::Enters, "airplane") },
                "An airplane entered Queue of Shop (+10 more)",
            ),
            (alert(When::Leaves, "dog"), "A dog left Queue of Shop"),
            (nowhere(alert(When::Appears, "person")), "Somebody appeared at Shop"),
            (held(people(), 30 * second), "6 people in Queue of Shop for 30 s"),
            (people(), "6 people in Queue of Shop"),
            (over(people(), 95 * second), "6 people in Queue of Shop for 95 s"),
            (over(people(), 0), "6 people in Queue of Shop"),
            (count(alert(When::Occupancy, "bus"), 2.0), "2 buses in Queue of Shop"),
            (count(alert(When::Occupancy, "skis"), 2.0), "2 skis in Queue of Shop"),
            (count(alert(When::Occupancy, "car"), 1.0), "1 car in Queue of Shop"),
            (count(alert(When::Occupancy, ""), 7.0), "7 objects in Queue of Shop"),
            (count(alert(When::Occupancy, ""), 0.0), "Nobody in Queue of Shop"),
            (held(alert(When::Absence, "car"), 300 * second), "No car in Queue of Shop for 5 min"),
            (held(alert(When::Absence, ""), 7_200 * second), "Nobody in Queue of Shop for 2 h"),
            (
                held(alert(When::Dwell, "person"), 60 * second),
                "Somebody has been in Queue of Shop for 60 s",
            ),
            (
                over(alert(When::Dwell, "car"), 200_000 * second),
                "A car was in Queue of Shop for 2 days",
            ),
            (
                way(count(alert(When::Speed, "car"), 8.34), Direction::In),
                "A car crossed Queue of Shop in at 8.3 m/s (30 km/h)",
            ),
            (nowhere(alert(When::CameraOffline, "")), "Shop is offline"),
            (
                held(nowhere(alert(When::CameraOffline, "")), 60 * second),
                "Shop has been offline for 60 s",
            ),
            (
                over(nowhere(alert(When::CameraOffline, "")), second / 2),
                "Shop was offline for 0.5 s",
            ),
            (nowhere(alert(When::RecordingStopped, "")), "Recording of Shop has stopped"),
            (
                held(nowhere(alert(When::RecordingStopped, "")), 120 * second),
                "Recording of Shop has been stopped for 2 min",
            ),
        ] {
            assert_eq!(alert.words("Shop"), words);
        }
    }
}
