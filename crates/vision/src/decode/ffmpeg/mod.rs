//! H.264, H.265 and more by FFmpeg's libavcodec, where the machine has one.

mod codec;
mod device;
mod library;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use razz_base::Codec as Coding;

pub use library::FfmpegError;

use self::codec::Ffmpeg;
use self::device::Device;
pub(super) use self::device::USUAL as USUAL_DEVICE;
use self::library::Library;
use super::codec::Codec;

/// A libavcodec that was found and tried.
#[derive(Clone, Debug)]
pub(super) struct Libavcodec {
    library: Arc<Library>,
}

impl Libavcodec {
    /// Finds one, and tries on `clip` (H.264 with a full range and BT.709 in its VUI) whether its fields
    /// lie where they are looked for.
    pub(super) fn find(clip: &[u8]) -> Result<Self, FfmpegError> {
        let library = Library::find()?;
        let found = Self { library };
        let unusable = |what: String| FfmpegError::Unusable {
            path: found.library.path().to_owned(),
            what: format!("{}: {what}", found.library.version()),
        };
        let mut decoder = Ffmpeg::open(&found.library, "h264").map_err(unusable)?;
        // AVCOL_RANGE_JPEG, AVCOL_SPC_BT709
        match decoder.colour_of(clip).map_err(unusable)? {
            (2, 1) => Ok(found),
            (range, matrix) => Err(unusable(format!(
                "its structures are not those of this version (range {range}, matrix {matrix} instead of 2, 1)"
            ))),
        }
    }

    /// A decoder by its name in FFmpeg.
    pub(super) fn open(&self, decoder: &str) -> Result<Box<dyn Codec>, String> {
        Ok(Box::new(Ffmpeg::open(&self.library, decoder)?))
    }

    /// A device of the graphics card's that decodes by VAAPI.
    pub(super) fn vaapi(&self, path: &Path) -> Result<Vaapi, String> {
        Ok(Vaapi(Arc::new(Device::open(&self.library, path)?)))
    }

    /// Its own decoder of a codec, with the device. `strictly`: pictures that the device cannot decode are
    /// errors; else the processor does.
    pub(super) fn open_on(
        &self,
        device: &Vaapi,
        coding: Coding,
        strictly: bool,
    ) -> Result<Box<dyn Codec>, String> {
        let device = Arc::clone(&device.0);
        Ok(Box::new(Ffmpeg::open_on(&self.library, software(coding), device, strictly)?))
    }

    /// Whether it has a decoder of this name.
    pub(super) fn has(&self, decoder: &str) -> bool {
        self.library.has(decoder)
    }

    pub(super) fn path(&self) -> &Path {
        self.library.path()
    }

    /// Decoders of this codec that work in the graphics card or in the chip, where their device is there:
    /// those that give pictures in memory.
    pub(super) fn hardware(&self, coding: Coding) -> impl Iterator<Item = &'static str> {
        let devices: [(&str, [&str; 3]); 3] = [
            ("/dev/nvidiactl", ["h264_cuvid", "hevc_cuvid", "mjpeg_cuvid"]),
            ("/dev/dri/renderD128", ["h264_qsv", "hevc_qsv", "mjpeg_qsv"]),
            ("/dev/video10", ["h264_v4l2m2m", "hevc_v4l2m2m", "mjpeg_v4l2m2m"]),
        ];
        let which = match coding {
            Coding::H264 => 0,
            Coding::H265 => 1,
            Coding::Mjpeg => 2,
        };
        devices
            .into_iter()
            .filter(|(device, _)| Path::new(device).exists())
            .map(move |(_, names)| names[which])
            .filter(|name| self.has(name))
    }
}

/// A device that decodes by VAAPI.
#[derive(Clone, Debug)]
pub(super) struct Vaapi(Arc<Device>);

/// Such as `FFmpeg 5.1.9 (libavcodec 59.37.100)`.
impl fmt::Display for Libavcodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.library.version())
    }
}

/// Its own decoder of a codec, on the processor.
pub(super) fn software(coding: Coding) -> &'static str {
    match coding {
        Coding::H264 => "h264",
        Coding::H265 => "hevc",
        Coding::Mjpeg => "mjpeg",
    }
}

/// Whether a decoder of FFmpeg's of this name is one of this codec.
pub(super) fn is_for(name: &str, coding: Coding) -> bool {
    name.strip_prefix(software(coding)).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}
