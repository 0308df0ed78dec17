//! Video that is encoded anew: boxes burned in, people made unrecognisable, several cameras side by side.
//!
//! ```text
//! footage of each camera ─► decoded ─► put on a canvas ─► drawn on ─┐ (one thread)
//!                                                                   ├─► H.264 ─► MP4 (another)
//! tracks ───────────────────────────────────────────────────────────┘
//! ```
//!
//! Of one camera every picture keeps its time. Several are shown by the time of day, each with its newest picture.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use razz_base::{
    AccessUnit, CLOCK_RATE, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size,
    StreamFormat, WallQuality, WallTime,
};
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_media::mp4::write::{FragmentWriter, header};
use razz_store::archive::{Archive, Moment};
use razz_vision::{Canvas, Decoders, Encoded, Picture, Scaling, VideoEncoder};

use crate::boxes::{Boxes, FrameBox};
use crate::draw::{Area, Ink, Pen, placed};
use crate::error::ExportError;
use crate::footage::Footage;
use crate::request::{Blur, Request};

/// The largest picture of one camera, and of several together.
const LARGEST: Size = Size { width: 3840, height: 2160 };
const WALL: Size = Size { width: 1920, height: 1080 };
/// What is planned for where nobody knows better.
const USUAL_FPS: f64 = 30.0;
/// Players seek to key pictures.
const KEY_EVERY_90K: i64 = 2 * CLOCK_RATE;
/// Pictures of several cameras that were taken so close to one another are shown together, in µs: half a frame.
const TOGETHER_US: i64 = 16_000;
/// One that is older is no longer what its camera saw.
const STALE_US: i64 = 1_000_000;
/// Whoever was seen within this of a frame is made unrecognisable on it: detections begin late, and miss some.
const ABOUT_90K: i64 = CLOCK_RATE / 2;
/// And so much around a box, as a share of its height: boxes are a little small at times.
const AROUND: f64 = 0.06;
/// Pictures between the two threads.
const BETWEEN: usize = 3;

/// A fragment of the video.
pub(crate) struct Coded {
    /// What stands before the first one; empty with the others.
    pub(crate) header: Vec<u8>,
    pub(crate) fragment: Vec<u8>,
    /// It begins with a key picture.
    pub(crate) key: bool,
    pub(crate) from: MediaTime,
    pub(crate) until: MediaTime,
}

/// How the times of the video count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Times {
    /// From its beginning, as players want it.
    FromZero,
    /// As the camera's frames have them (one camera).
    Frames,
}

/// What is needed to render.
pub(crate) struct Rendering<'a> {
    pub(crate) archive: &'a Archive,
    pub(crate) decoders: &'a Decoders,
    pub(crate) request: &'a Request,
    pub(crate) names: &'a dyn Fn(CameraId) -> String,
}

/// One camera of it.
struct Tile<'a> {
    camera: CameraId,
    name: String,
    footage: Footage<'a>,
    boxes: Boxes,
    area: Area,
    next: Option<Picture>,
    /// When what is on the canvas was taken, in µs.
    shown_us: Option<i64>,
    scaling: Scaling,
}

impl Rendering<'_> {
    /// Encodes `cameras`, and hands over what is written as it is. Begins with the file's header.
    pub(crate) fn run(
        &self,
        cameras: &[CameraId],
        times: Times,
        draws: Drawn<'_>,
        progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
        write: &mut (dyn FnMut(Coded) -> Result<(), ExportError> + Send),
    ) -> Result<(), ExportError> {
        let span = [Moment::Wall(self.request.from_us), Moment::Wall(self.request.until_us)];
        let mut tiles = Vec::new();
        for camera in cameras {
            let mut footage = Footage::new(self.archive, self.decoders, *camera, span)?;
            let next = footage.next()?;
            tiles.push(Tile {
                camera: *camera,
                name: (self.names)(*camera),
                footage,
                boxes: Boxes::new(*camera),
                area: Area::new(0, 0, 0, 0),
                next,
                shown_us: None,
                scaling: Scaling::default(),
            });
        }
        let first = tiles.iter().find_map(|tile| tile.next.as_ref());
        let Some(first) = first.cloned() else { return Err(ExportError::Nothing) };
        let size = lay_out(&mut tiles, shown(&first));
        let begins = match tiles.as_slice() {
            [_] => first.wall.us,
            several => several
                .iter()
                .filter_map(|tile| Some(tile.next.as_ref()?.wall.us))
                .min()
                .unwrap_or_default(),
        };
        let [from, _] = tiles[0].footage.span();
        let from = if tiles.len() == 1 { first.key.time } else { from };
        let (camera, matrix) = (first.key.camera, first.colour.matrix);
        std::thread::scope(|scope| {
            let (to_encoder, drawn) = sync_channel::<Drawing>(BETWEEN);
            let (used, to_us) = sync_channel::<Canvas>(BETWEEN + 1);
            for _ in 0..=BETWEEN {
                // There is room for all of them.
                let _ = used.send(Canvas::new(size, matrix));
            }
            let encoding = std::thread::Builder::new()
                .name("export-encoder".to_owned())
                .spawn_scoped(scope, move || encode(camera, &drawn, &used, write));
            let encoding = encoding.map_err(|error| {
                ExportError::Footage(format!("the system gives no thread: {error}"))
            })?;
            let outcome = {
                let mut walk =
                    Walk { rendering: self, tiles, times, draws, begins, from, to_encoder, to_us };
                walk.run(progress)
            };
            let encoded = encoding.join().unwrap_or_else(|_| {
                Err(ExportError::Footage("the encoder failed by a fault of razz".to_owned()))
            });
            // What the encoder says is why the other could not go on.
            encoded.and(outcome)
        })
    }
}

