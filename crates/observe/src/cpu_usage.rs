//! What the CPU time goes into, stage by stage.
//!
//! Cameras' threads and the detector's threads say what their own steps took; the threads of the
//! model's engine, of viewers and of the network are read from `/proc` by their names.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::process::{self, Thread};

/// What is measured where it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// H.264 to planes.
    Decode,
    /// How the camera moved.
    Motion,
    /// Vectors of how tracks look.
    Embed,
    /// All that a camera's thread does, the three above among it.
    Camera,
    /// Planes to the model's input.
    Prepare,
    /// The model's output to boxes.
    Read,
    /// Other encodings of a camera's pictures: decoding for them, scaling, and encoding.
    Renditions,
}

/// CPU time by stage, since the model was chosen.
#[derive(Debug, Default)]
pub struct StageTimes {
    nanos: [AtomicU64; 7],
    /// What threads of inference used that have ended.
    ended_nanos: AtomicU64,
}

/// How the names of the detector's threads begin, and with them of the threads that their engines
/// start.
pub const INFERENCE_THREAD: &str = "inference";
/// How the built-in engine names its threads, whoever starts them.
const BUILT_IN_ENGINE_THREAD: &str = "rten-";
/// How the names of the threads that serve viewers begin. Whoever starts one names it so.
pub const VIEWER_THREAD: &str = "viewer";
/// How the names of cameras' threads begin. Whoever starts one names it so.
pub const CAMERA_THREAD: &str = "camera";
/// How the names of the threads begin that encode cameras' pictures. Whoever starts one names it so.
pub const RENDITION_THREAD: &str = "rendition";

impl StageTimes {
    /// So many nanoseconds of CPU went into a stage.
    pub fn add(&self, stage: Stage, nanos: u64) {
        self.nanos[stage as usize].fetch_add(nanos, Ordering::Relaxed);
    }

    /// A thread of inference that used so much is ending.
    pub fn inference_ended(&self, nanos: u64) {
        self.ended_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    fn of(&self, stage: Stage) -> u64 {
        self.nanos[stage as usize].load(Ordering::Relaxed)
    }

    /// Seconds by the stages' names, in the order of a frame's journey.
    pub fn seconds(&self) -> [(&'static str, f64); 10] {
        self.share(&process::threads())
    }

    /// `threads`: those that live.
    fn share(&self, threads: &[Thread]) -> [(&'static str, f64); 10] {
        let named = |of: &dyn Fn(&str) -> bool| -> u64 {
            threads.iter().filter(|thread| of(&thread.name)).map(|thread| thread.cpu_nanos).sum()
        };
        let [decode, motion, embed, camera, prepare, read, renditions] = [
            Stage::Decode,
            Stage::Motion,
            Stage::Embed,
            Stage::Camera,
            Stage::Prepare,
            Stage::Read,
            Stage::Renditions,
        ]
        .map(|stage| self.of(stage));
        let detects = |name: &str| {
            name.starts_with(INFERENCE_THREAD) || name.starts_with(BUILT_IN_ENGINE_THREAD)
        };
        let inference = named(&detects) + self.ended_nanos.load(Ordering::Relaxed);
        let viewers = named(&|name| name.starts_with(VIEWER_THREAD));
        let kinds = [
            INFERENCE_THREAD,
            BUILT_IN_ENGINE_THREAD,
            VIEWER_THREAD,
            CAMERA_THREAD,
            RENDITION_THREAD,
        ];
        let runtime = named(&|name| !kinds.iter().any(|kind| name.starts_with(kind)));
        [
            ("decode", decode),
            ("motion", motion),
            ("prepare", prepare),
            ("infer", inference.saturating_sub(prepare + read)),
            ("read", read),
            ("embed", embed),
            ("track", camera.saturating_sub(decode + motion + embed)),
            ("renditions", renditions),
            ("viewers", viewers),
            ("runtime", runtime),
        ]
        .map(|(name, nanos)| (name, nanos as f64 / 1e9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_share_what_threads_used() {
        let work = StageTimes::default();
        for (stage, ms) in [
            (Stage::Camera, 100),
            (Stage::Decode, 60),
            (Stage::Motion, 20),
            (Stage::Embed, 10),
            (Stage::Prepare, 5),
            (Stage::Read, 3),
            (Stage::Renditions, 14),
        ] {
            work.add(stage, ms * 1_000_000);
        }
        work.inference_ended(5_000_000);
        let threads = [
            ("camera1", 101),
            ("rendition1", 15),
            ("inference1", 40),
            ("inference2", 60),
            ("rten-0", 5),
            ("viewers0", 7),
            ("viewer-ports", 2),
            ("razz", 1),
            ("tokio-rt-worker", 11),
        ];
        let threads = threads.map(|(name, ms)| Thread {
            id: 0,
            name: name.to_owned(),
            cpu_nanos: ms * 1_000_000,
        });
        let shares = work.share(&threads).map(|(name, s)| (name, (s * 1e3).round() as i64));
        assert_eq!(
            shares,
            [
                ("decode", 60),
                ("motion", 20),
                ("prepare", 5),
                ("infer", 102),
                ("read", 3),
                ("embed", 10),
                ("track", 10),
                ("renditions", 14),
                ("viewers", 9),
                ("runtime", 12),
            ]
        );
    }
}
