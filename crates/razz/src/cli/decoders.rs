//! The decoders that `razz doctor` finds, and tries.

use razz_vision::{DecoderCheck, DecoderEngine, Decoders, Hardware, check_decoders};
use serde_json::json;

/// What decodes on this machine.
pub(super) struct FoundDecoders {
    ffmpeg: Option<String>,
    notices: Vec<String>,
    /// Empty where they were not to be tried.
    checks: Vec<DecoderCheck>,
}

impl FoundDecoders {
    /// Loads what `decoder.engine = "auto"` would, and tries it on clips where that is asked for.
    pub(super) fn look(try_them: bool) -> Self {
        let hardware = if try_them { Hardware::Auto } else { Hardware::Off };
        let found =
            Decoders::open(DecoderEngine::Auto, &hardware).unwrap_or_else(|_| Decoders::builtin());
        Self {
            ffmpeg: found.ffmpeg(),
            notices: found.notices().to_vec(),
            checks: if try_them { check_decoders(&found) } else { Vec::new() },
        }
    }

    /// Whether there is FFmpeg's.
    pub(super) fn has_ffmpeg(&self) -> bool {
        self.ffmpeg.is_some()
    }

    /// Whether each that was tried gave the right pictures.
    pub(super) fn all_right(&self) -> bool {
        self.checks.iter().all(|check| check.outcome.is_ok())
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let checks: Vec<_> = self
            .checks
            .iter()
            .map(|check| {
                json!({
                    "decoder": check.decoder,
                    "clip": check.clip,
                    "pictures": check.outcome.as_ref().ok(),
                    "error": check.outcome.as_ref().err(),
                })
            })
            .collect();
        json!({"built_in": ["openh264", "rusty_h265", "zune-jpeg"], "ffmpeg": self.ffmpeg, "notes": self.notices, "checks": checks})
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            "decoder  openh264 (H.264), rusty_h265 (H.265), zune-jpeg (MJPEG): built in".to_owned(),
        ];
        lines.push(match &self.ffmpeg {
            Some(ffmpeg) => format!("decoder  {ffmpeg}: H.264, H.265, MJPEG"),
            None => {
                "decoder  FFmpeg's libavcodec: not found; with it decoding takes half the time: \
                     `apt install libavcodec-extra`, or set RAZZ_LIBAVCODEC"
                    .to_owned()
            }
        });
        lines.extend(self.notices.iter().map(|notice| format!("         {notice}")));
        for DecoderCheck { decoder, clip, outcome } in &self.checks {
            lines.push(match outcome {
                Ok(pictures) => {
                    format!("         {decoder}: {clip}, {pictures} pictures, each as it has to be")
                }
                Err(error) => format!("         {decoder}: {clip}: WRONG: {error}"),
            });
        }
        lines
    }
}
