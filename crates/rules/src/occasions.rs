//! What happened, as rules are told of it.

use std::sync::Arc;

use razz_alert::Occasion;
use razz_analytics::VisitEnd;
use razz_base::CameraId;
use razz_hub::facts::{AreaNow, Fact, Moment, What};

/// A crossing or a visit, or that there was none.
pub fn of_fact(fact: &Fact) -> Occasion {
    let (camera, area, track) = (fact.camera, Arc::clone(&fact.area), fact.track);
    let (media, class) = (fact.at.time, Arc::clone(&fact.class));
    if fact.retracted {
        return Occasion::Retracted { camera, area, track, media, at_us: fact.at.wall_us };
    }
    match &fact.what {
        What::Crossing { direction, bridged, speed, .. } => Occasion::Crossing {
            camera,
            area,
            class,
            direction: *direction,
            at_us: fact.at.wall_us,
            media,
            track,
            bridged: *bridged,
            speed_mps: speed.map(|speed| speed.mps),
        },
        What::Visit { entered, end } => Occasion::Visit {
            camera,
            area,
            class,
            track,
            media,
            from_us: fact.at.wall_us,
            entered: *entered,
            until_us: end.map(|(end, _)| end.wall_us),
            left: end.is_some_and(|(_, why)| why == VisitEnd::Left),
        },
    }
}

/// How many are in a zone now; `None` for a line, and before the first frame.
pub fn of_now(now: &AreaNow) -> Option<Occasion> {
    let at = now.at.filter(|_| now.is_zone)?;
    let classes = now.inside.iter().map(|(class, count)| (Arc::clone(class), *count)).collect();
    Some(of_occupancy(now.camera, Arc::clone(&now.area), at, classes))
}

/// So many were in a zone from then on.
pub fn of_occupancy(
    camera: CameraId,
    area: Arc<str>,
    at: Moment,
    classes: Vec<(Arc<str>, u32)>,
) -> Occasion {
    let total = classes.iter().map(|(_, count)| count).sum();
    Occasion::Occupancy { camera, area, at_us: at.wall_us, media: at.time, classes, total }
}

/// A past in the order of its times: visits are told when they begin and when they end.
pub fn in_order(facts: &[Fact], mut others: Vec<Occasion>) -> Vec<Occasion> {
    for fact in facts {
        if let What::Visit { entered, end: Some(_) } = fact.what {
            let goes_on = Fact { what: What::Visit { entered, end: None }, ..fact.clone() };
            others.push(of_fact(&goes_on));
        }
        others.push(of_fact(fact));
    }
    others.sort_by_key(Occasion::at_us);
    others
}

#[cfg(test)]
mod tests {
    use razz_base::{MediaTime, TrackId};

    use super::*;

    #[test]
    fn a_visit_of_the_past_begins_and_ends() {
        let moment = |us: i64| Moment { time: MediaTime::from_wall_us(us), wall_us: us };
        let fact = |from: i64, end: Option<i64>| Fact {
            camera: CameraId::new(1).unwrap(),
            area: "Hall".into(),
            at: moment(from),
            track: TrackId(7),
            class: "person".into(),
            revision: 0,
            retracted: false,
            what: What::Visit { entered: true, end: end.map(|end| (moment(end), VisitEnd::Left)) },
        };
        let past = in_order(&[fact(500, None), fact(100, Some(900))], Vec::new());
        let found: Vec<_> = past
            .iter()
            .map(|occasion| match occasion {
                Occasion::Visit { from_us, until_us, .. } => (*from_us, *until_us),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, [(100, None), (500, None), (100, Some(900))]);
    }
}
