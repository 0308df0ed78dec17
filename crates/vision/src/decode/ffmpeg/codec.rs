//! A stream's decoder in libavcodec.

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use super::device::Device;
use super::library::{Library, field, frame, packet, set_field};
use crate::decode::codec::{Chroma, Codec, Depth, Out, Raw};

/// Bytes of zeros that libavcodec wants behind what it reads (`AV_INPUT_BUFFER_PADDING_SIZE`).
const PADDING: usize = 64;
/// `AVERROR(EAGAIN)`: it wants more before a picture comes out.
const AGAIN: c_int = -11;
/// `AVERROR_EOF`: there is nothing more.
const END: c_int = -0x2046_4F45;
/// `AV_FRAME_FLAG_CORRUPT`.
const CORRUPT: c_int = 1;
/// `color_range` and `colorspace` lie so many bytes behind `flags`.
const RANGE_AFTER_FLAGS: usize = 4;
const MATRIX_AFTER_FLAGS: usize = 16;

/// One thread, whole pictures, and an error where something is damaged. Concealment stays on only so
/// that libavcodec says that it concealed something (`decode_error_flags`); such pictures are refused.
const OPTIONS: [(&str, &str); 3] =
    [("threads", "1"), ("err_detect", "explode"), ("flags", "unaligned")];

/// An open `AVCodecContext`, with a packet and a frame to work with.
pub(super) struct Ffmpeg {
    library: Arc<Library>,
    /// An `AVCodec`, which is the library's.
    codec: *mut c_void,
    context: *mut c_void,
    packet: *mut c_void,
    frame: *mut c_void,
    /// The packet's bytes, padded.
    data: Vec<u8>,
    /// The pixel format that came last, and how it is stored.
    storage: Option<(c_int, (Chroma, Depth))>,
    /// Whether it works with a device, which may hold pictures back.
    delays: bool,
    /// The device that pictures are in the memory of.
    device: Option<OnDevice>,
}

/// A device, and what its pictures are copied to.
struct OnDevice {
    device: Arc<Device>,
    /// An `AVFrame`.
    copy: *mut c_void,
    /// Whether pictures that the processor decoded, since the device cannot, are errors.
    strictly: bool,
}

// SAFETY: a context may be used from any thread, by one at a time (libavcodec/avcodec.h); it is reached
// through `&mut self` only.
#[allow(unsafe_code, reason = "a context of libavcodec may be moved to another thread")]
unsafe impl Send for Ffmpeg {}

impl Ffmpeg {
    /// Opens the decoder of this name, such as `h264`.
    pub(super) fn open(library: &Arc<Library>, decoder: &str) -> Result<Self, String> {
        Self::prepare(library, decoder)?.opened(decoder)
    }

    /// The same with a device; see [`OnDevice`].
    #[allow(unsafe_code, reason = "a function of the library")]
    pub(super) fn open_on(
        library: &Arc<Library>,
        decoder: &str,
        device: Arc<Device>,
        strictly: bool,
    ) -> Result<Self, String> {
        let mut prepared = Self::prepare(library, decoder)?;
        device.give_to(prepared.context)?;
        // SAFETY: it answers a new frame or null, which is freed by `drop`.
        let copy = unsafe { (library.functions.av_frame_alloc)() };
        if copy.is_null() {
            return Err("no memory".to_owned());
        }
        prepared.device = Some(OnDevice { device, copy, strictly });
        prepared.delays = true;
        prepared.opened(decoder)
    }

    /// A context with its options.
    #[allow(unsafe_code, reason = "functions of the library")]
    fn prepare(library: &Arc<Library>, decoder: &str) -> Result<Self, String> {
        let functions = library.functions;
        let name = CString::new(decoder).map_err(|_| "a name with a zero in it".to_owned())?;
        // SAFETY: a string that ends in 0.
        let codec = unsafe { (functions.avcodec_find_decoder_by_name)(name.as_ptr()) };
        if codec.is_null() {
            return Err(format!("{} has no decoder {decoder}", library.version()));
        }
        // SAFETY: each answers a new object or null; they are freed by `drop`.
        let mut opened = unsafe {
            Self {
                library: Arc::clone(library),
                context: (functions.avcodec_alloc_context3)(codec),
                packet: (functions.av_packet_alloc)(),
                frame: (functions.av_frame_alloc)(),
                data: Vec::new(),
                storage: None,
                delays: decoder.contains('_'),
                device: None,
                codec,
            }
        };
        if opened.context.is_null() || opened.packet.is_null() || opened.frame.is_null() {
            return Err("no memory".to_owned());
        }
        for (name, value) in OPTIONS {
            opened.set(name, value)?;
        }
        Ok(opened)
    }

