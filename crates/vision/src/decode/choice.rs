//! Which decoder libraries are at hand, and which of them decodes a stream.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use razz_base::{Codec as Coding, Decodable};

use super::Decoder;
use super::clips;
use super::codec::Codec;
use super::ffmpeg::{self, FfmpegError, Libavcodec, Vaapi};
use super::hevc::HevcDecoder;
use super::mjpeg_clip;
use super::openh264::OpenH264;
use super::zune_jpeg::ZuneJpeg;

/// What the config asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DecoderEngine {
    /// FFmpeg's libavcodec where there is one, else what razz has in itself.
    #[default]
    Auto,
    /// FFmpeg's libavcodec.
    Ffmpeg,
    /// What razz has in itself: openh264 for H.264, and decoders in Rust for H.265 and MJPEG.
    OpenH264,
}

impl DecoderEngine {
    /// Every choice with its name in settings.
    pub const ALL: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("ffmpeg", Self::Ffmpeg), ("openh264", Self::OpenH264)];
}

/// Whether the graphics card or the chip decodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Hardware {
    /// Where FFmpeg has a decoder for a device that is there, and that decodes a clip right.
    #[default]
    Auto,
    /// Never.
    Off,
    /// By this decoder of FFmpeg's, such as `h264_cuvid`.
    Named(String),
    /// By FFmpeg's decoders with this device, through VAAPI.
    Vaapi(PathBuf),
}

/// What is no way to decode in hardware.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"auto\", \"off\", \"vaapi\" (or \"vaapi:/dev/dri/renderD129\", with the device), or one of FFmpeg's decoders of \
     H.264, H.265 or MJPEG, such as \"h264_cuvid\", \"hevc_qsv\", \"h264_v4l2m2m\", not \"{0}\""
)]
pub struct ParseHardwareError(String);

impl FromStr for Hardware {
    type Err = ParseHardwareError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_known = || {
            let named = |coding| text != ffmpeg::software(coding) && ffmpeg::is_for(text, coding);
            Coding::ALL.into_iter().any(named)
        };
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            "vaapi" => Ok(Self::Vaapi(PathBuf::from(ffmpeg::USUAL_DEVICE))),
            _ if text.starts_with(VAAPI_ON) => {
                Ok(Self::Vaapi(PathBuf::from(&text[VAAPI_ON.len() - 1..])))
            }
            name if is_known() => Ok(Self::Named(name.to_owned())),
            _ => Err(ParseHardwareError(text.to_owned())),
        }
    }
}

/// The decoder libraries at hand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Decoders(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    ffmpeg: Option<Libavcodec>,
    /// Whether what razz has in itself may be used.
    builtin: bool,
    /// FFmpeg's names of the decoders that work in hardware, or [`VAAPI`], by codec.
    hardware: Vec<(Coding, String)>,
    /// The device that those called [`VAAPI`] work with.
    vaapi: Option<Vaapi>,
    notices: Vec<String>,
}

impl Decoders {
    /// Only what razz has in itself: openh264 for H.264, and decoders in Rust for H.265 and MJPEG.
    pub fn builtin() -> Self {
        Self(Arc::new(Found { builtin: true, ..Found::default() }))
    }

    /// Loads and tries what is asked for.
    ///
    /// # Errors
    /// When FFmpeg is asked for by name, or a decoder of it, and cannot be had. With `Auto` what is
    /// wrong is told by [`Decoders::notices`].
    pub fn open(engine: DecoderEngine, hardware: &Hardware) -> Result<Self, FfmpegError> {
        if engine == DecoderEngine::OpenH264 {
            return Ok(Self::builtin());
        }
        let auto = engine == DecoderEngine::Auto;
        let mut found = Found { builtin: auto, ..Found::default() };
        match Libavcodec::find(&clips::layout_clip()) {
            Ok(ffmpeg) => found.ffmpeg = Some(ffmpeg),
            Err(error) if !auto => return Err(error),
            Err(FfmpegError::Missing) => {}
            Err(error) => found.notices.push(format!("FFmpeg is not used: {error}")),
        }
        found.find_hardware(hardware)?;
        Ok(Self(Arc::new(found)))
    }

    /// What the machine has, on the processor: for commands that no config goes with.
    pub fn at_hand() -> Self {
        Self::open(DecoderEngine::Auto, &Hardware::Off).unwrap_or_else(|_| Self::builtin())
    }

