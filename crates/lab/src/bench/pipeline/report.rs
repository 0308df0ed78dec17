//! What a server did with so many cameras.

use serde_json::{Map, Value, json};

use super::super::quantiles::{Quantiles, rounded};
use super::super::table::table;
use super::ENOUGH;
use super::footage::Film;
use super::server::{Frames, Window};

/// The stages that CPU time is told by, in the order of a frame's journey.
const STAGES: [&str; 9] =
    ["decode", "motion", "prepare", "infer", "read", "embed", "track", "viewers", "runtime"];

/// Everything that was measured.
pub(super) struct Report {
    model: String,
    pub(super) engine: String,
    size: [u32; 2],
    fps: u32,
    /// Of the sub-streams, if those are detected on.
    sub: Option<([u32; 2], u32)>,
    seconds: u32,
    pub(super) loads: Vec<Load>,
}

/// A number of cameras and what they came to, per second.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Load {
    /// Detections that each camera wants.
    wanted: f64,
    cameras: Vec<Frames>,
    /// Whether the cameras are to be detected on by their sub-streams, and how many were.
    wants_sub: bool,
    from_sub: usize,
    delay_ms: Quantiles,
    /// CPU milliseconds per second, in the order of [`STAGES`].
    cpu_ms: Vec<f64>,
    cpu_percent: f64,
    memory_bytes: u64,
}

impl Load {
    /// From what happened in a window.
    pub(super) fn new(wanted: f64, wants_sub: bool, window: &Window) -> Self {
        let per_second = |count: f64| count / window.seconds.max(1e-9);
        let rates = |camera: &Frames| Frames {
            received: per_second(camera.received),
            decoded: per_second(camera.decoded),
            detected: per_second(camera.detected),
            unchanged: per_second(camera.unchanged),
            skipped: per_second(camera.skipped),
        };
        let stage = |name: &&str| {
            let spent = window.cpu.iter().find(|(stage, _)| stage == name);
            1e3 * per_second(spent.map_or(0.0, |(_, seconds)| *seconds))
        };
        Self {
            wanted,
            cameras: window.cameras.iter().map(rates).collect(),
            wants_sub,
            from_sub: window.from_sub,
            delay_ms: Quantiles::of(window.delay_ms.clone()),
            cpu_ms: STAGES.iter().map(stage).collect(),
            cpu_percent: 100.0 * per_second(window.cpu_seconds),
            memory_bytes: window.memory_bytes,
        }
    }

    /// The least, the middle and the most that a camera got, and how far the least and the most lie
    /// apart, as a share of the middle.
    fn spread(&self) -> [f64; 4] {
        let mut got: Vec<f64> = self.cameras.iter().map(Frames::got).collect();
        got.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (got.first(), got.last()) else { return [0.0; 4] };
        let middle = got[got.len() / 2];
        [*least, middle, *most, (most - least) / middle.max(1e-9)]
    }

    fn least(&self, of: impl Fn(&Frames) -> f64) -> f64 {
        self.cameras.iter().map(of).fold(f64::INFINITY, f64::min)
    }

    /// Whether every camera got what it wanted.
    pub(super) fn fits(&self) -> bool {
        let by_sub = !self.wants_sub || self.from_sub == self.cameras.len();
        by_sub && self.least(Frames::got) >= ENOUGH * self.wanted
    }

    fn row(&self) -> Vec<String> {
        let Quantiles { p50, p95, p99, .. } = self.delay_ms;
        let skipped: f64 = self.cameras.iter().map(|camera| camera.skipped).sum();
        let mut row = vec![self.cameras.len().to_string()];
        let [least, middle, most, apart] = self.spread();
        let got = [self.wanted, least, middle, most];
        row.extend(got.map(|rate| format!("{rate:.1}")));
        row.push(format!("{:.0}", 100.0 * apart));
        let mean = |of: fn(&Frames) -> f64| {
            self.cameras.iter().map(of).sum::<f64>() / self.cameras.len().max(1) as f64
        };
        let frames = [self.least(|c| c.received), mean(|c| c.decoded), skipped];
        row.extend(frames.map(|rate| format!("{rate:.1}")));
        row.push(self.from_sub.to_string());
        row.extend([p50, p95, p99].map(|ms| format!("{ms:.1}")));
        row.push(format!("{:.0}", self.cpu_percent));
        row.push(format!("{:.0}", self.memory_bytes as f64 / 1e6));
        row.push(if self.fits() { "yes" } else { "no" }.to_owned());
        row
    }

    fn cpu_row(&self) -> Vec<String> {
        let mut row = vec![self.cameras.len().to_string()];
        row.extend(self.cpu_ms.iter().map(|ms| format!("{ms:.1}")));
        row
    }

