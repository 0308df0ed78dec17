//! The headers of a file and of a track: how the track's pictures lie on the screen (ISO/IEC 14496-12
//! sections 8.2.2 and 8.3.2).

use super::Mp4Error;
use super::atom::{Fields, find};
use crate::Orientation;

/// a, b, c and d of a matrix that takes (x, y) to (ax + cy, bx + dy), as 16.16 fixed-point numbers.
pub(super) type Matrix = [i64; 4];

const ONE: i64 = 1 << 16;
const IDENTITY: Matrix = [ONE, 0, 0, ONE];

/// What a track's header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) id: u32,
    /// How its pictures are turned.
    pub(super) orientation: Orientation,
    /// Width and height on the screen before they are turned, as 16.16 fixed-point numbers; 0 where it
    /// says nothing.
    pub(super) shown: [u32; 2],
}

impl Header {
    /// From the content of `tkhd`; `movie` is the matrix of the whole file.
    pub(super) fn read(header: &[u8], movie: Matrix) -> Result<Self, Mp4Error> {
        let (version, _, mut fields) = Fields::full_box(header)?;
        fields.bytes(if version == 0 { 8 } else { 16 })?;
        let id = fields.u32()?;
        // A reserved word and the duration; two more words, layer, group, volume and 2 bytes.
        let rest = fields.bytes(if version == 0 { 8 } else { 12 }).and_then(|_| fields.bytes(16));
        let own = rest.ok().and_then(|_| matrix(&mut fields)).unwrap_or(IDENTITY);
        let shown = match (fields.u32(), fields.u32()) {
            (Ok(width), Ok(height)) => [width, height],
            _ => [0; 2],
        };
        let orientation = Orientation::from_matrix(product(own, movie)).unwrap_or_default();
        Ok(Self { id, orientation, shown })
    }
}

/// The matrix of `mvhd`.
pub(super) fn movie_matrix(movie: &[u8]) -> Matrix {
    let read = || {
        let (version, _, mut fields) = Fields::full_box(find(movie, b"mvhd")?).ok()?;
        // Times, scale and duration; rate, volume and 10 reserved bytes.
        fields.bytes(if version == 0 { 16 } else { 28 }).ok()?;
        fields.bytes(16).ok()?;
        matrix(&mut fields)
    };
    read().unwrap_or(IDENTITY)
}

/// Units of time a second of the whole file, in which edits have their lengths.
pub(super) fn movie_timescale(movie: &[u8]) -> Option<u32> {
    let (version, _, mut fields) = Fields::full_box(find(movie, b"mvhd")?).ok()?;
    fields.bytes(if version == 0 { 8 } else { 16 }).ok()?;
    fields.u32().ok().filter(|scale| *scale > 0)
}

/// Nine numbers, of which the first two of the first two rows turn; the rest moves.
fn matrix(fields: &mut Fields<'_>) -> Option<Matrix> {
    let mut all = [0; 9];
    for value in &mut all {
        *value = i64::from(fields.u32().ok()? as i32);
    }
    let [a, b, _, c, d, ..] = all;
    // Some writers leave zeros.
    ([a, b, c, d] != [0; 4]).then_some([a, b, c, d])
}

/// First `one`, then `other`.
fn product(one: Matrix, other: Matrix) -> Matrix {
    let [a, b, c, d] = one;
    let [e, f, g, h] = other;
    // Shifted first: products of 32-bit numbers, and the sum of two of them, would not fit.
    let sum = |p: i64, q: i64, r: i64, s: i64| (p * q) / (2 * ONE) + (r * s) / (2 * ONE);
    [sum(a, e, b, g), sum(a, f, b, h), sum(c, e, d, g), sum(c, f, d, h)]
}
