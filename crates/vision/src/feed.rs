//! What a detection model takes, and how it is given that.

use razz_base::Size;

use crate::engine::{Element, Elements, Engine, EngineError, Port, Tensor};
use crate::input::GREY;

/// Wider or higher than any model's input, and small enough to allocate.
const LARGEST: usize = 8192;
/// A file that fixes a larger batch is made for something else than cameras.
const LARGEST_BATCH: usize = 64;

/// The sizes that a picture input may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InputSize {
    /// This one.
    Fixed(Size),
    /// Any; this is as large as it shall get.
    Open(Size),
}

impl InputSize {
    pub(crate) fn largest(self) -> Size {
        let (Self::Fixed(size) | Self::Open(size)) = self;
        size
    }
}

/// Gives a model its inputs: a batch of pictures, and where it asks for that (`orig_target_sizes`
/// of RT-DETR and D-FINE) the size in whose pixels it shall give its boxes.
#[derive(Debug)]
pub(crate) struct Feed {
    inputs: usize,
    picture: usize,
    told: Option<SizeInput>,
    size: InputSize,
    batch: Batch,
    /// A fixed batch, with what no picture fills up.
    filled: Vec<f32>,
}

/// How many pictures a model takes in one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Batch {
    /// Any number.
    Open,
    /// This many, always: with fewer, the rest is filled up and what comes of it not read.
    Fixed(usize),
}

/// The size input: its values for each picture of a batch.
#[derive(Debug)]
struct SizeInput {
    element: Element,
    i64: Vec<i64>,
    i32: Vec<i32>,
    f32: Vec<f32>,
}

impl Feed {
    /// For a model with these inputs; `None` when it takes something else. `open` is for a size that
    /// it leaves open.
    pub(crate) fn new(inputs: &[Port], open: Size) -> Option<Self> {
        let fitting: Vec<usize> =
            (0..inputs.len()).filter(|at| picture_size(&inputs[*at], open).is_some()).collect();
        let told = match (inputs, fitting.as_slice()) {
            ([_], [_]) => None,
            ([_, _], [picture]) => {
                let batch = first_dimension(&inputs[*picture]);
                Some(SizeInput::new(&inputs[1 - picture], batch)?)
            }
            _ => return None,
        };
        let picture = fitting[0];
        let port = &inputs[picture];
        let batch = match first_dimension(port) {
            None => Batch::Open,
            Some(batch) if (1..=LARGEST_BATCH).contains(&batch) => Batch::Fixed(batch),
            Some(_) => return None,
        };
        let open_dimension = |at: usize| port.shape.as_ref().is_none_or(|s| s[at].is_none());
        let size = picture_size(port, open)?;
        let both_open = open_dimension(2) && open_dimension(3);
        Some(Self {
            inputs: inputs.len(),
            picture,
            told,
            size: if both_open { InputSize::Open(size) } else { InputSize::Fixed(size) },
            batch,
            filled: Vec::new(),
        })
    }

    /// The sizes that its picture input may have.
    pub(crate) fn size(&self) -> InputSize {
        self.size
    }

    /// How many pictures it takes at a time.
    pub(crate) fn batch(&self) -> Batch {
        self.batch
    }