    fn json(&self) -> Value {
        let all = |of: fn(&Frames) -> f64| -> Vec<f64> {
            self.cameras.iter().map(|camera| rounded(of(camera), 2)).collect()
        };
        let [least, middle, most, apart] = self.spread();
        let stages = STAGES.iter().zip(&self.cpu_ms);
        let cpu: Map<String, Value> =
            stages.map(|(name, ms)| ((*name).to_owned(), rounded(*ms, 2).into())).collect();
        json!({
            "cameras": self.cameras.len(), "wanted": self.wanted, "from_sub": self.from_sub, "fits": self.fits(),
            "got": all(Frames::got), "looked": all(|c| c.detected), "got_least": rounded(least, 2),
            "got_median": rounded(middle, 2), "got_most": rounded(most, 2),
            "got_spread": rounded(apart, 3), "received": all(|c| c.received),
            "decoded": all(|c| c.decoded), "skipped": all(|c| c.skipped),
            "delay_ms": self.delay_ms.json(), "cpu_percent": rounded(self.cpu_percent, 1),
            "cpu_ms_per_s": cpu, "memory_bytes": self.memory_bytes,
        })
    }
}

impl Report {
    /// Nothing measured so far.
    pub(super) fn new(model: &str, film: &Film, sub: Option<&Film>, seconds: u32) -> Self {
        Self {
            model: model.to_owned(),
            engine: String::new(),
            size: [film.size.width, film.size.height],
            fps: film.footage.fps(),
            sub: sub.map(|sub| ([sub.size.width, sub.size.height], sub.footage.fps())),
            seconds,
            loads: Vec::new(),
        }
    }

    /// Of the most cameras that got what they wanted.
    fn fitting(&self) -> usize {
        let fitting = self.loads.iter().filter(|load| load.fits());
        fitting.map(|load| load.cameras.len()).max().unwrap_or(0)
    }

    /// What a further camera takes, by the smallest and the largest load.
    fn memory_per_camera(&self) -> Option<f64> {
        let of = |load: &Load| (load.cameras.len(), load.memory_bytes as f64);
        let (least, most) = (
            self.loads.iter().map(of).min_by_key(|load| load.0)?,
            self.loads.iter().map(of).max_by_key(|load| load.0)?,
        );
        (most.0 > least.0).then(|| (most.1 - least.1) / (most.0 - least.0) as f64)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let header = [
            "cameras",
            "wanted",
            "got least",
            "median",
            "most",
            "spread %",
            "received",
            "decoded",
            "skipped",
            "by sub",
            "delay p50",
            "p95",
            "p99",
            "CPU %",
            "MB",
            "fits",
        ];
        let rows: Vec<_> = self.loads.iter().map(Load::row).collect();
        let cpu_rows: Vec<_> = self.loads.iter().map(Load::cpu_row).collect();
        let mut cpu_header = vec!["CPU, ms/s"];
        cpu_header.extend(STAGES);
        let [width, height] = self.size;
        let Self { model, engine, fps, seconds, .. } = self;
        let memory = self.memory_per_camera().map_or_else(String::new, |bytes| {
            format!(", {:.1} MB for each further camera", bytes / 1e6)
        });
        let sub = self.sub.map_or_else(String::new, |([width, height], fps)| {
            format!(" detected on by sub-streams of {width}x{height} at {fps} fps,")
        });
        format!(
            "{model} on {engine}, cameras of {width}x{height} at {fps} fps,{sub} {seconds} s each; per \
             second and camera, delay in ms from a frame's last packet in to its tracks out\n\
             {}\n\n{}\n\n{} cameras get what they want{memory}",
            table(&header, &rows),
            table(&cpu_header, &cpu_rows),
            self.fitting(),
        )
    }

    /// For scripts.
    pub(super) fn json(&self) -> Value {
        json!({
            "model": self.model, "engine": self.engine, "size": self.size, "fps": self.fps,
            "sub": self.sub.map(|(size, fps)| json!({"size": size, "fps": fps})),
            "seconds": self.seconds, "fitting": self.fitting(),
            "memory_per_camera": self.memory_per_camera().map(f64::round),
            "loads": self.loads.iter().map(Load::json).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_fits_when_its_worst_camera_gets_what_it_wants() {
        for (detected, wanted, fits) in
            [([50.0, 50.0], 5.0, true), ([50.0, 49.0], 5.0, true), ([50.0, 40.0], 5.0, false)]
        {
            let camera = |detected| Frames { received: 300.0, detected, ..Frames::default() };
            let window = Window {
                seconds: 10.0,
                cameras: detected.map(camera).to_vec(),
                delay_ms: vec![20.0, 30.0],
                from_sub: 0,
                cpu: vec![("decode".to_owned(), 2.5), ("infer".to_owned(), 7.5)],
                cpu_seconds: 10.0,
                memory_bytes: 100_000_000,
            };
            let load = Load::new(wanted, false, &window);
            assert_eq!(load.fits(), fits, "{detected:?}");
            assert!(!Load::new(wanted, true, &window).fits(), "none by its sub-stream");
            let by_sub = Window { from_sub: 2, ..window.clone() };
            assert_eq!(Load::new(wanted, true, &by_sub).fits(), fits, "{detected:?}");
            let [least, _, most, apart] = load.spread();
            assert_eq!([least, most], [detected[1] / 10.0, detected[0] / 10.0]);
            assert!((apart - (most - least) / 5.0).abs() < 1e-9, "{apart}");
            let json = load.json();
            assert_eq!((&json["received"][1], &json["cpu_percent"]), (&30.0.into(), &100.0.into()));
            assert_eq!(json["cpu_ms_per_s"]["infer"], 750.0);
            assert_eq!(json["cpu_ms_per_s"]["track"], 0.0);
        }
    }
}
