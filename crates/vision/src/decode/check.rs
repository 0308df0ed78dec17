//! Every decoder that was found, tried on every clip.

use razz_base::Codec as Coding;

use super::Decoders;
use super::clips::CLIPS;
use super::mjpeg_clip;

/// How a decoder did on a clip.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecoderCheck {
    /// The decoder: `openh264`, or FFmpeg's name such as `h264` or `h264_cuvid`.
    pub decoder: String,
    /// The clip's name.
    pub clip: &'static str,
    /// How many pictures came out right, or what was wrong with the first that did not.
    pub outcome: Result<usize, String>,
}

/// Tries every decoder that was found on every clip of its codec.
pub fn check_decoders(decoders: &Decoders) -> Vec<DecoderCheck> {
    let mut checks = Vec::new();
    for coding in Coding::ALL {
        for name in decoders.candidates(coding) {
            if coding == Coding::Mjpeg {
                let outcome = decoders
                    .decoder_named(coding, &name)
                    .and_then(|mut decoder| mjpeg_clip::decode(&mut decoder));
                let clip = mjpeg_clip::NAME;
                checks.push(DecoderCheck { decoder: name.clone(), clip, outcome });
            }
            for clip in CLIPS.iter().filter(|clip| clip.coding == coding) {
                let outcome = decoders
                    .decoder_named(coding, &name)
                    .and_then(|mut decoder| clip.decode(&mut decoder));
                checks.push(DecoderCheck { decoder: name.clone(), clip: clip.name, outcome });
            }
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecoderEngine, Hardware};

    /// All of a clip's pictures.
    fn expected(check: &DecoderCheck) -> Result<usize, String> {
        Ok(if check.clip == mjpeg_clip::NAME { 8 } else { 12 })
    }

    #[test]
    fn what_razz_has_in_itself_decodes_every_clip_bit_for_bit() {
        let checks = check_decoders(&Decoders::builtin());
        for check in &checks {
            assert_eq!(check.outcome, expected(check), "{} on {}", check.decoder, check.clip);
        }
        let names: Vec<&str> = checks.iter().map(|check| check.decoder.as_str()).collect();
        assert_eq!(names, ["openh264", "openh264", "rusty_h265", "rusty_h265", "zune-jpeg"]);
    }

    #[test]
    #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
    fn libavcodec_decodes_every_clip_bit_for_bit() {
        let decoders = Decoders::open(DecoderEngine::Ffmpeg, &Hardware::Off).unwrap();
        for check in &check_decoders(&decoders) {
            assert_eq!(check.outcome, expected(check), "{} on {}", check.decoder, check.clip);
        }
    }
}
