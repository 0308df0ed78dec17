//! Heads: what a model family's outputs mean, and how detections come out of them.
//!
//! [`recognise`] tells the family from the outputs of a first run and from the file's metadata,
//! never from a name that a user gave the file. A [`Reader`] then turns each run's outputs into
//! detections. Every family first collects its candidates in pixels of the model input; what
//! follows is common to all.

mod beside;
mod dense;
mod end_to_end;
mod nas;
mod query;
mod ranking;
mod recognise;
mod scores;
mod suppress;
mod yolox;

use std::fmt;

use razz_base::{ClassId, Detection, Rect, Size};

use crate::engine::Tensor;
use crate::input::{ChannelOrder, Geometry, InputFormat, Placement, Values};

use dense::Dense;
use end_to_end::EndToEnd;
use nas::Nas;
use query::Query;
use ranking::Ranking;
use suppress::Suppressor;
use yolox::Yolox;

pub use beside::Beside;
pub(crate) use recognise::{FirstRun, KNOWN, recognise};
pub(crate) use scores::Outside;

/// At most so many detections a picture, the best ones (Ultralytics' `max_det`).
pub const MOST_DETECTIONS: usize = 300;

/// At most so many candidates a picture, where these are asked for: half the cells of a YOLO11.
const MOST_CANDIDATES: usize = 4000;

/// A kin of models that are fed and read alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// YOLO11, YOLOv8 and those with the same head: one candidate per cell, suppressed here.
    Yolo11,
    /// YOLO26, YOLOv10, and exports with suppression inside: final boxes.
    EndToEnd,
    /// YOLOX: cells to be decoded, suppressed here.
    Yolox,
    /// YOLO-NAS: boxes and scores of every cell, suppressed here.
    YoloNas,
    /// RT-DETR, D-FINE and their kin: queries, nothing to suppress.
    RtDetr,
    /// RF-DETR: the same, fed as ImageNet.
    RfDetr,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yolo11 => "YOLO11/YOLOv8",
            Self::EndToEnd => "YOLO26/YOLOv10 (end to end)",
            Self::Yolox => "YOLOX",
            Self::YoloNas => "YOLO-NAS",
            Self::RtDetr => "RT-DETR/D-FINE",
            Self::RfDetr => "RF-DETR",
        })
    }
}

impl Family {
    /// How its models want their pictures.
    pub fn input_format(self) -> InputFormat {
        let (order, values, placement) = match self {
            Self::Yolo11 | Self::EndToEnd | Self::YoloNas => {
                (ChannelOrder::Rgb, Values::Unit, Placement::Centred)
            }
            Self::Yolox => (ChannelOrder::Bgr, Values::Byte, Placement::TopLeft),
            Self::RtDetr => (ChannelOrder::Rgb, Values::Unit, Placement::Stretched),
            Self::RfDetr => (ChannelOrder::Rgb, Values::ImageNet, Placement::Stretched),
        };
        InputFormat { order, values, placement }
    }

    /// Whether its models give an object several boxes, of which [`DetectorSettings::iou`] decides
    /// which stay.
    ///
    /// [`DetectorSettings::iou`]: crate::DetectorSettings::iou
    pub fn leaves_doubles(self) -> bool {
        matches!(self, Self::Yolo11 | Self::Yolox | Self::YoloNas)
    }
}

/// Why outputs cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unreadable {
    /// A value is NaN or infinite.
    NotFinite,
    /// They are not those of the first run.
    Shape,
}

/// What counts as a detection.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Scores above this count.
    pub(crate) confidence: f32,
    /// An overlap (intersection over union) above this with a better one of its class drops it.
    pub(crate) iou: f32,
    /// For each class whether it counts; empty for all.
    pub(crate) classes: Vec<bool>,
    /// Whether all that scores enough is wanted: not suppressed, not clipped.
    pub(crate) candidates: bool,
}

impl Rules {
    fn counts(&self, class: usize) -> bool {
        self.classes.is_empty() || self.classes.get(class).is_some_and(|counts| *counts)
    }
}

