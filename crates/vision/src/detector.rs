//! Pictures to detections: letterbox, model, head.

use razz_base::{ClassId, ClassNames, Detection, Size};

use crate::engine::{self, Engine, EngineChoice, EngineError, Port};
use crate::input::{Geometry, InputFormat};
use crate::letterbox::Letterbox;
use crate::model::{ModelError, ModelFile, ModelSource};
use crate::picture::Picture;
use crate::yolo::{self, Head, NotFinite, Rules};

/// How to detect.
#[derive(Clone, PartialEq, Debug)]
pub struct DetectorSettings {
    /// Which engine runs the model.
    pub engine: EngineChoice,
    /// Detections with a score above this count, 0 to 1. Lower finds more and is wrong more often.
    pub confidence: f32,
    /// Of two detections of a class that overlap by more than this (intersection over union, 0 to
    /// 1), the better one stays. Higher keeps more of a crowd, and more doubles.
    pub iou: f32,
    /// Only these classes, by name; `None` for all the model knows. Names it does not know are
    /// noted and passed over.
    pub classes: Option<Vec<String>>,
    /// Threads of the engine. More make one picture faster and leave less for video.
    pub threads: usize,
    /// Width and height of the input of a model that leaves them open.
    pub input_size: Size,
}

impl Default for DetectorSettings {
    /// Automatic engine, confidence 0.25, IoU 0.7, all classes, one thread less than cores, 640x640.
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            confidence: 0.25,
            iou: 0.7,
            classes: None,
            threads: engine::default_threads(),
            input_size: Size::new(640, 640),
        }
    }
}

/// Why a picture could not be searched.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum DetectError {
    /// The engine failed.
    #[error("inference failed: {0}")]
    Engine(#[from] EngineError),
    /// The model's output holds values that are not numbers.
    #[error("inference failed: the model's output holds NaN or infinite values")]
    NotFinite,
    /// The model's output changed its shape.
    #[error("inference failed: the model gave {found:?}, at load time it was another shape")]
    Shape {
        /// The shape it gave.
        found: Vec<usize>,
    },
    /// Not three bytes for each pixel of a picture.
    #[error("{bytes} bytes are not an RGB picture of {width}x{height}")]
    Rgb {
        /// How many there are.
        bytes: usize,
        /// The width.
        width: u32,
        /// The height.
        height: u32,
    },
}

/// A loaded detection model. One thread uses it at a time; pictures may come from all cameras.
pub struct Detector {
    engine: Box<dyn Engine>,
    letterbox: Letterbox,
    head: Head,
    shape: Vec<usize>,
    rules: Rules,
    names: ClassNames,
    notes: Vec<String>,
}

impl Detector {
    /// Loads a model and runs it once, so that what is wrong with it shows now and the first
    /// picture is as fast as the others.
    ///
    /// # Errors
    /// When the file is not there, not a model, cut short, takes or gives shapes that are not
    /// known here, gives NaN, knows none of the classes, or no engine can run it.
    pub fn load(model: ModelSource<'_>, settings: &DetectorSettings) -> Result<Self, ModelError> {
        let file = ModelFile::read(model)?;
        let mut notes = Vec::new();
        // What is wrong with the model is wrong with every engine, so it ends the search.
        let mut verdict = None;
        let accept = |engine: &mut dyn Engine| {
            verdict = Some(Fit::check(engine, &file, settings)?);
            Ok(())
        };
        let engine =
            engine::open(&file.data, settings.engine, settings.threads, &mut notes, accept)
                .map_err(|errors| ModelError::Engine {
                    model: file.name.clone(),
                    reason: joined(&errors),
                })?;
        let Some(fit) = verdict else {
            unreachable!("an engine is only opened once it was accepted");
        };
        let fit = fit?;
        let names = names(&file, fit.head.classes())?;
        let classes = allowed(&file.name, &names, settings.classes.as_deref(), &mut notes)?;
        Ok(Self {
            engine,
            letterbox: fit.letterbox,
            head: fit.head,
            shape: fit.shape,
            rules: Rules { confidence: settings.confidence, iou: settings.iou, classes },
            names,
            notes,
        })
    }

    /// Finds what is in `picture`. `out` is overwritten: best first, at most 300, boxes in pixels of
    /// the picture and inside it.
    ///
    /// # Errors
    /// When the engine fails or gives NaN; `out` is empty then.
    pub fn detect(
        &mut self,
        picture: &Picture,
        out: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        let geometry = self.letterbox.picture(picture);
        self.infer(geometry, picture.size, out)
    }

