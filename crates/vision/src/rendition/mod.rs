//! Decoded pictures to smaller encodings of them, for viewers whose path or browser does not carry the
//! camera's own.
//!
//! H.264 by openh264, Constrained Baseline: what every browser decodes. One slice a picture, no picture
//! out of order, an IDR where one is asked for and nowhere else. The bit rate is kept over any second by
//! leaving pictures out, never by sending more.

pub(crate) mod encoder;
mod scale;

use razz_base::{MediaTime, Rung, RungFormat, Size};
use razz_media::h264::Colour;

use crate::picture::Picture;

use encoder::Aim;
pub(crate) use encoder::Encoder;
pub(crate) use scale::{Scaled, Scaler};

/// Why a picture was not encoded.
#[derive(Debug, thiserror::Error)]
pub enum RenditionError {
    /// The encoder refuses it.
    #[error("the H.264 encoder: {0}")]
    Encoder(#[from] openh264::Error),
    /// Its size changed into one that cannot be scaled.
    #[error("the picture cannot be scaled: {0}")]
    Scale(String),
}

/// One encoded picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// Its NAL units with Annex B start codes; an IDR has its parameter sets in front.
    pub annex_b: Vec<u8>,
    /// Decodable alone.
    pub idr: bool,
    /// Width and height of the encoded picture.
    pub size: Size,
}

/// What cameras send at most that is worth planning for.
const USUAL_FPS: f64 = 30.0;

/// Memory of openh264's encoder and of our scaler, measured: for any pictures, and for each pixel of them.
const ENCODER_BYTES: u64 = 200_000;
const ENCODER_BYTES_PER_PIXEL: u64 = 13;

/// What depends on the pictures: when it changes, all is made anew.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Input {
    size: Size,
    colour: Colour,
    format: RungFormat,
}

/// Encodes the pictures of one camera for one rung.
#[derive(Debug)]
pub struct Rendition {
    rung: Rung,
    input: Option<Input>,
    encoder: Option<Encoder>,
    scaler: Scaler,
    /// Where the next picture is due, while not all are taken.
    next: Option<MediaTime>,
    last: Option<MediaTime>,
    idr_wanted: bool,
}

impl Rendition {
    /// An encoder that was given nothing yet. It takes memory with its first picture.
    pub fn new(rung: Rung) -> Self {
        Self {
            rung,
            input: None,
            encoder: None,
            scaler: Scaler::default(),
            next: None,
            last: None,
            idr_wanted: true,
        }
    }

    /// Which it is.
    pub fn rung(&self) -> Rung {
        self.rung
    }

    /// The memory that it takes, in bytes, by the size of its pictures: the encoder has no word for it. None before
    /// the first picture.
    pub fn memory_bytes(&self) -> u64 {
        let (Some(input), true) = (self.input, self.encoder.is_some()) else { return 0 };
        let Size { width, height } = input.format.size;
        ENCODER_BYTES + ENCODER_BYTES_PER_PIXEL * u64::from(width) * u64::from(height)
    }

    /// The next picture becomes an IDR, due or not.
    pub fn want_idr(&mut self) {
        self.idr_wanted = true;
    }

    /// Whether the picture of this time would be taken: rungs of few pictures a second pass over the
    /// others, and nobody has to decode or copy them.
    pub fn takes(&self, time: MediaTime) -> bool {
        if self.last.is_some_and(|last| time <= last) {
            return false;
        }
        // A quarter of the interval early is on time: pictures do not fall on the grid.
        self.idr_wanted || self.next.is_none_or(|next| time.since_90k(next) >= -self.early_90k())
    }

    fn early_90k(&self) -> i64 {
        let most = self.input.and_then(|input| input.format.most_fps);
        most.map_or(0, |fps| (razz_base::CLOCK_RATE as f64 / fps / 4.0) as i64)
    }

    /// Encodes a picture. `None`: it is not taken, or is left out to keep the bit rate, or there is no
    /// such rung for pictures of its size.
    pub fn encode(&mut self, picture: &Picture) -> Result<Option<Encoded>, RenditionError> {
        let time = picture.key.time;
        let Some(format) = self.rung.format(picture.pixel_aspect.shown(picture.size)) else {
            return Ok(None);
        };
        let input = Input { size: picture.size, colour: picture.colour, format };
        if self.input != Some(input) {
            *self = Self { input: Some(input), last: self.last, ..Self::new(self.rung) };
        }
        if !self.takes(time) {
            return Ok(None);
        }
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => {
                let aim = Aim {
                    bits_per_second: Some(format.bits_per_second),
                    fps: format.most_fps.unwrap_or(USUAL_FPS),
                };
                self.encoder.insert(Encoder::new(&aim, picture.colour)?)
            }
        };
        let planes = self.scaler.scale(picture, format.size)?;
        if std::mem::take(&mut self.idr_wanted) {
            encoder.force_idr();
        }
        let encoded = encoder.encode(planes, time)?;
        self.last = Some(time);
        if let Some(fps) = format.most_fps {
            let interval = (razz_base::CLOCK_RATE as f64 / fps) as i64;
            let due = self.next.unwrap_or(time);
            let on_grid = time.since_90k(due).abs() <= interval;
            self.next = Some(if on_grid { due } else { time }.plus_90k(interval));
        }
        Ok(encoded.map(|(annex_b, idr)| Encoded { annex_b, idr, size: format.size }))
    }
}
