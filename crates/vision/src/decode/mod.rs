//! Access units in, pictures out: by FFmpeg's libavcodec where the machine has it, else H.264 by openh264,
//! and H.265 and MJPEG by decoders in Rust, which razz has in itself.
//!
//! A picture is either right or it is not there: what a library had to conceal is refused, and after
//! anything that breaks the chain of references (an error, packets lost before us) nothing comes out
//! until the next IDR, or until the picture is whole again after a recovery point (see `refresh`).
//! Every picture carries the key of its own access unit.
//!
//! [`Decoders`] knows the libraries at hand; a [`Decoder`] is one stream's, and takes a library when
//! it sees what the stream is. What is read of the stream before (`h264`, `h265`, `mjpeg`) is the same for
//! all libraries; each library is a `Codec`.

mod baseline;
mod check;
mod choice;
mod clips;
mod codec;
mod error;
mod ffmpeg;
mod frames;
mod h264;
mod h265;
pub(crate) mod hevc;
mod mjpeg;
mod mjpeg_clip;
mod openh264;
mod order;
mod refresh;
mod rust_h265;
mod syntax;
mod zune_jpeg;

use razz_base::{AccessUnit, Codec as Coding};

pub use check::{DecoderCheck, check_decoders};
pub use choice::{DecoderEngine, Decoders, Hardware};
pub use error::DecodeError;
pub use ffmpeg::FfmpegError;

use self::codec::Codec;
use self::frames::Frames;
use self::syntax::Syntax;
use crate::picture::{Picture, Plane};

/// What a decoder did since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DecoderCounts {
    /// Access units decoded.
    pub decoded: u64,
    /// Access units that ended in an error.
    pub failed: u64,
    /// Access units passed over while waiting for an IDR or a recovery point.
    pub waited: u64,
    /// Access units decoded after a recovery point while the picture was not whole yet, so that none
    /// came out.
    pub recovering: u64,
    /// Wanted pictures thrown away because a later one was already out (B-frames deeper than the
    /// stream announced), or because they were still held back when an error came.
    pub dropped: u64,
}

/// Decodes one camera's stream; owned by that camera's thread.
pub struct Decoder {
    decoders: Decoders,
    /// Since the first access unit.
    stream: Option<Decoding>,
    frames: Frames,
    waiting: bool,
    /// Access units waited through since the last one decoded.
    waited: u32,
    counts: DecoderCounts,
}

/// A stream of one codec, and what decodes it.
struct Decoding {
    codec: Box<dyn Codec>,
    /// What the library's decoder is called.
    name: String,
    syntax: Syntax,
}

/// The last picture of a GOP, given from its IDR on. `None` where it cannot be decoded.
pub fn decode_newest<'a>(
    decoders: &Decoders,
    gop: impl IntoIterator<Item = &'a AccessUnit>,
) -> Option<Picture> {
    let units: Vec<&AccessUnit> = gop.into_iter().collect();
    if units.iter().any(|au| au.format.not_decoded(decoders.decodable()).is_some()) {
        return None;
    }
    let mut decoder = decoders.decoder();
    let last = units.len().checked_sub(1)?;
    let mut newest = None;
    for (n, au) in units.into_iter().enumerate() {
        // With B-frames the last to come out is not the one put in last.
        let want = n == last || au.format.reorders;
        newest = decoder.decode(au, want).ok()?.or(newest);
    }
    decoder.flush().pop().or(newest)
}

impl Decoder {
    /// A decoder that waits for its first IDR or recovery point, with what razz has in itself.
    pub fn new() -> Self {
        Decoders::builtin().decoder()
    }

    pub(crate) fn with(decoders: Decoders) -> Self {
        Self {
            decoders,
            stream: None,
            frames: Frames::default(),
            waiting: true,
            waited: 0,
            counts: DecoderCounts::default(),
        }
    }

    /// One that uses this library's decoder, whatever comes.
    fn of(codec: Box<dyn Codec>, name: String, coding: Coding, for_openh264: bool) -> Self {
        let syntax = Syntax::new(coding, for_openh264);
        Self { stream: Some(Decoding { codec, name, syntax }), ..Self::new() }
    }

    /// Decodes one access unit.
    ///
    /// With `want` false it is decoded for reference only, which saves copying the pixels, and no
    /// picture of it comes out. Without B-frames a wanted picture is this access unit's own; with
    /// B-frames pictures come out some calls later, in output order (increasing media time), and
    /// `None` may also mean "not yet". While the decoder waits for an IDR or a recovery point, and
    /// after the latter until the picture is whole, it answers `None`.
    ///
    /// # Errors
    /// When the access unit is damaged, lacks lost packets, or is not decodable here. The decoder
    /// then waits for the next IDR or recovery point; only [`DecodeError::NoSlice`] leaves it as it was.
    pub fn decode(&mut self, au: &AccessUnit, want: bool) -> Result<Option<Picture>, DecodeError> {
        self.decode_and_look(au, want, &mut |_| {})
    }