    /// The same for an 8-bit RGB picture, three bytes a pixel, row after row.
    ///
    /// # Errors
    /// As [`Detector::detect`], and when `rgb` is not a picture of `size`.
    pub fn detect_rgb(
        &mut self,
        rgb: &[u8],
        size: Size,
        out: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        let Size { width, height } = size;
        if rgb.is_empty() || rgb.len() as u64 != 3 * u64::from(width) * u64::from(height) {
            out.clear();
            return Err(DetectError::Rgb { bytes: rgb.len(), width, height });
        }
        let geometry = self.letterbox.rgb(rgb, size);
        self.infer(geometry, size, out)
    }

    /// The model's classes.
    pub fn class_names(&self) -> &ClassNames {
        &self.names
    }

    /// What runs it: `"rten"`, `"ort/cpu"` or `"ort/openvino"`.
    pub fn engine_name(&self) -> &str {
        self.engine.name()
    }

    /// The model's input, in pixels.
    pub fn input_size(&self) -> Size {
        self.letterbox.target()
    }

    /// What a log should say about how it was loaded: engines passed over and why, unknown classes.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn infer(
        &mut self,
        geometry: Geometry,
        size: Size,
        out: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        out.clear();
        let (head, rules, shape) = (&mut self.head, &self.rules, &self.shape);
        let mut result = Ok(());
        let target = self.letterbox.target();
        let input_shape = [1, 3, target.height as usize, target.width as usize];
        self.engine.run(self.letterbox.canvas(), input_shape, &mut |output| {
            result = if output.shape == shape {
                head.read(output.data, rules, geometry, size, out)
                    .map_err(|NotFinite| DetectError::NotFinite)
            } else {
                Err(DetectError::Shape { found: output.shape.to_vec() })
            };
        })?;
        result
    }
}