    /// A decoder for one stream.
    pub fn decoder(&self) -> Decoder {
        Decoder::with(self.clone())
    }

    /// What of H.264 and H.265 can be decoded.
    pub fn decodable(&self) -> Decodable {
        let has = |name| self.0.ffmpeg.as_ref().is_some_and(|ffmpeg| ffmpeg.has(name));
        Decodable { all_of_h264: has("h264"), all_of_h265: has("hevc") }
    }

    /// The library beside what razz has in itself, such as `FFmpeg 5.1.9 (libavcodec 59.37.100)`, with
    /// the file that it came from.
    pub fn ffmpeg(&self) -> Option<String> {
        let ffmpeg = self.0.ffmpeg.as_ref()?;
        Some(format!("{ffmpeg}, {}", ffmpeg.path().display()))
    }

    /// What should be said about what was found.
    pub fn notices(&self) -> &[String] {
        &self.0.notices
    }

    /// What decodes streams of `coding`, and each that could: their names, best first.
    pub(super) fn candidates(&self, coding: Coding) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let hardware = self.0.hardware.iter().filter(|(of, _)| *of == coding);
        names.extend(hardware.map(|(_, name)| name.clone()));
        if let Some(ffmpeg) = &self.0.ffmpeg {
            let name = ffmpeg::software(coding);
            names.extend(ffmpeg.has(name).then(|| name.to_owned()));
        }
        if self.0.builtin {
            let name = match coding {
                Coding::H264 => OPENH264,
                Coding::H265 => RUSTY_H265,
                Coding::Mjpeg => ZUNE_JPEG,
            };
            names.push(name.to_owned());
        }
        names
    }

    /// A library's decoder for `coding`, what it is called, and whether it is openh264.
    pub(super) fn make(&self, coding: Coding) -> Result<(Box<dyn Codec>, String, bool), String> {
        let candidates = self.candidates(coding);
        let mut error = "FFmpeg has no decoder of it".to_owned();
        for name in candidates {
            match self.make_named(coding, &name) {
                Ok((codec, called)) => return Ok((codec, called, name == OPENH264)),
                Err(what) => error = what,
            }
        }
        Err(error)
    }

    /// One that uses this of the candidates.
    pub(super) fn decoder_named(&self, coding: Coding, name: &str) -> Result<Decoder, String> {
        let (codec, called) = self.make_named(coding, name)?;
        Ok(Decoder::of(codec, called, coding, name == OPENH264))
    }

    /// One by its name, and what it is called in the status.
    pub(super) fn make_named(
        &self,
        coding: Coding,
        name: &str,
    ) -> Result<(Box<dyn Codec>, String), String> {
        if name == OPENH264 {
            return Ok((Box::new(OpenH264::new()?), name.to_owned()));
        }
        if name == RUSTY_H265 {
            return Ok((Box::new(HevcDecoder::new()), name.to_owned()));
        }
        if name == ZUNE_JPEG {
            return Ok((Box::new(ZuneJpeg::default()), name.to_owned()));
        }
        let ffmpeg = self.0.ffmpeg.as_ref().ok_or("FFmpeg is not there")?;
        if let (VAAPI, Some(device)) = (name, &self.0.vaapi) {
            let codec = ffmpeg.open_on(device, coding, false)?;
            return Ok((codec, format!("ffmpeg {} on VAAPI", ffmpeg::software(coding))));
        }
        Ok((ffmpeg.open(name)?, format!("ffmpeg {name}")))
    }
}

const OPENH264: &str = "openh264";
const RUSTY_H265: &str = "rusty_h265";
const ZUNE_JPEG: &str = "zune-jpeg";
const VAAPI: &str = "vaapi";
/// What stands before a device in settings, with the beginning of its path.
const VAAPI_ON: &str = "vaapi:/";