/// What is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Drawn<'a> {
    pub(crate) boxes: bool,
    pub(crate) labels: bool,
    pub(crate) captions: bool,
    pub(crate) blur: Option<&'a Blur>,
}

/// A picture for the encoder.
struct Drawing {
    canvas: Canvas,
    time: MediaTime,
    wall: WallTime,
}

/// Through all pictures in the order of time.
struct Walk<'a, 'r> {
    rendering: &'r Rendering<'a>,
    tiles: Vec<Tile<'r>>,
    times: Times,
    draws: Drawn<'r>,
    /// When the first picture was taken, in µs.
    begins: i64,
    from: MediaTime,
    to_encoder: SyncSender<Drawing>,
    to_us: Receiver<Canvas>,
}

impl Walk<'_, '_> {
    fn run(&mut self, progress: &mut dyn FnMut(f64) -> ControlFlow<()>) -> Result<(), ExportError> {
        let length = (self.rendering.request.until_us - self.begins).max(1) as f64;
        // What stands on the canvases from before: they go round, so each has to be drawn whole.
        let mut newest: Vec<Option<Picture>> = vec![None; self.tiles.len()];
        loop {
            let due = self.tiles.iter().filter_map(|tile| Some(tile.next.as_ref()?.wall.us)).min();
            let Some(due) = due else { return Ok(()) };
            if progress(((due - self.begins) as f64 / length).clamp(0.0, 1.0)).is_break() {
                return Err(ExportError::Cancelled);
            }
            let alone = self.tiles.len() == 1;
            let mut time = MediaTime::default();
            for (tile, newest) in self.tiles.iter_mut().zip(&mut newest) {
                // Of one that has several by then the newest.
                while let Some(picture) =
                    tile.next.take_if(|next| alone || next.wall.us <= due + TOGETHER_US)
                {
                    time = picture.key.time;
                    tile.shown_us = Some(picture.wall.us);
                    *newest = Some(picture);
                    tile.next = tile.footage.next()?;
                    if alone {
                        break;
                    }
                }
                if tile.shown_us.is_some_and(|shown| due - shown > STALE_US) {
                    *newest = None;
                }
            }
            let time = match (self.times, alone) {
                (Times::Frames, _) => time,
                (Times::FromZero, true) => MediaTime::from_90k(time.since_90k(self.from)),
                (Times::FromZero, false) => {
                    MediaTime::from_90k(((due - self.begins) as f64 * 0.09).round() as i64)
                }
            };
            // The encoder has ended, and says why.
            let Ok(mut canvas) = self.to_us.recv() else { return Ok(()) };
            if !alone {
                canvas.clear();
            }
            for (tile, picture) in self.tiles.iter_mut().zip(&newest) {
                let drawn = self.draws;
                tile.draw(&mut canvas, picture.as_ref(), self.rendering.archive, drawn)?;
            }
            let wall = WallTime { us: due, quality: WallQuality::Arrival };
            if self.to_encoder.send(Drawing { canvas, time, wall }).is_err() {
                return Ok(());
            }
        }
    }
}