    /// Opens what was prepared.
    #[allow(unsafe_code, reason = "a function of the library")]
    fn opened(self, decoder: &str) -> Result<Self, String> {
        let open = self.library.functions.avcodec_open2;
        // SAFETY: the context is new and not open yet; there are no options besides.
        let code = unsafe { open(self.context, self.codec, ptr::null_mut()) };
        if code < 0 {
            return Err(format!("{decoder} does not open: {}", self.library.error(code)));
        }
        Ok(self)
    }

    #[allow(unsafe_code, reason = "a function of the library")]
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = |text: &str| CString::new(text).map_err(|error| error.to_string());
        let (key, text) = (text(name)?, text(value)?);
        // SAFETY: the context begins with an AVClass, as av_opt_set wants it.
        let code = unsafe {
            (self.library.functions.av_opt_set)(self.context, key.as_ptr(), text.as_ptr(), 0)
        };
        if code < 0 {
            return Err(format!("{name}={value}: {}", self.library.error(code)));
        }
        Ok(())
    }

    /// Hands the packet over, or with `None` says that no more comes.
    #[allow(unsafe_code, reason = "functions and fields of the library")]
    fn send(&mut self, data: Option<(&[u8], u64)>) -> Result<(), String> {
        let mut packet = ptr::null_mut();
        if let Some((data, tag)) = data {
            self.data.clear();
            self.data.extend_from_slice(data);
            self.data.resize(data.len() + PADDING, 0);
            let size = c_int::try_from(data.len()).map_err(|_| "too long".to_owned())?;
            packet = self.packet;
            // SAFETY: the places are those of AVPacket. Without a buffer of its own, the packet's bytes
            // are copied by avcodec_send_packet.
            unsafe {
                set_field(packet, packet::PTS, tag.cast_signed());
                set_field(packet, packet::DTS, tag.cast_signed());
                set_field(packet, packet::DATA, self.data.as_mut_ptr());
                set_field(packet, packet::SIZE, size);
            }
        }
        // SAFETY: an open context; null or a packet with so many bytes and the padding.
        let code = unsafe { (self.library.functions.avcodec_send_packet)(self.context, packet) };
        if code < 0 && code != AGAIN {
            return Err(self.library.error(code));
        }
        Ok(())
    }

    /// Shows `out` what is ready.
    #[allow(unsafe_code, reason = "functions of the library")]
    fn receive(&mut self, out: Out<'_>) -> Result<(), String> {
        loop {
            // SAFETY: an open context and a frame, which is emptied first.
            let code =
                unsafe { (self.library.functions.avcodec_receive_frame)(self.context, self.frame) };
            match code {
                AGAIN | END => return Ok(()),
                code if code < 0 => return Err(self.library.error(code)),
                _ => {}
            }
            let shown = self.show(out);
            // SAFETY: a frame of ours.
            unsafe { (self.library.functions.av_frame_unref)(self.frame) };
            shown?;
        }
    }

    #[allow(unsafe_code, reason = "fields of the library")]
    fn show(&mut self, out: Out<'_>) -> Result<(), String> {
        let layout = self.library.layout;
        let frame = self.frame;
        // SAFETY: the places are those of AVFrame in this version.
        let (tag, flags, errors, width, height, format, data, strides) = unsafe {
            (
                field::<i64>(frame, frame::PTS),
                field::<c_int>(frame, layout.flags),
                field::<c_int>(frame, layout.decode_error_flags),
                field::<c_int>(frame, frame::WIDTH),
                field::<c_int>(frame, frame::HEIGHT),
                field::<c_int>(frame, frame::FORMAT),
                field::<[*const u8; 3]>(frame, frame::DATA),
                field::<[c_int; 3]>(frame, frame::LINESIZE),
            )
        };
        if flags & CORRUPT != 0 || errors != 0 {
            return Err("something of the picture is missing".to_owned());
        }
        let (format, data, strides) = match self.fetched(format)? {
            None => (format, data, strides),
            // SAFETY: as above.
            Some(copy) => unsafe {
                (
                    field::<c_int>(copy, frame::FORMAT),
                    field::<[*const u8; 3]>(copy, frame::DATA),
                    field::<[c_int; 3]>(copy, frame::LINESIZE),
                )
            },
        };
        let (chroma, depth) = self.storage_of(format)?;
        let (Ok(width), Ok(height)) = (usize::try_from(width), usize::try_from(height)) else {
            return Err("the picture has no size".to_owned());
        };
        let rows = match chroma {
            Chroma::Absent => [height, 0, 0],
            Chroma::Interleaved => [height, height.div_ceil(2), 0],
            Chroma::Planar { down, .. } => [height, height.div_ceil(down), height.div_ceil(down)],
        };
        let bytes = if depth == Depth::Eight { 1 } else { 2 };
        let samples = match chroma {
            Chroma::Absent => [width, 0, 0],
            Chroma::Interleaved => [width, 2 * width.div_ceil(2), 0],
            Chroma::Planar { across, .. } => {
                [width, width.div_ceil(across), width.div_ceil(across)]
            }
        };
        let mut planes: [&[u8]; 3] = [&[]; 3];
        let mut steps = [0; 3];
        for n in 0..3 {
            if rows[n] == 0 || samples[n] == 0 {
                continue;
            }
            let row = samples[n] * bytes;
            let step = usize::try_from(strides[n]).ok().filter(|step| *step >= row);
            let (Some(step), false) = (step, data[n].is_null()) else {
                return Err("the picture has no pixels, or upside down ones".to_owned());
            };
            // SAFETY: the frame owns its planes until it is emptied, and each has so many rows of so many
            // bytes, a stride apart.
            planes[n] = unsafe { std::slice::from_raw_parts(data[n], step * (rows[n] - 1) + row) };
            steps[n] = step;
        }
        let raw = Raw { width, height, chroma, depth, planes, strides: steps };
        out(tag.cast_unsigned(), &raw);
        Ok(())
    }

    /// The picture in hand in our memory, if this format says that it is in the device's. It stays until the
    /// next.
    #[allow(unsafe_code, reason = "a function of the library")]
    fn fetched(&self, format: c_int) -> Result<Option<*mut c_void>, String> {
        let Some(OnDevice { device, copy, strictly }) = &self.device else { return Ok(None) };
        match (Device::holds(self.library.pixel_format(format)), strictly) {
            (true, _) => {}
            (false, true) => return Err("the device does not decode this".to_owned()),
            (false, false) => return Ok(None),
        }
        // SAFETY: a frame of ours.
        unsafe { (self.library.functions.av_frame_unref)(*copy) };
        device.fetch(*copy, self.frame)?;
        Ok(Some(*copy))
    }

    /// How pictures of this format are stored: looked up when it changes.
    fn storage_of(&mut self, format: c_int) -> Result<(Chroma, Depth), String> {
        if let Some((known, storage)) = self.storage
            && known == format
        {
            return Ok(storage);
        }
        let name = self.library.pixel_format(format);
        let found = storage(name).ok_or_else(|| format!("the pixel format {name} is not known"))?;
        self.storage = Some((format, found));
        Ok(found)
    }

    /// Decodes a clip's first picture and answers its `color_range` and `colorspace`, which lie where
    /// the layout says or are something else.
    #[allow(unsafe_code, reason = "functions and fields of the library")]
    pub(super) fn colour_of(&mut self, data: &[u8]) -> Result<(c_int, c_int), String> {
        self.send(Some((data, 1)))?;
        self.send(None)?;
        // SAFETY: as in `receive` and `show`.
        unsafe {
            let code = (self.library.functions.avcodec_receive_frame)(self.context, self.frame);
            if code < 0 {
                return Err(self.library.error(code));
            }
            let flags = self.library.layout.flags;
            let range = field(self.frame, flags + RANGE_AFTER_FLAGS);
            let matrix = field(self.frame, flags + MATRIX_AFTER_FLAGS);
            (self.library.functions.av_frame_unref)(self.frame);
            self.restart()?;
            Ok((range, matrix))
        }
    }
}