impl Found {
    /// Tries the decoders of devices that are there.
    fn find_hardware(&mut self, wanted: &Hardware) -> Result<(), FfmpegError> {
        let Some(ffmpeg) = self.ffmpeg.clone() else { return Ok(()) };
        let named = match wanted {
            Hardware::Off => return Ok(()),
            Hardware::Vaapi(device) => {
                self.find_vaapi(&ffmpeg, device);
                return Ok(());
            }
            Hardware::Auto => None,
            Hardware::Named(name) => Some(name.as_str()),
        };
        for coding in Coding::ALL {
            let names: Vec<&str> = match named {
                None => ffmpeg.hardware(coding).collect(),
                Some(name) if ffmpeg::is_for(name, coding) => vec![name],
                Some(_) => continue,
            };
            for name in names {
                let tried = ffmpeg.open(name).and_then(|codec| try_out(codec, coding));
                match tried {
                    Ok(()) => self.hardware.push((coding, name.to_owned())),
                    Err(what) if named.is_some() => {
                        return Err(FfmpegError::Unusable {
                            path: ffmpeg.path().to_owned(),
                            what: format!("decoder.hardware = \"{name}\": {what}"),
                        });
                    }
                    Err(what) => {
                        let told = format!("{name} is not used, the processor decodes: {what}");
                        self.notices.push(told);
                    }
                }
            }
        }
        let usual = Path::new(ffmpeg::USUAL_DEVICE);
        if named.is_none() && usual.exists() {
            self.find_vaapi(&ffmpeg, usual);
        }
        match named {
            Some(name) if self.hardware.is_empty() => Err(FfmpegError::Unusable {
                path: ffmpeg.path().to_owned(),
                what: format!(
                    "decoder.hardware = \"{name}\" is no decoder of H.264, H.265 or MJPEG; \"auto\", \"off\", \"vaapi\", or a \
                     name such as \"h264_cuvid\", \"h264_qsv\", \"h264_v4l2m2m\""
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Tries VAAPI with this device for every codec that no other decoder in hardware was found for. A
    /// device that is not there, or decodes nothing right, is told by a notice, and the processor decodes.
    fn find_vaapi(&mut self, ffmpeg: &Libavcodec, path: &Path) {
        let device = match ffmpeg.vaapi(path) {
            Ok(device) => device,
            Err(what) => {
                self.notices.push(format!("VAAPI is not used, the processor decodes: {what}"));
                return;
            }
        };
        for coding in Coding::ALL {
            if self.hardware.iter().any(|(of, _)| *of == coding) {
                continue;
            }
            let tried =
                ffmpeg.open_on(&device, coding, true).and_then(|codec| try_out(codec, coding));
            match tried {
                Ok(()) => self.hardware.push((coding, VAAPI.to_owned())),
                Err(what) => self.notices.push(format!(
                    "VAAPI is not used for {}, the processor decodes: {what}",
                    coding.name()
                )),
            }
        }
        self.vaapi = Some(device);
    }
}

/// Whether a library's decoder decodes the clips of this codec right.
fn try_out(codec: Box<dyn Codec>, coding: Coding) -> Result<(), String> {
    match coding {
        Coding::Mjpeg => mjpeg_clip::try_out(codec),
        Coding::H264 | Coding::H265 => clips::try_out(codec, coding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_is_named_in_settings() {
        let vaapi = |path: &str| Ok(Hardware::Vaapi(PathBuf::from(path)));
        for (text, expected) in [
            ("auto", Ok(Hardware::Auto)),
            ("off", Ok(Hardware::Off)),
            ("h264_cuvid", Ok(Hardware::Named("h264_cuvid".to_owned()))),
            ("mjpeg_qsv", Ok(Hardware::Named("mjpeg_qsv".to_owned()))),
            ("vaapi", vaapi("/dev/dri/renderD128")),
            ("vaapi:/dev/dri/renderD129", vaapi("/dev/dri/renderD129")),
            ("vaapi:renderD129", Err(())),
            ("h264", Err(())),
            ("vp9_cuvid", Err(())),
        ] {
            assert_eq!(text.parse::<Hardware>().map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
    fn without_its_device_vaapi_is_left_out_with_a_word() {
        let wanted = Hardware::Vaapi(PathBuf::from("/dev/dri/renderD7"));
        let decoders = Decoders::open(DecoderEngine::Auto, &wanted).unwrap();
        let [notice] = decoders.notices() else { panic!("{:?}", decoders.notices()) };
        assert!(notice.starts_with("VAAPI is not used, the processor decodes: "), "{notice}");
        assert_eq!(decoders.candidates(Coding::H264), ["h264", "openh264"]);
    }
}