    /// As [`Decoder::decode`], and shows `look` the luma of each picture in output order.
    ///
    /// Without B-frames that is this access unit's own, wanted or not, straight from the decoder:
    /// it costs no copy. With B-frames it is that of the picture that comes out, if one does.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode_and_look(
        &mut self,
        au: &AccessUnit,
        want: bool,
        look: &mut dyn FnMut(Plane<'_>),
    ) -> Result<Option<Picture>, DecodeError> {
        self.take_up(au)?;
        if au.lost_packets > 0 && !au.idr && self.can_begin_at(au, 0) {
            // Decoding can begin again right here.
            self.reset();
        }
        let result = match self.waiting.then(|| self.begin(au)) {
            None => self.try_decode(au, false, want, look),
            Some(Ok(true)) => self.try_decode(au, true, want, look),
            Some(Ok(false)) => {
                self.pass_over(au);
                return Ok(None);
            }
            Some(Err(error)) => Err(error),
        };
        match &result {
            Ok(()) => {
                self.counts.decoded += 1;
                self.waiting = false;
                self.waited = 0;
            }
            Err(DecodeError::NoSlice { .. }) => self.counts.failed += 1,
            Err(_) => {
                self.counts.failed += 1;
                self.reset();
            }
        }
        result?;
        Ok(self.frames.next())
    }

    /// Pictures still held back for their turn, in output order: for the end of a file.
    pub fn flush(&mut self) -> Vec<Picture> {
        let mut pictures = Vec::new();
        if let Some(stream) = &mut self.stream {
            let (frames, counts) = (&mut self.frames, &mut self.counts);
            stream.codec.drain(&mut |tag, raw| {
                frames.take(tag, raw, &mut |_| {}, counts);
                pictures.extend(frames.next());
            });
            // What comes next cannot lean on what was there.
            stream.syntax.reset();
        }
        pictures.extend(self.frames.drain());
        self.waiting = true;
        pictures
    }

    /// Forgets all references and waits for the next IDR or recovery point: for a new run.
    pub fn reset(&mut self) {
        self.waiting = true;
        if let Some(stream) = &mut self.stream {
            stream.syntax.reset();
        }
        self.frames.forget(&mut self.counts);
    }

    /// What it did so far.
    pub fn counts(&self) -> DecoderCounts {
        self.counts
    }

    /// What decodes the stream, such as `openh264`; `None` before the first access unit.
    pub fn name(&self) -> Option<&str> {
        self.stream.as_ref().map(|stream| stream.name.as_str())
    }

    /// Whether only an IDR or a recovery point is decoded next.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Whether pictures are decoded that are not whole yet, after a recovery point.
    pub fn is_recovering(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.syntax.is_recovering())
    }

    /// Whether decoding can begin at `au`: at an IDR, and while it waits at a recovery point. For who
    /// decodes nothing before that; what it answers false for counts as waited through.
    pub fn begins_at(&mut self, au: &AccessUnit) -> bool {
        // What cannot be decoded is said where it is to be.
        let known = self.take_up(au).is_ok();
        let begins = au.idr || (known && self.waiting && self.can_begin_at(au, self.waited));
        if self.waiting && !begins {
            self.pass_over(au);
        }
        begins
    }

    fn can_begin_at(&self, au: &AccessUnit, waited: u32) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.syntax.can_begin_at(au, waited))
    }

    /// Sees to it that there is a decoder for the stream of `au`.
    fn take_up(&mut self, au: &AccessUnit) -> Result<(), DecodeError> {
        if self.stream.as_ref().is_some_and(|stream| stream.syntax.coding() == au.codec()) {
            return Ok(());
        }
        self.reset();
        self.stream = None;
        let (codec, name, for_openh264) = self
            .decoders
            .make(au.codec())
            .map_err(|what| DecodeError::Start { codec: au.codec(), what })?;
        self.stream = Some(Decoding { codec, name, syntax: Syntax::new(au.codec(), for_openh264) });
        Ok(())
    }

    /// Waits on, and keeps the parameter sets of an access unit that is not decoded.
    fn pass_over(&mut self, au: &AccessUnit) {
        self.counts.waited += 1;
        self.waited = self.waited.saturating_add(1);
        if let Some(stream) = &mut self.stream {
            stream.syntax.pass_over(au);
        }
    }

    /// Says whether decoding begins at `au`, and prepares for it.
    fn begin(&mut self, au: &AccessUnit) -> Result<bool, DecodeError> {
        let waited = self.waited;
        let Some(Decoding { codec, syntax, .. }) = &mut self.stream else { return Ok(false) };
        if !syntax.can_begin_at(au, waited) {
            return Ok(false);
        }
        codec.restart().map_err(|what| DecodeError::Start { codec: au.codec(), what })?;
        syntax.begin(au, waited, &mut **codec)
    }

    /// `begins` is whether nothing before `au` is needed.
    fn try_decode(
        &mut self,
        au: &AccessUnit,
        begins: bool,
        want: bool,
        look: &mut dyn FnMut(Plane<'_>),
    ) -> Result<(), DecodeError> {
        let (frames, counts) = (&mut self.frames, &mut self.counts);
        let Some(Decoding { codec, syntax, .. }) = &mut self.stream else { return Ok(()) };
        let Some(prepared) = syntax.prepare(au, begins)? else { return Ok(()) };
        if !codec.orders() {
            frames.set_depth(prepared.depth);
        }
        let tag = frames.begin(au, want, prepared.whole, prepared.look);
        let decoded = codec.decode(prepared.data, tag, &mut |tag, raw| {
            frames.take(tag, raw, look, counts);
        });
        let decoded = match decoded {
            Ok(()) if prepared.at_once && !frames.any_came() && !codec.delays() => {
                Err("no picture came out".to_owned())
            }
            decoded => decoded,
        };
        decoded.map_err(|what| {
            frames.failed();
            DecodeError::Damaged { key: au.key, run: au.run, codec: au.codec(), what }
        })
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
