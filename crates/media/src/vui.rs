//! The video usability information as far as H.264 and H.265 write the same (section E.1.1 of Rec.
//! ITU-T H.264, E.2.1 of H.265).

use razz_base::PixelAspect;

use crate::bits::{Bits, OutOfBits};
use crate::colour::{Colour, Matrix};

/// `aspect_ratio_idc` 1 to 16 (table E-1 of both).
const ASPECTS: [(u32, u32); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// The shape of pixels and the colour: what stands first.
#[derive(Default)]
pub(crate) struct VuiHead {
    pixel_aspect: Option<PixelAspect>,
    matrix: Option<Matrix>,
    full_range: bool,
}

impl VuiHead {
    /// Reads up to `chroma_loc_info`, and fills in what it reads, so that what came before an error
    /// stands.
    pub(crate) fn read(&mut self, bits: &mut Bits<'_>) -> Result<(), OutOfBits> {
        const EXTENDED_SAR: u8 = 255;
        // aspect_ratio_info_present_flag
        let idc = if bits.flag()? { bits.u8()? } else { 0 };
        let known = usize::from(idc).checked_sub(1).and_then(|at| ASPECTS.get(at));
        self.pixel_aspect = known.and_then(|(width, height)| PixelAspect::new(*width, *height));
        if idc == EXTENDED_SAR {
            let (width, height) = (bits.u(16)?, bits.u(16)?); // sar_width, sar_height
            self.pixel_aspect = PixelAspect::new(width, height);
        }
        if bits.flag()? {
            bits.flag()?; // overscan_appropriate_flag
        }
        // video_signal_type_present_flag
        if bits.flag()? {
            bits.u(3)?; // video_format
            self.full_range = bits.flag()?;
            // colour_description_present_flag
            if bits.flag()? {
                bits.u(16)?; // colour_primaries, transfer_characteristics
                self.matrix = Matrix::from_coefficients(bits.u8()?);
            }
        }
        // chroma_loc_info_present_flag
        if bits.flag()? {
            bits.ue()?;
            bits.ue()?;
        }
        Ok(())
    }

    /// Square where nothing was said.
    pub(crate) fn pixel_aspect(&self) -> PixelAspect {
        self.pixel_aspect.unwrap_or_default()
    }

    /// Of pictures `height` lines high; guessed where nothing was said.
    pub(crate) fn colour(&self, height: u32) -> Colour {
        let guess = Colour { full_range: self.full_range, ..Colour::unstated(height) };
        match self.matrix {
            Some(matrix) => Colour { matrix, stated: true, ..guess },
            None => guess,
        }
    }
}