impl Codec for Ffmpeg {
    fn decode(&mut self, data: &[u8], tag: u64, out: Out<'_>) -> Result<(), String> {
        self.send(Some((data, tag)))?;
        self.receive(out)
    }

    #[allow(unsafe_code, reason = "a function of the library")]
    fn restart(&mut self) -> Result<(), String> {
        // SAFETY: an open context.
        unsafe { (self.library.functions.avcodec_flush_buffers)(self.context) };
        Ok(())
    }

    fn drain(&mut self, out: Out<'_>) {
        if self.send(None).is_ok() {
            // What is damaged is not shown.
            let _ = self.receive(out);
        }
        let _ = self.restart();
    }

    fn orders(&self) -> bool {
        true
    }

    fn delays(&self) -> bool {
        self.delays
    }
}

impl Drop for Ffmpeg {
    #[allow(unsafe_code, reason = "functions of the library")]
    fn drop(&mut self) {
        let functions = self.library.functions;
        // SAFETY: each is null or ours; the pointers are set to null.
        unsafe {
            (functions.av_frame_free)(&mut self.frame);
            if !self.packet.is_null() {
                // The bytes are ours.
                set_field(self.packet, packet::DATA, ptr::null_mut::<u8>());
                set_field(self.packet, packet::SIZE, 0 as c_int);
            }
            if let Some(OnDevice { copy, .. }) = &mut self.device {
                (functions.av_frame_free)(copy);
            }
            (functions.av_packet_free)(&mut self.packet);
            (functions.avcodec_free_context)(&mut self.context);
        }
    }
}

