//! Parts that benches, fuzz targets and tests want by themselves: no interface.

use razz_base::{Detection, Size};

use crate::engine::Tensor;
use crate::heads::{Head, Place, Reader, Rules};
use crate::input::{Geometry, Placement};

pub use crate::decode::hevc::{Decoded, HevcDecoder, HevcError};

/// Reads the outputs of a YOLO11 model.
#[derive(Debug)]
pub struct DenseHead {
    reader: Reader,
    rules: Rules,
    place: Place,
    shape: [usize; 3],
}

impl DenseHead {
    /// For `[1, 4 + classes, candidates]` and pictures of 640x640; `None` when it is no such head.
    pub fn new(classes: usize, candidates: usize, confidence: f32, iou: f32) -> Option<Self> {
        let size = Size::new(640, 640);
        let geometry = Geometry::new(size, size, Placement::Centred);
        Some(Self {
            reader: Reader::new(Head::dense(4 + classes, candidates)?),
            rules: Rules { confidence, iou, classes: Vec::new(), candidates: false },
            place: Place { index: 0, geometry, input: size, picture: size },
            shape: [1, 4 + classes, candidates],
        })
    }

    /// Puts what was found in `values` into `out`; answers whether they could be read.
    pub fn read(&mut self, values: &[f32], out: &mut Vec<Detection>) -> bool {
        out.clear();
        let output = [Tensor::f32(&self.shape, values)];
        self.reader.read(&output, &self.place, &self.rules, out).is_ok()
    }
}
