//! What this machine carries: how many usual cameras get all the detections that they want, and what
//! would make it more.
//!
//! By CPU time, so that it says the same while the machine has other things to do.

use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_observe::clock::Clock;
use razz_scene::Footage;
use razz_vision::{Decoders, Detector, Picture};
use serde_json::json;

/// A usual camera.
const SIZE: Size = Size { width: 1280, height: 720 };
const FPS: f64 = 30.0;
const GOP_FRAMES: f64 = 60.0;
/// Detections a second, where nothing else is set, and while nothing moves.
const DETECTIONS: f64 = 6.0;
const DETECTIONS_IDLE: f64 = 1.0;
/// What else a camera takes, in core-ms a second: it is received, tracked, published.
const BESIDES_MS: f64 = 10.0;
/// Of the cores, so much can be planned for.
const PLANNED: f64 = 0.95;
/// So much of the decoding is left with libavcodec instead of openh264, and of detection with ONNX
/// Runtime instead of the engine that is built in (docs/benchmarks.md).
const WITH_LIBAVCODEC: f64 = 0.46;
const WITH_ONNX_RUNTIME: f64 = 0.5;
/// A smaller stream has a quarter of the samples, half as often.
const OF_SUB_STREAM: f64 = 0.125;
/// A second of a street.
const PICTURES: u64 = 30;
const LOOKS: usize = 8;

/// What one camera costs, in core-ms.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Costs {
    /// A picture's decoding.
    decode: f64,
    /// A detection.
    detect: f64,
}

impl Costs {
    /// Core-ms a second of a camera.
    fn of_camera(self, decoded_fps: f64, detections: f64) -> f64 {
        self.decode * decoded_fps + self.detect * detections + BESIDES_MS
    }

    fn usual(self) -> f64 {
        self.of_camera(FPS, DETECTIONS)
    }
}

/// What this machine carries with a model.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Capacity {
    cores: f64,
    costs: Costs,
    decoder: String,
    has_libavcodec: bool,
    has_onnx_runtime: bool,
}

impl Capacity {
    /// Decodes a second of a street, and looks at it with the detector.
    pub(super) fn measure(
        detector: &mut Detector,
        cores: usize,
        has_libavcodec: bool,
        has_onnx_runtime: bool,
    ) -> Result<Self, String> {
        let footage =
            Footage::clip(1, 0, PICTURES, SIZE).map_err(|error| format!("a street: {error}"))?;
        let clock = Clock::start();
        let mut decoder = Decoders::at_hand().decoder();
        let mut pictures = Vec::new();
        let mut spent = 0;
        for index in 0..footage.total() {
            let Some(frame) = footage.frame(index) else { break };
            let unit = unit(index, frame.annex_b, frame.idr);
            let begun = clock.thread_cpu_nanos();
            let decoded = decoder.decode(&unit, true).map_err(|error| error.to_string())?;
            spent += clock.thread_cpu_nanos() - begun;
            pictures.extend(decoded);
        }
        let decode = spent as f64 / 1e6 / pictures.len().max(1) as f64;
        let detect = looks(detector, &pictures, clock)?;
        Ok(Self {
            cores: cores as f64,
            costs: Costs { decode, detect },
            decoder: decoder.name().unwrap_or_default().to_owned(),
            has_libavcodec,
            has_onnx_runtime,
        })
    }

    fn fit(&self, each: f64) -> f64 {
        PLANNED * 1000.0 * self.cores / each
    }

    fn idle(&self) -> f64 {
        self.costs.of_camera(FPS / GOP_FRAMES, DETECTIONS_IDLE)
    }