/// How a pixel format is stored; `None` for one that is not known.
fn storage(format: &str) -> Option<(Chroma, Depth)> {
    let planar = |across, down| Chroma::Planar { across, down };
    let (name, depth) = match format.strip_suffix("le") {
        None => (format, Depth::Eight),
        Some("p010") => return Some((Chroma::Interleaved, Depth::High)),
        Some(name) => {
            let (name, depth) = name.split_at_checked(name.len().checked_sub(2)?)?;
            (name, Depth::Low(depth.parse().ok()?))
        }
    };
    let chroma = match name {
        "yuv420p" | "yuvj420p" => planar(2, 2),
        "yuv422p" | "yuvj422p" => planar(2, 1),
        "yuv444p" | "yuvj444p" => planar(1, 1),
        "yuv411p" | "yuvj411p" => planar(4, 1),
        "yuv440p" | "yuvj440p" => planar(1, 2),
        "gray" => Chroma::Absent,
        "nv12" => Chroma::Interleaved,
        _ => return None,
    };
    Some((chroma, depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_format_can_be_read() {
        for format in [
            "yuv420p",
            "yuvj420p",
            "yuv422p",
            "yuvj422p",
            "yuv444p",
            "yuvj444p",
            "gray",
            "nv12",
            "yuv420p10le",
            "yuv422p10le",
            "yuv444p10le",
            "gray10le",
            "yuv420p12le",
            "yuv422p12le",
            "gray12le",
            "p010le",
            "yuv411p",
            "yuvj411p",
            "yuv440p",
            "yuvj440p",
        ] {
            assert!(storage(format).is_some(), "{format}");
        }
        assert_eq!(
            storage("yuv420p10le"),
            Some((Chroma::Planar { across: 2, down: 2 }, Depth::Low(10)))
        );
        assert_eq!(storage("gray12le"), Some((Chroma::Absent, Depth::Low(12))));
        for format in ["cuda", "rgb24", "le", "", "another"] {
            assert_eq!(storage(format), None, "{format}");
        }
    }
}
