//! Pictures to another size, plane by plane.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use razz_base::Size;

use super::RenditionError;
use crate::picture::{Picture, Plane};

/// A picture as the encoder takes it: luma, Cb, Cr without padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled<'a> {
    pub(super) size: Size,
    pub(super) planes: [&'a [u8]; 3],
}

/// Scales; keep it, so that it allocates once.
#[derive(Debug, Default)]
pub(super) struct Scaler {
    resizer: Resizer,
    planes: [Vec<u8>; 3],
}

impl Scaler {
    /// The picture in `size`, whose sides are even. Each sample is the mean of what it covers.
    pub(super) fn scale(
        &mut self,
        picture: &Picture,
        size: Size,
    ) -> Result<Scaled<'_>, RenditionError> {
        let half = Size::new(size.width / 2, size.height / 2);
        let [y, u, v] = &mut self.planes;
        for (plane, size, out) in
            [(picture.luma(), size, y), (picture.cb(), half, u), (picture.cr(), half, v)]
        {
            resize(&mut self.resizer, plane, size, out)?;
        }
        let [y, u, v] = &self.planes;
        Ok(Scaled { size, planes: [y, u, v] })
    }
}

fn resize(
    resizer: &mut Resizer,
    plane: Plane<'_>,
    size: Size,
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
    let source = ImageRef::new(width, height, plane.data, PixelType::U8);
    let source = source.map_err(|error| failed(&error))?;
    let target = Image::from_slice_u8(size.width, size.height, out, PixelType::U8);
    let mut target = target.map_err(|error| failed(&error))?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    resizer.resize(&source, &mut target, &options).map_err(|error| failed(&error))
}
