//! What can be set, and the numbers that are not to be set, each with its reason.

use razz_base::CLOCK_RATE;

/// How facts are decided. The defaults were chosen on some of the sequences of
/// `docs/design/analytics.md` and measured on the others.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// How far beyond an edge an object has to be before it counts as there, in its own heights.
    /// Raising it ignores larger shaking of boxes, and misses who turns around or vanishes close behind
    /// the line. 0.05 to 0.15 make sense.
    pub band: f64,
    /// For how long, in µs, somebody may have left a zone, or not be seen in it, within one visit.
    /// Raising it makes fewer, longer visits, told later. At most [`Settings::MAX_GRACE_US`].
    pub grace_us: i64,
    /// Whether a track that breaks off is joined with the one that goes on in its place. Turning it off
    /// tells nothing afterwards, and loses who was hidden while crossing.
    pub join: bool,
}

impl Settings {
    /// The longest grace: who is not seen for longer is forgotten.
    pub const MAX_GRACE_US: i64 = 9_000_000;
}

impl Default for Settings {
    fn default() -> Self {
        Self { band: 0.1, grace_us: 1_000_000, join: true }
    }
}

/// In 90 kHz ticks.
pub(crate) const SECOND: i64 = CLOCK_RATE;

/// Further from 1970 than this is no time of a camera; within it no sum of times overflows.
pub(crate) const FURTHEST_TICKS: i64 = i64::MAX / 4;

/// Sightings, and time between the first and the last of them, after which a track is believed: the
/// server's own measure of who is there. What it did before is told then, and dated back.
pub(crate) const CONFIRM_SIGHTINGS: u32 = 3;
/// See [`CONFIRM_SIGHTINGS`].
pub(crate) const CONFIRM_TICKS: i64 = SECOND / 2;

/// A lower edge within this share of the picture's height of its border is the border's, not the
/// object's: who walks out of the picture downwards seems to stand still there.
pub(crate) const CUT_SHARE: f64 = 0.01;

/// With this time constant an object's height follows that of its boxes, so that a box that is half
/// hidden for a moment does not halve the band.
pub(crate) const HEIGHT_TICKS: f64 = 0.5 * SECOND as f64;

/// With this time constant an object's velocity follows its sightings.
pub(crate) const VELOCITY_TICKS: f64 = 0.3 * SECOND as f64;

/// A change of sides that nobody saw for longer than this, or that is longer than
/// [`BRIDGED_HEIGHTS`], is marked as bridged.
pub(crate) const BRIDGED_TICKS: i64 = 2 * SECOND;
/// See [`BRIDGED_TICKS`]; in heights of the object.
pub(crate) const BRIDGED_HEIGHTS: f64 = 3.0;

/// The first side of an object is believed at this share of the band: there is no side before that it
/// could be taken for wrongly, and people come into view near lines more often than far from them.
pub(crate) const FIRST_SIDE_SHARE: f64 = 0.5;

/// A track that begins more than this after another ended is not its continuation. Longer gaps are
/// the tracker's, which knows looks.
pub(crate) const JOIN_TICKS: i64 = 3 * SECOND;
/// Nor is one that begins further away than this from where the other would be, in heights: the spread of
/// what people do while they are hidden.
pub(crate) const JOIN_HEIGHTS: f64 = 0.7;
/// Nor is one whose height differs by more than this factor.
pub(crate) const JOIN_HEIGHT_RATIO: f64 = 1.4;
/// While an object is not seen it is thought to go on for this long, then to stand: people behind others
/// walk on, and nobody knows where to.
pub(crate) const JOIN_COAST_TICKS: f64 = SECOND as f64;
/// So long after a track was seen last it is decided which track goes on in its place: by then every
/// candidate is confirmed, and has every rival.
pub(crate) const JOIN_DECISION_TICKS: i64 = JOIN_TICKS + CONFIRM_TICKS;

/// Who is not matched on a frame that was looked at is still present for this long: detectors blink. As
/// long as the grace of a visit; half and a quarter of it count 1 to 3 % worse on tracks of detectors.
pub(crate) const PRESENT_TICKS: i64 = SECOND;
/// Who was matched when somebody looked last is present for this long at most: if nobody looks any
/// more, nobody is known to be there.
pub(crate) const UNWATCHED_TICKS: i64 = 10 * SECOND;

/// A track that was not seen for so long is forgotten, and its facts are final. Trackers find an object
/// again by its looks after 6 s at most.
pub(crate) const FORGET_TICKS: i64 = 10 * SECOND;

/// Most tracks that are remembered at a time, seen or just lost; of more, the one that was seen longest
/// ago is forgotten. More than any tracker publishes in 10 s.
pub(crate) const MAX_TRACKS: usize = 2_000;

/// Most facts of one track that wait for its confirmation, or for its final class; of more, the oldest are
/// final as they are.
pub(crate) const MAX_OPEN_FACTS: usize = 16;
