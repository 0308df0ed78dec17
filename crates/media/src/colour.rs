//! How samples become RGB, as H.264 and H.265 say it with the same numbers.

/// How to turn a picture's samples into RGB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Colour {
    /// The matrix to use. Where the stream does not say (see `stated`): BT.709 for pictures at
    /// least 720 lines high, else BT.601. Chromium's and Firefox's media pipelines guess the same.
    pub matrix: Matrix,
    /// Samples use 0 to 255; else luma 16 to 235, chroma 16 to 240.
    pub full_range: bool,
    /// Whether the stream named the matrix, so that it is no guess.
    pub stated: bool,
}

impl Colour {
    /// The guess for a stream that says nothing, `height` lines high.
    pub fn unstated(height: u32) -> Self {
        let matrix = if height >= 720 { Matrix::Bt709 } else { Matrix::Bt601 };
        Self { matrix, full_range: false, stated: false }
    }
}

/// The matrix between RGB and Y'CbCr.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Matrix {
    /// Kr 0.299, Kb 0.114.
    Bt601,
    /// Kr 0.2126, Kb 0.0722.
    Bt709,
    /// Kr 0.2627, Kb 0.0593.
    Bt2020,
}

impl Matrix {
    /// By `matrix_coefficients` (table E-5 of both standards). FCC (4) and SMPTE 240M (7) differ from
    /// BT.601 and BT.709 by less than a rounding step or two, and are taken for those. `None` for
    /// unspecified and for what 4:2:0 cameras do not send (RGB, YCgCo, ...).
    pub(crate) fn from_coefficients(matrix_coefficients: u8) -> Option<Self> {
        match matrix_coefficients {
            1 | 7 => Some(Self::Bt709),
            4..=6 => Some(Self::Bt601),
            9 | 10 => Some(Self::Bt2020),
            _ => None,
        }
    }
}