fn joined(errors: &[EngineError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn listed(ports: &[Port]) -> String {
    match ports {
        [] => "nothing".to_owned(),
        ports => ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
    }
}

/// How an engine's model fits: its letterbox and its head.
struct Fit {
    letterbox: Letterbox,
    head: Head,
    shape: Vec<usize>,
}

impl Fit {
    /// The outer error is the engine's, the inner one the model's.
    fn check(
        engine: &mut dyn Engine,
        file: &ModelFile<'_>,
        settings: &DetectorSettings,
    ) -> Result<Result<Self, ModelError>, EngineError> {
        let model = || file.name.clone();
        let Some(size) = input_size(engine.inputs(), settings.input_size) else {
            let found = listed(engine.inputs());
            return Ok(Err(ModelError::Input { model: model(), found }));
        };
        let refused =
            |found| Ok(Err(ModelError::Output { model: model(), found, known: yolo::KNOWN }));
        if engine.outputs().len() != 1 {
            return refused(listed(engine.outputs()));
        }
        let letterbox = Letterbox::new(size, InputFormat::default());
        let input_shape = [1, 3, size.height as usize, size.width as usize];
        let (mut shape, mut finite) = (Vec::new(), true);
        engine.run(letterbox.canvas(), input_shape, &mut |output| {
            shape = output.shape.to_vec();
            finite = output.data.iter().all(|v| v.is_finite());
        })?;
        let Some(head) = Head::new(&shape) else {
            return refused(format!("{} {shape:?}", engine.outputs()[0].name));
        };
        if !finite {
            return Ok(Err(ModelError::NotFinite { model: model() }));
        }
        Ok(Ok(Self { letterbox, head, shape }))
    }
}

/// The size of the one picture that the model takes; `None` when it takes something else.
pub(crate) fn input_size(inputs: &[Port], open: Size) -> Option<Size> {
    let [input] = inputs else { return None };
    if input.is_f32 == Some(false) {
        return None;
    }
    let (height, width) = match input.shape.as_deref() {
        Some([None | Some(1), None | Some(3), height, width]) => (*height, *width),
        None => (None, None),
        Some(_) => return None,
    };
    let side = |known: Option<usize>, open: u32| known.unwrap_or(open as usize);
    let (width, height) = (side(width, open.width), side(height, open.height));
    // Larger than any model, small enough to allocate.
    let sane = |v: usize| (1..=8192).contains(&v);
    (sane(width) && sane(height)).then(|| Size::new(width as u32, height as u32))
}

/// The names of the classes: the model's own, else COCO's for 80 classes, else numbers.
fn names(file: &ModelFile<'_>, classes: usize) -> Result<ClassNames, ModelError> {
    let own = file.metadata.get("names").and_then(|text| parse_names(text));
    match own {
        Some(names) if names.len() == classes => Ok(ClassNames::new(names)),
        // E.g. masks or key points behind the classes.
        Some(names) => Err(ModelError::Output {
            model: file.name.clone(),
            found: format!("{classes} values after each box, and names {} classes", names.len()),
            known: yolo::KNOWN,
        }),
        None if classes == 80 => Ok(ClassNames::coco()),
        None => Ok(ClassNames::new((0..classes).map(|class| class.to_string()))),
    }
}

/// For each class whether it counts; empty for all.
fn allowed(
    model: &str,
    names: &ClassNames,
    wanted: Option<&[String]>,
    notes: &mut Vec<String>,
) -> Result<Vec<bool>, ModelError> {
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let mut allowed = vec![false; names.len()];
    for name in wanted {
        match names.find(name) {
            Some(ClassId(id)) => allowed[usize::from(id)] = true,
            None => notes.push(format!("model {model} has no class \"{name}\"; it is passed over")),
        }
    }
    if allowed.contains(&true) {
        return Ok(allowed);
    }
    let mut known: Vec<&str> = names.iter().take(10).collect();
    if names.len() > known.len() {
        known.push("...");
    }
    Err(ModelError::Classes {
        model: model.to_owned(),
        wanted: wanted.join(", "),
        known: known.join(", "),
    })
}

/// Reads `{0: 'person', 1: "traffic light"}`, as Python prints a dictionary, or `['a', 'b']`.
/// `None` when it is something else, or the numbers do not run from 0.
fn parse_names(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let numbered = text.starts_with('{');
    let mut rest = match numbered {
        true => text.strip_prefix('{')?.strip_suffix('}')?,
        false => text.strip_prefix('[')?.strip_suffix(']')?,
    }
    .trim_start();
    let mut names = Vec::new();
    while !rest.is_empty() {
        if numbered {
            let (number, after) = rest.split_once(':')?;
            let number = number.trim().trim_matches(['\'', '"']);
            if number.parse() != Ok(names.len()) {
                return None;
            }
            rest = after.trim_start();
        }
        let (name, after) = quoted(rest)?;
        names.push(name);
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!names.is_empty()).then_some(names)
}

/// A quoted string at the start, without its quotes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => name.push(characters.next()?.1),
            c if c == quote => return Some((name, &text[at + c.len_utf8()..])),
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_as_python_prints_them() {
        for (text, want) in [
            ("{0: 'person', 1: 'bicycle'}", Some(&["person", "bicycle"][..])),
            ("{0: \"driver's cab\", 1: 'a, b: c'}", Some(&["driver's cab", "a, b: c"])),
            ("{'0': 'a', '1': 'b'}", Some(&["a", "b"])),
            (r"{0: 'o\'clock'}", Some(&["o'clock"])),
            ("['a', 'b',]", Some(&["a", "b"])),
            ("{1: 'a'}", None),
            ("{0: person}", None),
            ("{0: 'person'", None),
            ("{0: 'person}", None),
            ("{0: 'a' 1: 'b'}", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(
                parse_names(text).as_deref(),
                want.map(|w| w.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{text}"
            );
        }
    }

    #[test]
    fn inputs_that_pictures_fit() {
        let open = Size::new(640, 480);
        let port = |shape: Option<Vec<Option<usize>>>, is_f32| Port {
            name: "images".to_owned(),
            shape,
            is_f32,
        };
        let dims = |d: [i64; 4]| Some(d.iter().map(|v| usize::try_from(*v).ok()).collect());
        for (port, want) in [
            (port(dims([1, 3, 384, 640]), Some(true)), Some(Size::new(640, 384))),
            (port(dims([-1, 3, -1, -1]), Some(true)), Some(open)),
            (port(None, None), Some(open)),
            (port(dims([1, 1, 640, 640]), Some(true)), None),
            (port(dims([4, 3, 640, 640]), Some(true)), None),
            (port(dims([1, 640, 640, 3]), Some(true)), None),
            (port(dims([1, 3, 640, 640]), Some(false)), None),
            (port(dims([1, 3, 0, 640]), Some(true)), None),
            (port(dims([1, 3, 1 << 20, 640]), Some(true)), None),
            (port(Some(vec![Some(1), Some(3)]), Some(true)), None),
        ] {
            assert_eq!(input_size(std::slice::from_ref(&port), open), want, "{port}");
        }
        assert_eq!(input_size(&[], open), None);
    }
}