impl Tile<'_> {
    fn draw(
        &mut self,
        canvas: &mut Canvas,
        picture: Option<&Picture>,
        archive: &Archive,
        drawn: Drawn<'_>,
    ) -> Result<(), ExportError> {
        let Some(picture) = picture else {
            Pen::new(canvas, self.area).caption(&format!("{}  nothing recorded", self.name));
            return Ok(());
        };
        let area = fitted(shown(picture), self.area);
        let size = Size::new((area.right - area.left) as u32, (area.bottom - area.top) as u32);
        canvas.put(picture, (area.left as u32, area.top as u32), size, &mut self.scaling)?;
        let time = picture.key.time;
        if let Some(blur) = drawn.blur {
            let seen = self.boxes.about(archive, time, ABOUT_90K)?;
            let mut pen = Pen::new(canvas, area);
            let mut done = HashSet::new();
            for one in seen.iter().filter(|one| hides(blur, self.camera, one)) {
                pen.mosaic(placed(&wider(one), one.size, area), &mut done);
            }
        }
        let matrix = canvas.colour().matrix;
        if drawn.boxes {
            let boxes = self.boxes.at(archive, time)?;
            let each = |one: &FrameBox| {
                (placed(&one.bbox, one.size, area), Ink::of_source(one.source, matrix))
            };
            let placed: Vec<(Area, Ink)> = boxes.iter().map(each).collect();
            let mut pen = Pen::new(canvas, area);
            for ((area, ink), one) in placed.iter().zip(&boxes) {
                pen.outline(*area, *ink, one.source == razz_base::TrackSource::DeepSort);
            }
            if drawn.labels {
                let labels = placed.iter().zip(&boxes).map(|((area, ink), one)| {
                    (*area, format!("{} #{}", one.class, one.track.short()), *ink)
                });
                pen.labels(&labels.collect::<Vec<_>>());
            }
        }
        if drawn.captions {
            let text = format!("{}  {}", self.name, crate::moments::utc(picture.wall.us));
            Pen::new(canvas, self.area).caption(&text);
        }
        Ok(())
    }
}

/// Whether it cannot be recognised.
fn hides(blur: &Blur, camera: CameraId, one: &FrameBox) -> bool {
    blur.classes.contains(&one.class) && !blur.except.contains(&(camera, one.track.0))
}

fn wider(one: &FrameBox) -> razz_base::Rect {
    let by = one.bbox.height() * AROUND;
    razz_base::Rect {
        left: one.bbox.left - by,
        top: one.bbox.top - by,
        right: one.bbox.right + by,
        bottom: one.bbox.bottom + by,
    }
}

/// As large as it is looked at: pixels need not be square.
fn shown(picture: &Picture) -> Size {
    picture.pixel_aspect.shown(picture.size)
}

/// As large as fits into the area, in its middle, on even places.
fn fitted(size: Size, area: Area) -> Area {
    let (width, height) = ((area.right - area.left) as f64, (area.bottom - area.top) as f64);
    let scale = (width / f64::from(size.width)).min(height / f64::from(size.height));
    let even = |side: f64| (side.round() as i32 & !1).max(2);
    let (w, h) = (even(f64::from(size.width) * scale), even(f64::from(size.height) * scale));
    let (w, h) = (w.min(area.right - area.left), h.min(area.bottom - area.top));
    let middle = |from: i32, room: i32, side: i32| from + (((room - side) / 2) & !1);
    Area::new(
        middle(area.left, area.right - area.left, w),
        middle(area.top, area.bottom - area.top, h),
        w,
        h,
    )
}

