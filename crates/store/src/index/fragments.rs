//! Which fragments a file has, in few bytes.

use razz_base::MediaTime;
use razz_media::mp4::write::Summary;

use crate::scan::Scanned;
use crate::varint;

/// Where a fragment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// From the start of the file, in bytes.
    pub offset: u64,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Its first picture.
    pub from: MediaTime,
    /// Behind its last one.
    pub until: MediaTime,
    /// How many there are.
    pub frames: u32,
    /// The first is decoded without any other.
    pub key: bool,
}

/// The fragments of a file, in few bytes: of each, as varints, how much later than the end of the one before it begins,
/// how long it is, both in 90 kHz ticks, in bytes, and in pictures, of which the lowest bit says that the first is a key picture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fragments(pub(super) Vec<u8>);

impl Fragments {
    /// Adds one, where the one before ends at `before`, or the file begins. What stalls in between leaves a hole.
    pub fn push(&mut self, before: MediaTime, fragment: &Summary) {
        varint::put(fragment.from.since_90k(before).max(0) as u64, &mut self.0);
        varint::put(fragment.until.since_90k(fragment.from).max(0) as u64, &mut self.0);
        varint::put(fragment.bytes as u64, &mut self.0);
        varint::put(u64::from(fragment.frames) << 1 | u64::from(fragment.key), &mut self.0);
    }

    /// Of a file that was looked through.
    pub fn of(scanned: &Scanned) -> Self {
        let mut fragments = Self::default();
        let mut before =
            scanned.fragments.first().map_or(MediaTime::default(), |found| found.summary.from);
        for found in &scanned.fragments {
            fragments.push(before, &found.summary);
            before = found.summary.until;
        }
        fragments
    }

    /// Each of them, where the first begins at `from` and at `header` bytes of the file. Ends where the bytes make no
    /// sense.
    pub fn places(&self, from: MediaTime, header: u64) -> impl Iterator<Item = Place> {
        let (mut rest, mut from, mut offset) = (&self.0[..], from, header);
        std::iter::from_fn(move || {
            let later = varint::take(&mut rest)?;
            let lasts = varint::take(&mut rest)?;
            let bytes = varint::take(&mut rest)?;
            let frames = varint::take(&mut rest)?;
            let begins = from.plus_90k(i64::try_from(later).ok()?);
            let place = Place {
                offset,
                bytes,
                from: begins,
                until: begins.plus_90k(i64::try_from(lasts).ok()?),
                frames: u32::try_from(frames >> 1).ok()?,
                key: frames & 1 != 0,
            };
            (from, offset) = (place.until, offset.checked_add(bytes)?);
            Some(place)
        })
    }
}
