//! What a detector says about one picture.

use std::fmt;
use std::sync::Arc;

use crate::Rect;

/// An object class by its index in the model's list; COCO's order for COCO models.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ClassId(pub u16);

/// Box, class and score on one picture.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Detection {
    /// Where, in pixels of the picture.
    pub bbox: Rect,
    /// What.
    pub class: ClassId,
    /// How sure, 0 to 1.
    pub score: f64,
}

/// A unit vector of appearance (re-identification); similarity is the dot product.
#[derive(Clone, PartialEq, Debug)]
pub struct Embedding(Arc<[f32]>);

impl Embedding {
    /// Scales `values` to length 1. `None` where that cannot be done: empty, zero or not finite.
    pub fn normalised(values: &[f32]) -> Option<Self> {
        let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            return None;
        }
        Some(Self(values.iter().map(|v| (f64::from(*v) / norm) as f32).collect()))
    }

    /// The components.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Cosine similarity, -1 to 1; 0 between vectors of different models (different lengths).
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        self.0.iter().zip(other.0.iter()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }
}

/// The names of a model's classes, by [`ClassId`].
#[derive(Clone, PartialEq, Eq)]
pub struct ClassNames(Arc<[String]>);

impl ClassNames {
    /// From the names in the model's order.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// COCO's 80 classes.
    pub fn coco() -> Self {
        Self::new(COCO.iter().map(|name| (*name).to_owned()))
    }

    /// Whether it is the very list that another is, which costs nothing to find out; an equal one may be another.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a class; `"unknown"` past the end.
    pub fn name(&self, class: ClassId) -> &str {
        self.0.get(usize::from(class.0)).map_or("unknown", String::as_str)
    }

    /// The class of a name.
    pub fn find(&self, name: &str) -> Option<ClassId> {
        self.0.iter().position(|n| n == name).map(|i| ClassId(i as u16))
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Debug for ClassNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClassNames({} classes)", self.0.len())
    }
}

#[rustfmt::skip]
const COCO: [&str; 80] = [
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
    "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant",
    "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_are_unit_vectors_or_refused() {
        let e = Embedding::normalised(&[3.0, 4.0]).unwrap();
        assert!((e.similarity(&e) - 1.0).abs() < 1e-6);
        for bad in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0]] {
            assert_eq!(Embedding::normalised(bad), None, "{bad:?}");
        }
        let other = Embedding::normalised(&[1.0]).unwrap();
        assert_eq!(e.similarity(&other), 0.0);
    }

    #[test]
    fn coco_has_80_names_in_order() {
        let names = ClassNames::coco();
        assert_eq!(names.len(), 80);
        for (id, name) in [(0, "person"), (2, "car"), (7, "truck"), (79, "toothbrush")] {
            assert_eq!(names.name(ClassId(id)), name);
            assert_eq!(names.find(name), Some(ClassId(id)));
        }
        assert_eq!(names.name(ClassId(80)), "unknown");
    }
}