/// Which picture of a batch to read, and where it lay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its place in the batch.
    pub(crate) index: usize,
    /// Where it lay in the model input.
    pub(crate) geometry: Geometry,
    /// The size of the model input.
    pub(crate) input: Size,
    /// Its own size.
    pub(crate) picture: Size,
}

/// A box that may become a detection, in pixels of the model input.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    score: f32,
    class: u16,
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// What the outputs mean.
#[derive(Debug)]
pub(crate) enum Head {
    Dense(Dense),
    EndToEnd(EndToEnd),
    Yolox(Yolox),
    Nas(Nas),
    Query(Query),
}

impl Head {
    /// The head of YOLO11 with so many rows and columns, if it can be one.
    pub(crate) fn dense(rows: usize, columns: usize) -> Option<Self> {
        Dense::new(rows, columns).map(Self::Dense)
    }

    pub(crate) fn family(&self) -> Family {
        match self {
            Self::Dense(_) => Family::Yolo11,
            Self::EndToEnd(_) => Family::EndToEnd,
            Self::Yolox(_) => Family::Yolox,
            Self::Nas(_) => Family::YoloNas,
            Self::Query(query) => query.family(),
        }
    }

    /// How many classes it tells apart; `None` where the outputs do not show it.
    pub(crate) fn classes(&self) -> Option<usize> {
        match self {
            Self::Dense(dense) => Some(dense.classes()),
            Self::EndToEnd(_) => None,
            Self::Yolox(yolox) => Some(yolox.classes()),
            Self::Nas(nas) => Some(nas.classes),
            Self::Query(query) => query.classes(),
        }
    }

    /// What it gives beside boxes, classes and scores.
    pub(crate) fn beside(&self) -> Option<Beside> {
        match self {
            Self::Dense(dense) => dense.beside(),
            Self::EndToEnd(end_to_end) => end_to_end.beside,
            Self::Query(query) => query.beside(),
            Self::Yolox(_) | Self::Nas(_) => None,
        }
    }

    /// Adds what scores enough to `found`, in the order of the outputs.
    fn collect(
        &mut self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Unreadable> {
        match self {
            Self::Dense(dense) => dense.collect(outputs, place, rules, found),
            Self::EndToEnd(end_to_end) => end_to_end.collect(outputs, place, rules, found),
            Self::Yolox(yolox) => yolox.collect(outputs, place, rules, found),
            Self::Nas(nas) => nas.collect(outputs, place, rules, found),
            Self::Query(query) => query.collect(outputs, place, rules, found),
        }
    }
}

/// Reads outputs of one head; keep it, so that it allocates once.
#[derive(Debug)]
pub(crate) struct Reader {
    head: Head,
    found: Vec<Candidate>,
    /// Where the candidates lie in `found`, best first.
    ranking: Ranking,
    suppressor: Suppressor,
}

impl Reader {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head,
            found: Vec::with_capacity(1024),
            ranking: Ranking::default(),
            suppressor: Suppressor::new(),
        }
    }

    pub(crate) fn family(&self) -> Family {
        self.head.family()
    }

    /// What the head gives beside boxes, classes and scores.
    pub(crate) fn beside(&self) -> Option<Beside> {
        self.head.beside()
    }

    /// Adds the detections of one picture to `out`, best first, in its pixels and clipped to it.
    ///
    /// # Errors
    /// When the outputs cannot be read; `out` is as it was then.
    pub(crate) fn read(
        &mut self,
        outputs: &[Tensor<'_>],
        place: &Place,
        rules: &Rules,
        out: &mut Vec<Detection>,
    ) -> Result<(), Unreadable> {
        self.found.clear();
        self.head.collect(outputs, place, rules, &mut self.found)?;
        self.ranking.rank(&self.found);
        let ranked = self.ranking.iter().map(|at| &self.found[at]);
        let clip = |candidate: &Candidate| {
            let Candidate { left, top, right, bottom, .. } = *candidate;
            let bbox = Rect::new(left.into(), top.into(), right.into(), bottom.into());
            let whole = place.geometry.to_picture(bbox);
            let inside = whole.clipped(place.picture);
            // What lies wholly in the border is nowhere in the picture.
            if inside.area() > 0.0 || rules.candidates {
                let bbox = if rules.candidates { whole } else { inside };
                let class = ClassId(candidate.class);
                out.push(Detection { bbox, class, score: candidate.score.into() });
            }
        };
        if rules.candidates {
            ranked.take(MOST_CANDIDATES).for_each(clip);
        } else if self.family().leaves_doubles() {
            self.suppressor.suppress(ranked, place.input, rules.iou).iter().for_each(clip);
        } else {
            ranked.take(MOST_DETECTIONS).for_each(clip);
        }
        Ok(())
    }
}