    /// What would make it more, and how many times as many cameras then fit.
    fn faster(&self) -> Vec<(&'static str, f64)> {
        let Costs { decode, detect } = self.costs;
        let with = |costs: Costs| self.costs.usual() / costs.usual();
        let sub = Costs { decode: OF_SUB_STREAM * decode, detect };
        let mut faster =
            vec![("detection on the cameras' smaller streams (`sub_url`, 640x360)", with(sub))];
        if !self.has_libavcodec {
            let costs = Costs { decode: WITH_LIBAVCODEC * decode, detect };
            faster.push(("FFmpeg's libavcodec (`apt install libavcodec-extra`)", with(costs)));
        }
        if !self.has_onnx_runtime {
            let costs = Costs { decode, detect: WITH_ONNX_RUNTIME * detect };
            faster.push(("ONNX Runtime (`make onnxruntime`)", with(costs)));
        }
        faster.sort_by(|a, b| b.1.total_cmp(&a.1));
        faster
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let Costs { decode, detect } = self.costs;
        let mut lines = vec![
            format!(
                "carries  {:.0} cameras of {}x{} at {FPS} fps with {DETECTIONS} detections a second: each \
                 takes {:.0} of {:.0} core-ms a second, {:.0} for decoding ({}), {:.0} for detection",
                self.fit(self.costs.usual()).floor(),
                SIZE.width,
                SIZE.height,
                self.costs.usual(),
                1000.0 * self.cores,
                FPS * decode,
                self.decoder,
                DETECTIONS * detect,
            ),
            format!("         {:.0} while nothing moves in them", self.fit(self.idle()).floor()),
        ];
        lines.extend(
            self.faster()
                .iter()
                .map(|(what, times)| format!("faster   {what}: {times:.1} times as many")),
        );
        lines
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let faster =
            self.faster().into_iter().map(|(what, times)| json!({"by": what, "times": times}));
        json!({
            "cameras": self.fit(self.costs.usual()).floor(),
            "cameras_idle": self.fit(self.idle()).floor(),
            "decode_core_ms": self.costs.decode,
            "detect_core_ms": self.costs.detect,
            "decoder": self.decoder,
            "faster": faster.collect::<Vec<_>>(),
        })
    }
}

/// What a detection takes, in core-ms. The first, which sets things up, does not count.
fn looks(detector: &mut Detector, pictures: &[Picture], clock: Clock) -> Result<f64, String> {
    let (mut found, mut begun) = (Vec::new(), clock.process_cpu_nanos());
    for (index, picture) in pictures.iter().cycle().take(LOOKS + 1).enumerate() {
        found.clear();
        detector.detect(picture, &mut found).map_err(|error| error.to_string())?;
        if index == 0 {
            begun = clock.process_cpu_nanos();
        }
    }
    Ok((clock.process_cpu_nanos() - begun) as f64 / 1e6 / LOOKS as f64)
}

fn unit(index: usize, annex_b: Vec<u8>, idr: bool) -> AccessUnit {
    AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).unwrap_or_else(|| unreachable!("1 is not 0")),
            time: MediaTime::from_90k(index as i64 * 3000),
        },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, SIZE),
        data: annex_b.into(),
        idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(cores: f64, decode: f64, detect: f64, libraries: bool) -> Capacity {
        Capacity {
            cores,
            costs: Costs { decode, detect },
            decoder: "openh264".to_owned(),
            has_libavcodec: libraries,
            has_onnx_runtime: libraries,
        }
    }

    #[test]
    fn what_fits_and_what_helps_is_said_by_what_is_dear() {
        // (cores, core-ms of a decoding and of a detection, both libraries; cameras, and where nothing
        // moves, what helps most, how much)
        for (cores, decode, detect, libraries, cameras, idle, first, times) in [
            (2.0, 1.8, 15.0, true, 12.0, 73.0, "smaller streams", 1.5),
            (2.0, 4.0, 15.0, false, 8.0, 70.0, "smaller streams", 1.9),
            (4.0, 2.0, 200.0, false, 2.0, 18.0, "ONNX Runtime", 1.9),
        ] {
            let capacity = capacity(cores, decode, detect, libraries);
            let json = capacity.to_json();
            assert_eq!(
                (json["cameras"].as_f64(), json["cameras_idle"].as_f64()),
                (Some(cameras), Some(idle))
            );
            let faster = capacity.faster();
            assert_eq!(faster.len(), if libraries { 1 } else { 3 });
            assert!(faster[0].0.contains(first), "{faster:?}");
            assert!((faster[0].1 - times).abs() < 0.1, "{faster:?}");
            let text = capacity.lines().join("\n");
            assert!(text.starts_with(&format!("carries  {cameras} cameras of 1280x720")), "{text}");
        }
    }

    #[test]
    fn it_is_measured_with_the_demos_model() {
        let source = razz_vision::ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL };
        let mut detector =
            Detector::load(source, &razz_vision::DetectorSettings::default()).unwrap();
        let capacity = Capacity::measure(&mut detector, 2, false, false).unwrap();
        let Costs { decode, detect } = capacity.costs;
        assert!(decode > 0.05 && detect > 0.05, "{capacity:?}");
        assert!(!capacity.decoder.is_empty());
    }
}
