//! What goes into a model and comes out of it.

use std::fmt;

/// Values in a shape, row-major (for pictures NCHW), borrowed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tensor<'a> {
    /// Its dimensions; their product is the number of values.
    pub shape: &'a [usize],
    /// Its values.
    pub values: Elements<'a>,
}

/// The values of a tensor.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Elements<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit integers.
    I64(&'a [i64]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// Of a type that no model here is read by; not shown.
    Other,
}

impl Elements<'_> {
    /// The first so many; all where there are fewer.
    pub(crate) fn first(self, count: usize) -> Self {
        match self {
            Self::F32(values) => Self::F32(&values[..count.min(values.len())]),
            Self::I64(values) => Self::I64(&values[..count.min(values.len())]),
            Self::I32(values) => Self::I32(&values[..count.min(values.len())]),
            Self::Other => Self::Other,
        }
    }
}

impl<'a> Tensor<'a> {
    /// Floats in a shape.
    pub fn f32(shape: &'a [usize], values: &'a [f32]) -> Self {
        Self { shape, values: Elements::F32(values) }
    }

    /// The values, where they are floats.
    pub fn as_f32(&self) -> Option<&'a [f32]> {
        match self.values {
            Elements::F32(values) => Some(values),
            _ => None,
        }
    }

    /// Whether every value is a number: neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        self.as_f32().is_none_or(|values| values.iter().all(|v| v.is_finite()))
    }
}

/// The type of a tensor's elements, as far as a model here may have them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    /// 32-bit floats.
    F32,
    /// 16-bit floats (IEEE 754 binary16). An engine is given 32-bit ones for them, and gives those
    /// back: it converts by itself.
    F16,
    /// 64-bit integers.
    I64,
    /// 32-bit integers; rten takes and gives these for all integers.
    I32,
    /// Something else, such as bytes.
    Other,
}

/// One input or output of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Its name in the model.
    pub name: String,
    /// Its dimensions, `None` where the model leaves one open; `None` as a whole when it says
    /// nothing.
    pub shape: Option<Vec<Option<usize>>>,
    /// The type of its elements; `None` when the model does not say.
    pub element: Option<Element>,
}

impl fmt::Display for Port {
    /// `images [1, 3, 640, 640]`, with `?` for open dimensions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        match &self.shape {
            None => write!(f, "of unknown shape")?,
            Some(shape) => {
                let dimension = |d: &Option<usize>| d.map_or("?".to_owned(), |d| d.to_string());
                write!(f, "[{}]", shape.iter().map(dimension).collect::<Vec<_>>().join(", "))?;
            }
        }
        match self.element {
            Some(Element::F32) | None => Ok(()),
            Some(Element::F16) => write!(f, " of 16-bit floats"),
            Some(Element::I64 | Element::I32) => write!(f, " of integers"),
            Some(Element::Other) => write!(f, ", not of floats"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_well() {
        let port = |shape, element| Port { name: "images".to_owned(), shape, element };
        let open = Some(vec![None, Some(3), Some(640)]);
        for (port, want) in [
            (port(open.clone(), Some(Element::F32)), "images [?, 3, 640]"),
            (port(open.clone(), Some(Element::F16)), "images [?, 3, 640] of 16-bit floats"),
            (port(open.clone(), Some(Element::Other)), "images [?, 3, 640], not of floats"),
            (port(open, Some(Element::I64)), "images [?, 3, 640] of integers"),
            (port(None, None), "images of unknown shape"),
        ] {
            assert_eq!(port.to_string(), want);
        }
    }

    #[test]
    fn only_floats_may_be_no_numbers() {
        for (values, finite) in [
            (Elements::F32(&[0.0, 1.0]), true),
            (Elements::F32(&[0.0, f32::NAN]), false),
            (Elements::F32(&[f32::INFINITY, 0.0]), false),
            (Elements::I64(&[i64::MAX, 0]), true),
            (Elements::I32(&[0, -1]), true),
        ] {
            assert_eq!(Tensor { shape: &[2], values }.is_finite(), finite, "{values:?}");
        }
    }
}