/// The part of an output `[batch, rows, columns]` that belongs to one picture, where it has that
/// many rows (any, when `None`) and columns.
fn part<'a>(
    output: Option<&Tensor<'a>>,
    index: usize,
    rows: Option<usize>,
    columns: Option<usize>,
) -> Result<(&'a [f32], usize, usize), Unreadable> {
    let output = output.ok_or(Unreadable::Shape)?;
    let (&[batch, r, c], Some(values)) = (output.shape, output.as_f32()) else {
        return Err(Unreadable::Shape);
    };
    let fits = |want: Option<usize>, have| want.is_none_or(|want| want == have);
    if index >= batch || !fits(rows, r) || !fits(columns, c) {
        return Err(Unreadable::Shape);
    }
    let values = values.get(index * r * c..(index + 1) * r * c).ok_or(Unreadable::Shape)?;
    Ok((values, r, c))
}

/// All ones: NaN or infinite (IEEE 754 section 3.4).
const EXPONENT: u32 = 0x7f80_0000;

/// Whether a value is NaN or infinite, as a number that loops without branches can gather.
fn not_finite(value: f32) -> u32 {
    u32::from(value.to_bits() & EXPONENT == EXPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Elements;

    const SIZE: Size = Size::new(64, 64);

    fn read(
        head: Head,
        outputs: &[Tensor<'_>],
        index: usize,
        classes: &[bool],
    ) -> Result<Vec<(u16, u32, [i64; 4])>, Unreadable> {
        let geometry = Geometry::new(SIZE, SIZE, Placement::Stretched);
        let place = Place { index, geometry, input: SIZE, picture: SIZE };
        let rules =
            Rules { confidence: 0.25, iou: 0.5, classes: classes.to_vec(), candidates: false };
        let mut out = Vec::new();
        Reader::new(head).read(outputs, &place, &rules, &mut out)?;
        let row = |d: &Detection| {
            let bbox = d.bbox.to_array().map(|v| v.round() as i64);
            (d.class.0, (d.score * 1000.0).round() as u32, bbox)
        };
        Ok(out.iter().map(row).collect())
    }

    #[test]
    fn end_to_end() {
        let rows: [[f32; 6]; 6] = [
            // The second picture of a batch; the last box is the best.
            [0.0, 0.0, 9.0, 9.0, 0.9, 0.0],
            [0.0; 6],
            [0.0; 6],
            [8.0, 8.0, 24.0, 72.0, 0.5, 1.0],
            [8.0, 8.0, 24.0, 24.0, 0.25, 1.0],
            [8.0, 8.0, 24.0, 24.0, 0.75, 2.0],
        ];
        let data = rows.concat();
        let output = [Tensor::f32(&[2, 3, 6], &data)];
        let head = || Head::EndToEnd(EndToEnd::default());
        let (two, one) = ((2, 750, [8, 8, 24, 24]), (1, 500, [8, 8, 24, 64]));
        assert_eq!(read(head(), &output, 1, &[]), Ok(vec![two, one]));
        assert_eq!(read(head(), &output, 1, &[false, true]), Ok(vec![one]));
        assert_eq!(read(head(), &output, 0, &[]), Ok(vec![(0, 900, [0, 0, 9, 9])]));
        assert_eq!(read(head(), &output, 2, &[]), Err(Unreadable::Shape));
        assert_eq!(read(head(), &[Tensor::f32(&[6, 6], &data)], 0, &[]), Err(Unreadable::Shape));
        assert_eq!(read(head(), &[], 0, &[]), Err(Unreadable::Shape));
        let mut bad = data.clone();
        bad[5] = f32::NAN;
        let bad = [Tensor::f32(&[2, 3, 6], &bad)];
        assert_eq!(read(head(), &bad, 0, &[]), Err(Unreadable::NotFinite));
        assert!(read(head(), &bad, 1, &[]).is_ok());
    }

    #[test]
    fn yolox_cells() {
        // 8x8, 4x4 and 2x2 cells, two classes.
        let mut data = vec![0.0; 84 * 7];
        let mut set = |cell: usize, values: [f32; 7]| {
            data[cell * 7..][..7].copy_from_slice(&values);
        };
        let ln = f32::ln;
        // Column 3, row 2 of the finest; column 1, row 2 at 16; column 1, row 0 at 32.
        set(2 * 8 + 3, [0.25, 0.5, ln(2.0), ln(3.0), 0.9, 0.2, 0.5]);
        set(64 + 2 * 4 + 1, [0.5, -0.5, ln(1.0), ln(0.5), 0.8, 1.0, 0.0]);
        set(80 + 1, [0.0, 0.5, ln(0.5), ln(0.5), 0.5, 0.4, 0.4]);
        let output = [Tensor::f32(&[1, 84, 7], &data)];
        let head = || Head::Yolox(Yolox::new(&data, 84, 7, SIZE).unwrap());
        // The third scores 0.2.
        let want = [(0, 800, [16, 20, 32, 28]), (1, 450, [18, 8, 34, 32])];
        assert_eq!(read(head(), &output, 0, &[]), Ok(want.to_vec()));
        assert_eq!(read(head(), &output, 0, &[false, true]), Ok(want[1..].to_vec()));
        let fewer = [Tensor::f32(&[1, 83, 7], &data[..83 * 7])];
        assert_eq!(read(head(), &fewer, 0, &[]), Err(Unreadable::Shape));
        for (at, value) in [(4, f32::NAN), (19 * 7, f32::NAN), (19 * 7 + 2, 100.0)] {
            let mut bad = data.clone();
            bad[at] = value;
            let bad = [Tensor::f32(&[1, 84, 7], &bad)];
            assert_eq!(read(head(), &bad, 0, &[]), Err(Unreadable::NotFinite), "{at}");
        }
    }

    #[test]
    fn queries_in_their_four_forms() {
        let family = Family::RtDetr;
        let raw = |scored| {
            let (logits, boxes, beside) = (1, 0, None);
            Head::Query(Query::Raw { logits, boxes, classes: 2, family, scored, beside })
        };
        let boxes = [0.5, 0.5, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5];
        // Sigmoid of 0 is a half, of -ln 3 a quarter, which does not count.
        let logits = [-9.0, 0.0, -(3f32.ln()), -9.0];
        let outputs = [Tensor::f32(&[1, 2, 4], &boxes), Tensor::f32(&[1, 2, 2], &logits)];
        let want = (1, 500, [24, 16, 40, 48]);
        assert_eq!(read(raw(false), &outputs, 0, &[]), Ok(vec![want]));
        assert_eq!(read(raw(false), &outputs, 0, &[true, false]), Ok(vec![]));
        assert_eq!(read(raw(false), &outputs[..1], 0, &[]), Err(Unreadable::Shape));
        let scores = [outputs[0], Tensor::f32(&[1, 2, 2], &[0.1, 0.5, 0.2, 0.25])];
        assert_eq!(read(raw(true), &scores, 0, &[]), Ok(vec![want]));

        let joined = || Head::Query(Query::Joined { classes: 2 });
        let data = [0.5, 0.5, 0.25, 0.5, 0.1, 0.5, 0.25, 0.25, 0.5, 0.5, 0.25, 0.2];
        let outputs = [Tensor::f32(&[1, 2, 6], &data)];
        assert_eq!(read(joined(), &outputs, 0, &[]), Ok(vec![want]));

        let ranked = || Head::Query(Query::Ranked);
        let data = [0.5, 0.5, 0.25, 0.5, 0.5, 1.0, 0.25, 0.25, 0.5, 0.5, 0.2, 0.0];
        let outputs = [Tensor::f32(&[1, 2, 6], &data)];
        assert_eq!(read(ranked(), &outputs, 0, &[]), Ok(vec![want]));
        assert_eq!(read(ranked(), &outputs, 0, &[true, false]), Ok(vec![]));

        let selected = || Head::Query(Query::Selected { labels: 0, boxes: 1, scores: 2 });
        let boxes = [0.0, 0.0, 9.0, 9.0, 24.0, 16.0, 40.0, 48.0];
        let labels = [-1, 1];
        let outputs = [
            Tensor { shape: &[1, 2], values: Elements::I64(&labels) },
            Tensor::f32(&[1, 2, 4], &boxes),
            Tensor::f32(&[1, 2], &[0.9, 0.5]),
        ];
        // A label below 0 is none.
        assert_eq!(read(selected(), &outputs, 0, &[]), Ok(vec![want]));
        let other = [outputs[0], outputs[1], Tensor { shape: &[1, 2], ..outputs[0] }];
        assert_eq!(read(selected(), &other, 0, &[]), Err(Unreadable::Shape));
        let nan = [outputs[0], outputs[1], Tensor::f32(&[1, 2], &[0.9, f32::NAN])];
        assert_eq!(read(selected(), &nan, 0, &[]), Err(Unreadable::NotFinite));
    }

    /// Whatever a model gives, reading it is an answer or an error.
    #[test]
    fn nothing_that_a_model_gives_panics() {
        let heads: [fn() -> Head; 10] = [
            || Head::Query(Query::Ranked),
            || Head::Dense(Dense::new(6, 84).unwrap()),
            || Head::Dense(Dense::with(0, 7, 84, Beside::Angle).unwrap()),
            || Head::EndToEnd(EndToEnd::default()),
            || Head::EndToEnd(EndToEnd { output: 0, beside: Some(Beside::Angle) }),
            || Head::Yolox(Yolox::new(&[0.0; 84 * 7], 84, 7, SIZE).unwrap()),
            || Head::Nas(Nas { boxes: 0, scores: 1, classes: 2 }),
            || {
                let (family, scored, beside) = (Family::RfDetr, false, None);
                let (logits, boxes, classes) = (0, 1, 2);
                Head::Query(Query::Raw { logits, boxes, classes, family, scored, beside })
            },
            || Head::Query(Query::Joined { classes: 2 }),
            || Head::Query(Query::Selected { labels: 0, boxes: 1, scores: 2 }),
        ];
        let mut state = 1u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let odd = [f32::NAN, f32::INFINITY, -1e30, 1e30, 0.0, 0.5, 0.9, 70000.0, -3.0];
        let (mut fine, mut refused) = (0, 0);
        for round in 0..6000 {
            let head = heads[round % heads.len()]();
            let shapes: Vec<Vec<usize>> = (0..random() % 4)
                .map(|_| {
                    let sizes = [0, 1, 1, 2, 4, 6, 7, 84];
                    (0..random() % 5).map(|_| sizes[(random() % 8) as usize]).collect()
                })
                .collect();
            let tame = round % 3 == 0;
            let data: Vec<Vec<f32>> = shapes
                .iter()
                .map(|shape| {
                    let value = |_| match tame {
                        true => (random() % 1000) as f32 / 1000.0,
                        false => odd[random() as usize % odd.len()],
                    };
                    (0..shape.iter().product()).map(value).collect()
                })
                .collect();
            let outputs: Vec<Tensor<'_>> =
                shapes.iter().zip(&data).map(|(shape, data)| Tensor::f32(shape, data)).collect();
            let _ = head.scores_outside(&outputs);
            match read(head, &outputs, (random() % 2) as usize, &[true]) {
                Ok(_) => fine += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(fine > 10 && refused > 1000, "{fine} {refused}");
    }
}