/// Gives each its place, and says how large all of it is. One has its own size; several share a wall.
fn lay_out(tiles: &mut [Tile<'_>], first: Size) -> Size {
    let count = tiles.len();
    if let [tile] = tiles {
        let scale = (f64::from(LARGEST.width) / f64::from(first.width))
            .min(f64::from(LARGEST.height) / f64::from(first.height))
            .min(1.0);
        let even = |side: u32| ((f64::from(side) * scale).round() as u32 & !1).max(2);
        let size = Size::new(even(first.width), even(first.height));
        tile.area = Area::new(0, 0, size.width as i32, size.height as i32);
        return size;
    }
    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
    let rows = count.div_ceil(columns);
    let width = (WALL.width as i32 / columns as i32) & !1;
    // Two beside each other need not have bars above and below.
    let height = (width as f64 * f64::from(first.height) / f64::from(first.width)) as i32;
    let height = height.min(WALL.height as i32 / rows as i32).max(2) & !1;
    for (n, tile) in tiles.iter_mut().enumerate() {
        let (column, row) = ((n % columns) as i32, (n / columns) as i32);
        tile.area = Area::new(column * width, row * height, width, height);
    }
    Size::new((width * columns as i32) as u32, (height * rows as i32) as u32)
}

/// Encodes what is drawn, until there is no more.
fn encode(
    camera: CameraId,
    drawn: &Receiver<Drawing>,
    used: &SyncSender<Canvas>,
    write: &mut (dyn FnMut(Coded) -> Result<(), ExportError> + Send),
) -> Result<(), ExportError> {
    let mut encoder: Option<VideoEncoder> = None;
    let mut file = Mp4Out::new(camera);
    for Drawing { canvas, time, wall } in drawn {
        let encoder = match &mut encoder {
            Some(encoder) => encoder,
            none => none.insert(VideoEncoder::new(&canvas, USUAL_FPS, KEY_EVERY_90K)?),
        };
        let encoded = encoder.encode(&canvas, time)?;
        let _ = used.try_send(canvas);
        if let Some(encoded) = encoded
            && let Some(coded) = file.push(encoded, time, wall)?
        {
            write(coded)?;
        }
    }
    file.end().map_or(Ok(()), write)
}

/// How a stream is coded that begins with this key picture.
pub(crate) fn format_of(encoded: &Encoded) -> Arc<StreamFormat> {
    let sets: Vec<u8> = nal_units(&encoded.annex_b)
        .filter(|nal| matches!(nal_type(nal), Some(NalType::Sps | NalType::Pps)))
        .flat_map(|nal| [&[0, 0, 0, 1], nal].concat())
        .collect();
    let format = StreamFormat::new(Codec::H264, encoded.size);
    Arc::new(StreamFormat { parameter_sets: sets.into(), ..(*format).clone() })
}

/// Pictures to an MP4 file.
struct Mp4Out {
    camera: CameraId,
    format: Option<Arc<StreamFormat>>,
    header: Vec<u8>,
    writer: FragmentWriter,
    newest: MediaTime,
    interval_90k: i64,
}

impl Mp4Out {
    fn new(camera: CameraId) -> Self {
        let (header, writer) = (Vec::new(), FragmentWriter::default());
        let newest = MediaTime::default();
        Self { camera, format: None, header, writer, newest, interval_90k: 0 }
    }

    fn push(
        &mut self,
        encoded: Encoded,
        time: MediaTime,
        wall: WallTime,
    ) -> Result<Option<Coded>, ExportError> {
        let format = match &self.format {
            Some(format) => format.clone(),
            None => {
                let format = format_of(&encoded);
                self.header =
                    header(&format).map_err(|error| ExportError::Footage(error.to_string()))?;
                self.format.insert(format).clone()
            }
        };
        let due = self.writer.begins().is_some_and(|begins| {
            encoded.idr || time.since_90k(begins) >= CLOCK_RATE || self.writer.begins_with_key()
        });
        let coded = if due { self.finish(time) } else { None };
        if self.newest != MediaTime::default() {
            self.interval_90k = time.since_90k(self.newest).clamp(1, CLOCK_RATE);
        }
        self.newest = time;
        self.writer.push(&AccessUnit {
            key: FrameKey { camera: self.camera, time },
            run: RunId(0),
            format,
            data: encoded.annex_b.into(),
            idr: encoded.idr,
            lost_packets: 0,
            wall,
            received: MonoTime::from_us(0),
        });
        Ok(coded)
    }

    fn finish(&mut self, next: MediaTime) -> Option<Coded> {
        let mut fragment = Vec::new();
        let summary = self.writer.finish(next, &mut fragment)?;
        let (key, from, until) = (summary.key, summary.from, summary.until);
        Some(Coded { header: std::mem::take(&mut self.header), fragment, key, from, until })
    }

    fn end(&mut self) -> Option<Coded> {
        let interval = if self.interval_90k > 0 { self.interval_90k } else { CLOCK_RATE / 30 };
        self.finish(self.newest.plus_90k(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape_in_its_place() {
        for (size, area, expected) in [
            ((640, 360), (0, 0, 640, 360), (0, 0, 640, 360)),
            ((640, 360), (100, 50, 640, 720), (100, 230, 640, 360)),
            ((360, 640), (0, 0, 960, 540), (328, 0, 304, 540)),
            ((4000, 3000), (960, 0, 960, 540), (1080, 0, 720, 540)),
        ] {
            let area = Area::new(area.0, area.1, area.2, area.3);
            let expected = Area::new(expected.0, expected.1, expected.2, expected.3);
            assert_eq!(fitted(Size::new(size.0, size.1), area), expected, "{size:?}");
        }
    }
}
