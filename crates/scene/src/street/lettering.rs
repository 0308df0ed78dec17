//! A small bitmap alphabet for signs and the camera's name.

use crate::canvas::{Brush, Ink};

/// Five columns by seven rows, one byte a row, the leftmost column in bit 4.
#[rustfmt::skip]
const GLYPHS: [(char, [u8; 7]); 37] = [
    ('A', [14, 17, 17, 31, 17, 17, 17]), ('B', [30, 17, 17, 30, 17, 17, 30]),
    ('C', [14, 17, 16, 16, 16, 17, 14]), ('D', [30, 17, 17, 17, 17, 17, 30]),
    ('E', [31, 16, 16, 30, 16, 16, 31]), ('F', [31, 16, 16, 30, 16, 16, 16]),
    ('G', [14, 17, 16, 23, 17, 17, 15]), ('H', [17, 17, 17, 31, 17, 17, 17]),
    ('I', [14, 4, 4, 4, 4, 4, 14]),      ('J', [7, 2, 2, 2, 2, 18, 12]),
    ('K', [17, 18, 20, 24, 20, 18, 17]), ('L', [16, 16, 16, 16, 16, 16, 31]),
    ('M', [17, 27, 21, 21, 17, 17, 17]), ('N', [17, 25, 21, 19, 17, 17, 17]),
    ('O', [14, 17, 17, 17, 17, 17, 14]), ('P', [30, 17, 17, 30, 16, 16, 16]),
    ('Q', [14, 17, 17, 17, 21, 18, 13]), ('R', [30, 17, 17, 30, 20, 18, 17]),
    ('S', [15, 16, 16, 14, 1, 1, 30]),   ('T', [31, 4, 4, 4, 4, 4, 4]),
    ('U', [17, 17, 17, 17, 17, 17, 14]), ('V', [17, 17, 17, 17, 17, 10, 4]),
    ('W', [17, 17, 17, 21, 21, 27, 17]), ('X', [17, 17, 10, 4, 10, 17, 17]),
    ('Y', [17, 17, 10, 4, 4, 4, 4]),     ('Z', [31, 1, 2, 4, 8, 16, 31]),
    ('0', [14, 17, 19, 21, 25, 17, 14]), ('1', [4, 12, 4, 4, 4, 4, 14]),
    ('2', [14, 17, 1, 2, 4, 8, 31]),     ('3', [31, 2, 4, 2, 1, 17, 14]),
    ('4', [2, 6, 10, 18, 31, 2, 2]),     ('5', [31, 16, 30, 1, 1, 17, 14]),
    ('6', [6, 8, 16, 30, 17, 17, 14]),   ('7', [31, 1, 2, 4, 8, 8, 8]),
    ('8', [14, 17, 17, 14, 17, 17, 14]), ('9', [14, 17, 17, 15, 1, 2, 12]),
    ('-', [0, 0, 0, 14, 0, 0, 0]),
];

/// How wide `text` is for dots of `dot` units.
pub(crate) fn width(text: &str, dot: f32) -> f32 {
    (text.chars().count() as f32 * 6.0 - 1.0).max(0.0) * dot
}

/// Writes `text` (capitals, digits, space, hyphen; anything else is a gap) with its top left
/// corner at `x`, `y`; a letter is 5 by 7 dots of `dot` units.
pub(crate) fn write(brush: &mut Brush<'_>, text: &str, x: f32, y: f32, dot: f32, ink: Ink) {
    for (column, letter) in text.chars().enumerate() {
        let Some((_, rows)) = GLYPHS.iter().find(|(name, _)| *name == letter) else { continue };
        let left = x + column as f32 * 6.0 * dot;
        for (row, bits) in rows.iter().enumerate() {
            let mut column = 0;
            while column < 5 {
                // One rectangle for each unbroken stretch, so that no seam shows between dots.
                let run = (column..5).take_while(|c| bits & (16 >> c) != 0).count();
                if run > 0 {
                    let at = left + column as f32 * dot;
                    brush.rect(at, y + row as f32 * dot, run as f32 * dot, dot, ink);
                }
                column += run.max(1);
            }
        }
    }
}
