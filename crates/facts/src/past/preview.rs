//! What an area would have counted that nobody has saved yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use razz_analytics::Direction;
use razz_base::{CLOCK_RATE, CameraId, MediaTime, TrackId};
use razz_hub::facts::{self, Counts, Moment, What};
use razz_store::archive::{self, Archive};

use super::{DECIDED_90K, PastError};
use crate::counter::{Counter, Found};
use crate::drawing::{Drawing, Version};
use crate::names::Names;
use crate::record;

/// The newest first, by so much, in ticks: an hour, so that there are numbers at once, then quarters of a day.
const FIRST_90K: i64 = 3600 * CLOCK_RATE;
const PIECE_90K: i64 = 6 * 3600 * CLOCK_RATE;
/// Pieces that are counted at the same time: somebody waits for it, and video comes first.
const AT_ONCE: usize = 2;
/// The counter begins so long before a piece, in ticks, to know who is there.
const WARM_90K: i64 = 30 * CLOCK_RATE;
/// Examples that are shown.
const EXAMPLES: usize = 50;
const HOUR_US: i64 = 3_600_000_000;

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct PreviewRequest {
    /// Whose picture.
    pub camera: CameraId,
    /// What is drawn.
    pub drawing: Drawing,
    /// From when.
    pub from: archive::Moment,
    /// Until when.
    pub until: archive::Moment,
}

/// Somebody who was counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Example {
    /// When.
    pub at: Moment,
    /// Who.
    pub track: TrackId,
    /// What it is.
    pub class: Arc<str>,
    /// Which way a line was crossed.
    pub direction: Option<Direction>,
    /// Where it was counted, in shares of the picture.
    pub place: Option<[f64; 2]>,
}

/// What was counted so far.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Preview {
    /// All of what was asked for.
    pub complete: bool,
    /// So much of it has tracks, in seconds.
    pub searched_s: f64,
    /// Different tracks in it; one that goes on where two pieces of it meet counts in both.
    pub tracks: u64,
    /// In all.
    pub counts: Counts,
    /// By class.
    pub classes: BTreeMap<Arc<str>, Counts>,
    /// By hours, which begin at these times in UTC µs since 1970.
    pub hours: BTreeMap<i64, Counts>,
    /// Most at a time, in a zone.
    pub most: u32,
    /// How long the visits took, in ticks.
    dwell: Vec<i64>,
    /// The newest that were counted.
    pub examples: Vec<Example>,
}

impl Preview {
    /// Half of the visits took no longer, in seconds.
    pub fn dwell_p50_s(&self) -> Option<f64> {
        let mut all = self.dwell.clone();
        all.sort_unstable();
        let middle = all.get(all.len().saturating_sub(1) / 2)?;
        Some(*middle as f64 / CLOCK_RATE as f64)
    }

    /// Takes what was found before all that it has.
    fn take(&mut self, piece: Piece) {
        piece.facts.iter().for_each(|fact| self.add(fact));
        self.examples.truncate(EXAMPLES);
        self.most = self.most.max(piece.most);
        self.tracks += piece.tracks;
        self.searched_s += piece.searched_s;
    }

    fn add(&mut self, fact: &facts::Fact) {
        let count = |counts: &mut Counts| *counts.of(&fact.what) += 1;
        count(&mut self.counts);
        count(self.classes.entry(Arc::clone(&fact.class)).or_default());
        let hour = fact.at.wall_us.div_euclid(HOUR_US) * HOUR_US;
        count(self.hours.entry(hour).or_default());
        let (direction, place) = match fact.what {
            What::Crossing { direction, place, .. } => (Some(direction), Some(place)),
            What::Visit { end, .. } => {
                self.dwell.extend(end.map(|(end, _)| end.time.since_90k(fact.at.time)));
                (None, None)
            }
        };
        let facts::Fact { at, track, class, .. } = fact.clone();
        self.examples.push(Example { at, track, class, direction, place });
    }
}