    /// Runs the model on a batch of pictures that lie one after the other in `canvas`, each three
    /// planes of `size`. A fixed batch is filled up with grey; what it gives for that follows what
    /// it gives for the pictures.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) fn run(
        &mut self,
        engine: &mut dyn Engine,
        canvas: &[f32],
        batch: usize,
        size: Size,
        read: &mut dyn FnMut(&[Tensor<'_>]),
    ) -> Result<(), EngineError> {
        let (mut batch, mut canvas) = (batch, canvas);
        if let Batch::Fixed(whole) = self.batch
            && batch < whole
        {
            self.filled.clear();
            self.filled.extend_from_slice(canvas);
            self.filled.resize(canvas.len() / batch.max(1) * whole, GREY);
            (batch, canvas) = (whole, &self.filled);
        }
        let shape = [batch, 3, size.height as usize, size.width as usize];
        let picture = Tensor::f32(&shape, canvas);
        let told_shape = [batch, 2];
        let mut inputs = [picture; 2];
        if let Some(told) = &mut self.told {
            let values = told.values(batch, size);
            inputs[1 - self.picture] = Tensor { shape: &told_shape, values };
        }
        engine.run(&inputs[..self.inputs], read)
    }
}

impl SizeInput {
    /// For a picture input of this batch.
    fn new(port: &Port, batch: Option<usize>) -> Option<Self> {
        let element = port.element.unwrap_or(Element::I64);
        let pair = match port.shape.as_deref() {
            None => true,
            Some([first, None | Some(2)]) => first.is_none_or(|first| first == batch.unwrap_or(1)),
            Some(_) => false,
        };
        let known = pair && element != Element::Other;
        known.then(|| Self { element, i64: Vec::new(), i32: Vec::new(), f32: Vec::new() })
    }

    /// Width and height for each picture.
    fn values(&mut self, batch: usize, size: Size) -> Elements<'_> {
        fn fill<T: Copy>(values: &mut Vec<T>, batch: usize, pair: [T; 2]) -> &[T] {
            values.clear();
            (0..batch).for_each(|_| values.extend(pair));
            values
        }
        let Size { width, height } = size;
        match self.element {
            Element::F32 | Element::F16 => {
                Elements::F32(fill(&mut self.f32, batch, [width as f32, height as f32]))
            }
            Element::I32 => {
                Elements::I32(fill(&mut self.i32, batch, [width as i32, height as i32]))
            }
            Element::I64 | Element::Other => {
                Elements::I64(fill(&mut self.i64, batch, [width.into(), height.into()]))
            }
        }
    }
}

/// The size of the pictures that an input takes, `open` where it leaves that open; `None` when it
/// takes something else than pictures as floats.
pub(crate) fn picture_size(input: &Port, open: Size) -> Option<Size> {
    if input.element.is_some_and(|element| !matches!(element, Element::F32 | Element::F16)) {
        return None;
    }
    let (height, width) = match input.shape.as_deref() {
        Some([_, None | Some(3), height, width]) => (*height, *width),
        None => (None, None),
        Some(_) => return None,
    };
    let side = |known: Option<usize>, open: u32| known.unwrap_or(open as usize);
    let (width, height) = (side(width, open.width), side(height, open.height));
    let sane = |v: usize| (1..=LARGEST).contains(&v);
    (sane(width) && sane(height)).then(|| Size::new(width as u32, height as u32))
}

