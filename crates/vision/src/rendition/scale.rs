//! Pictures to another size, plane by plane.
//!
//! Most rungs are whole fractions of what cameras send (720 and 1080 lines to 360 and 180): there a sample is the
//! mean of a square of samples, which takes a tenth of the library's time for any two sizes.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use razz_base::Size;

use super::RenditionError;
use crate::picture::{Picture, Plane};

/// A picture as the encoder takes it: luma, Cb, Cr without padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled<'a> {
    pub(crate) size: Size,
    pub(crate) planes: [&'a [u8]; 3],
}

/// Scales; keep it, so that it allocates once.
#[derive(Debug, Default)]
pub(crate) struct Scaler {
    resizer: Resizer,
    planes: [Vec<u8>; 3],
    /// Sums of columns, of one row of the target.
    sums: Vec<u16>,
}

/// The largest square whose sum fits 16 bits is 16 by 16.
const LARGEST_SQUARE: usize = 16;

impl Scaler {
    /// The picture in `size`, whose sides are even. Each sample is the mean of what it covers.
    pub(crate) fn scale(
        &mut self,
        picture: &Picture,
        size: Size,
    ) -> Result<Scaled<'_>, RenditionError> {
        let half = Size::new(size.width / 2, size.height / 2);
        let ([y, u, v], sums) = (&mut self.planes, &mut self.sums);
        for (plane, size, out) in
            [(picture.luma(), size, y), (picture.cb(), half, u), (picture.cr(), half, v)]
        {
            resize(&mut self.resizer, plane, size, sums, out)?;
        }
        let [y, u, v] = &self.planes;
        Ok(Scaled { size, planes: [y, u, v] })
    }
}

fn resize(
    resizer: &mut Resizer,
    plane: Plane<'_>,
    size: Size,
    sums: &mut Vec<u16>,
    out: &mut Vec<u8>,
) -> Result<(), RenditionError> {
    let failed = |error: &dyn std::fmt::Display| RenditionError::Scale(error.to_string());
    out.resize((size.width * size.height) as usize, 0);
    let (width, height) = (plane.width as u32, plane.height as u32);
    if Size::new(width, height) == size {
        out.clear();
        out.extend_from_slice(&plane.data[..plane.width * plane.height]);
        return Ok(());
    }
    if let Some(side) = whole_fraction(plane, size) {
        mean_of_squares(plane, side, sums, out);
        return Ok(());
    }
    let source = ImageRef::new(width, height, plane.data, PixelType::U8);
    let source = source.map_err(|error| failed(&error))?;
    let target = Image::from_slice_u8(size.width, size.height, out, PixelType::U8);
    let mut target = target.map_err(|error| failed(&error))?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    resizer.resize(&source, &mut target, &options).map_err(|error| failed(&error))
}

/// How many samples across and down become one, where that is a whole number and the same.
fn whole_fraction(plane: Plane<'_>, size: Size) -> Option<usize> {
    let (width, height) = (size.width.max(1) as usize, size.height.max(1) as usize);
    let side = plane.width / width;
    let fits = side * width == plane.width && side * height == plane.height;
    (fits && (2..=LARGEST_SQUARE).contains(&side)).then_some(side)
}

/// Each sample of `out` is the mean, rounded, of a square of samples with this side.
fn mean_of_squares(plane: Plane<'_>, side: usize, sums: &mut Vec<u16>, out: &mut [u8]) {
    let area = (side * side) as u32;
    let rows = plane.data[..plane.width * plane.height].chunks_exact(side * plane.width);
    for (rows, out) in rows.zip(out.chunks_exact_mut(plane.width / side)) {
        // There are two lines at least.
        let (first, rest) = rows.split_at(plane.width);
        let (second, rest) = rest.split_at(plane.width);
        sums.clear();
        sums.extend(first.iter().zip(second).map(|(a, b)| u16::from(*a) + u16::from(*b)));
        for line in rest.chunks_exact(plane.width) {
            for (sum, sample) in sums.iter_mut().zip(line) {
                *sum += u16::from(*sample);
            }
        }
        // Where the compiler knows the side it does many at once: these are what cameras and rungs come to.
        match side {
            2 => means::<2>(sums, out),
            3 => means::<3>(sums, out),
            4 => means::<4>(sums, out),
            6 => means::<6>(sums, out),
            _ => {
                for (out, sums) in out.iter_mut().zip(sums.chunks_exact(side)) {
                    *out = mean(sums, area);
                }
            }
        }
    }
}

fn means<const SIDE: usize>(sums: &[u16], out: &mut [u8]) {
    for (out, sums) in out.iter_mut().zip(sums.as_chunks::<SIDE>().0) {
        *out = mean(sums, (SIDE * SIDE) as u32);
    }
}

#[inline(always)]
fn mean(sums: &[u16], area: u32) -> u8 {
    let mut sum = area / 2;
    for of_column in sums {
        sum += u32::from(*of_column);
    }
    (sum / area) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_mean_of_what_it_covers() {
        // Width and height of the target, and the side of the squares.
        for (width, height, side) in
            [(8, 4, 2), (5, 3, 3), (6, 2, 4), (3, 5, 5), (4, 4, 6), (2, 2, 12), (1, 1, 16)]
        {
            let (across, down) = (width * side, height * side);
            let data: Vec<u8> = (0..across * down).map(|n| (n * n / 7 + n % 251) as u8).collect();
            let plane = Plane { stride: across, width: across, height: down, data: &data };
            let size = Size::new(width as u32, height as u32);
            assert_eq!(whole_fraction(plane, size), Some(side), "{side}");
            let mut out = vec![0; width * height];
            mean_of_squares(plane, side, &mut Vec::new(), &mut out);
            for (n, got) in out.iter().enumerate() {
                let (left, top) = (n % width * side, n / width * side);
                let row = |y: usize| &data[y * across + left..][..side];
                let sum = |row: &[u8]| row.iter().map(|sample| f64::from(*sample)).sum::<f64>();
                let mean = (top..top + side).map(|y| sum(row(y))).sum::<f64>();
                let mean = mean / (side * side) as f64;
                assert_eq!(f64::from(*got), (mean + 1e-9).round(), "sample {n} of {side}");
            }
        }
        let data = [0; 64 * 36];
        let plane = Plane { stride: 64, width: 64, height: 36, data: &data };
        for (size, side) in
            [((32, 18), Some(2)), ((32, 17), None), ((48, 27), None), ((64, 36), None)]
        {
            assert_eq!(whole_fraction(plane, Size::new(size.0, size.1)), side, "{size:?}");
        }
    }
}