/// Counts over the record, the newest day first; `each` sees what was counted so far after each of them, and answers
/// whether to go on.
///
/// # Errors
/// When the record cannot be read.
pub fn preview(
    archive: &Archive,
    request: &PreviewRequest,
    mut each: impl FnMut(&Preview) -> bool,
) -> Result<Preview, PastError> {
    let camera = request.camera;
    let from = archive.media_time(camera, request.from)?;
    let until = archive.media_time(camera, request.until)?;
    let newest = record::newest(archive, camera)?.unwrap_or(from).plus_90k(1);
    let until = until.min(newest);
    let begin = record::first(archive, camera)?.map_or(until, |first| first.max(from));
    let mut preview = Preview::default();
    let mut pieces = pieces(archive, camera, begin, until)?.into_iter();
    let mut at_once = 1;
    loop {
        let spans: Vec<_> = pieces.by_ref().take(at_once).collect();
        at_once = AT_ONCE;
        let count = |[start, end]: [MediaTime; 2]| piece(archive, request, start, end);
        let found: Vec<Result<Piece, PastError>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                spans.iter().skip(1).map(|span| scope.spawn(move || count(*span))).collect();
            let mine = spans.first().map(|span| count(*span));
            let theirs = threads.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            mine.into_iter().chain(theirs).collect()
        });
        for piece in found {
            preview.take(piece?);
        }
        preview.complete = pieces.len() == 0;
        if preview.complete || !each(&preview) {
            return Ok(preview);
        }
    }
}

/// The spans that are counted one after the other, the newest first; what has no tracks is passed over.
fn pieces(
    archive: &Archive,
    camera: CameraId,
    begin: MediaTime,
    until: MediaTime,
) -> Result<Vec<[MediaTime; 2]>, PastError> {
    let mut spans = Vec::new();
    let (mut end, mut length) = (until, FIRST_90K);
    while end > begin {
        let start = begin.max(MediaTime::from_90k(end.as_90k().saturating_sub(length)));
        spans.push([start, end]);
        let before = record::before(archive, camera, start)?;
        end = before.map_or(begin, |before| start.min(before.plus_90k(1)));
        length = PIECE_90K;
    }
    Ok(spans)
}

/// What was found in a span.
struct Piece {
    /// The newest first.
    facts: Vec<facts::Fact>,
    most: u32,
    tracks: u64,
    searched_s: f64,
}

fn piece(
    archive: &Archive,
    request: &PreviewRequest,
    start: MediaTime,
    end: MediaTime,
) -> Result<Piece, PastError> {
    let mut most = 0;
    let camera = request.camera;
    let version = Version {
        row: 0,
        camera,
        area: 1,
        version: 1,
        name: "".into(),
        drawing: request.drawing.clone(),
        from: None,
        until: None,
        counted: true,
    };
    let mut names = Names::default();
    let mut counter = Counter::new(camera, vec![version], &mut names);
    let mut found = Found::default();
    let mut tracks: BTreeSet<TrackId> = BTreeSet::new();
    let mut last: Option<MediaTime> = None;
    let mut searched_90k = 0;
    let warm = MediaTime::from_90k(start.as_90k().saturating_sub(WARM_90K));
    record::walk(archive, camera, warm, end.plus_90k(DECIDED_90K), |piece| {
        for one in piece {
            let time = one.frame.key.time;
            if !counter.take_recorded(&mut names, one) {
                continue;
            }
            if time >= start && time < end {
                tracks.extend(one.frame.tracks.iter().map(|track| track.id));
                let passed = last.map_or(0, |last| time.since_90k(last));
                searched_90k += if passed <= 10 * CLOCK_RATE { passed } else { 0 };
                last = Some(time);
                let inside: u32 = counter.inside(1).iter().map(|(_, count)| count).sum();
                most = most.max(inside);
            }
        }
        found.take(&mut counter, &names);
        true
    })?;
    counter.finish();
    found.take(&mut counter, &names);
    let is_in = |fact: &facts::Fact| fact.at.time >= start && fact.at.time < end;
    let mut facts: Vec<facts::Fact> = found.into_facts().filter(is_in).collect();
    facts.sort_by_key(|fact| std::cmp::Reverse((fact.at.time, fact.track)));
    let searched_s = searched_90k as f64 / CLOCK_RATE as f64;
    Ok(Piece { facts, most, tracks: tracks.len() as u64, searched_s })
}