/// How many of something an input takes; `None` where it leaves that open.
fn first_dimension(input: &Port) -> Option<usize> {
    input.shape.as_ref().and_then(|shape| *shape.first()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Size = Size::new(640, 480);

    fn port(dims: &[i64], element: Element) -> Port {
        let shape = dims.iter().map(|v| usize::try_from(*v).ok()).collect();
        Port { name: "some".to_owned(), shape: Some(shape), element: Some(element) }
    }

    #[test]
    fn inputs_that_pictures_fit() {
        use Element::{F16, F32, I64, Other};
        let unknown = Port { name: "images".to_owned(), shape: None, element: None };
        for (port, want) in [
            (port(&[1, 3, 384, 640], F32), Some(InputSize::Fixed(Size::new(640, 384)))),
            (port(&[-1, 3, -1, -1], F32), Some(InputSize::Open(OPEN))),
            (port(&[-1, 3, 320, -1], F32), Some(InputSize::Fixed(Size::new(640, 320)))),
            (unknown, Some(InputSize::Open(OPEN))),
            (port(&[1, 1, 640, 640], F32), None),
            (port(&[4, 3, 640, 640], F32), Some(InputSize::Fixed(Size::new(640, 640)))),
            (port(&[65, 3, 640, 640], F32), None),
            (port(&[0, 3, 640, 640], F32), None),
            (port(&[1, 3, 640, 640], F16), Some(InputSize::Fixed(Size::new(640, 640)))),
            (port(&[1, 640, 640, 3], F32), None),
            (port(&[1, 3, 640, 640], Other), None),
            (port(&[1, 3, 640, 640], I64), None),
            (port(&[1, 3, 0, 640], F32), None),
            (port(&[1, 3, 1 << 20, 640], F32), None),
            (port(&[1, 3], F32), None),
        ] {
            let feed = Feed::new(std::slice::from_ref(&port), OPEN);
            assert_eq!(feed.map(|feed| feed.size()), want, "{port}");
        }
        assert!(Feed::new(&[], OPEN).is_none());
    }

    #[test]
    fn models_that_ask_for_a_size() {
        use Element::{F16, F32, I32, I64, Other};
        let picture = port(&[-1, 3, 640, 640], F32);
        for (other, fits) in [
            (port(&[-1, 2], I64), true),
            (port(&[1, 2], I32), true),
            (port(&[1, 2], F32), true),
            (port(&[1, 2], F16), true),
            (port(&[2, 2], I64), false),
            (port(&[1, 4], I64), false),
            (port(&[1, 2], Other), false),
            (picture.clone(), false),
        ] {
            for inputs in [[picture.clone(), other.clone()], [other.clone(), picture.clone()]] {
                let feed = Feed::new(&inputs, OPEN);
                assert_eq!(feed.is_some(), fits, "{other}");
            }
        }
        let three = [picture, port(&[1, 2], I64), port(&[1, 2], I64)];
        assert!(Feed::new(&three, OPEN).is_none());
        // A size for each picture of a fixed batch.
        let four = [port(&[4, 3, 640, 640], F32), port(&[4, 2], I64)];
        assert_eq!(Feed::new(&four, OPEN).map(|feed| feed.batch()), Some(Batch::Fixed(4)));
        assert!(Feed::new(&[four[0].clone(), port(&[1, 2], I64)], OPEN).is_none());
    }

    /// An engine that keeps what it was given.
    struct Keeps(Vec<usize>, Vec<f32>);

    impl Engine for Keeps {
        fn name(&self) -> &str {
            "keeps"
        }

        fn precision(&self) -> crate::engine::Precision {
            crate::engine::Precision::F32
        }

        fn batch(&self) -> usize {
            1
        }

        fn inputs(&self) -> &[Port] {
            &[]
        }

        fn outputs(&self) -> &[Port] {
            &[]
        }

        fn run(
            &mut self,
            inputs: &[Tensor<'_>],
            read: &mut dyn FnMut(&[Tensor<'_>]),
        ) -> Result<(), EngineError> {
            self.0 = inputs[0].shape.to_vec();
            self.1 = inputs[0].as_f32().unwrap_or_default().to_vec();
            read(&[]);
            Ok(())
        }
    }

    #[test]
    fn a_fixed_batch_is_filled_up() {
        let size = Size::new(2, 1);
        for (first, pictures, whole) in [(3, 1, 3), (3, 3, 3), (3, 2, 3), (1, 1, 1), (-1, 2, 2)] {
            let mut feed = Feed::new(&[port(&[first, 3, 1, 2], Element::F32)], OPEN).unwrap();
            let mut engine = Keeps(Vec::new(), Vec::new());
            let canvas = vec![1.0; pictures * 6];
            feed.run(&mut engine, &canvas, pictures, size, &mut |_| ()).unwrap();
            let mut want = canvas.clone();
            want.resize(whole * 6, GREY);
            assert_eq!((engine.0, engine.1), (vec![whole, 3, 1, 2], want), "{first}, {pictures}");
        }
    }
}
