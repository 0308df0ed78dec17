//! What razz encodes of a camera's pictures for viewers who cannot have what the camera sends.

use razz_hub::renditions::{RenditionSnapshot, RenditionsSnapshot};
use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

use super::round::round;

/// The encodings of one camera that are made now.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RenditionsStatus.ts")]
pub struct RenditionsStatus {
    /// Decoding for them, beside that for detection, in percent of one core.
    pub decode_cpu_percent: f64,
    /// Each of them, from the most bits to the fewest.
    pub made: Vec<RenditionStatus>,
}

/// One encoding.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RenditionStatus.ts")]
pub struct RenditionStatus {
    /// `full`, `540p`, `360p`, `180p` or `stills`.
    pub name: String,
    /// Pixels across; 0 before the first picture.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Viewers that are sent it or wait for it.
    pub viewers: usize,
    /// Pictures a second.
    pub fps: f64,
    /// Over the last seconds.
    #[ts(type = "number")]
    pub bitrate_kbps: u64,
    /// Scaling and encoding, in percent of one core.
    pub cpu_percent: f64,
    /// Memory of its encoder, about, by the size of its pictures.
    #[ts(type = "number")]
    pub memory_bytes: u64,
}

impl RenditionsStatus {
    /// `None` where none is made.
    pub fn of(snapshot: RenditionsSnapshot) -> Option<Self> {
        let made = snapshot.rungs.into_iter().filter(|rung| rung.viewers > 0 || rung.fps > 0.0);
        let made: Vec<_> = made.map(RenditionStatus::from).collect();
        let decode_cpu_percent = round(100.0 * snapshot.decode_cores, 1);
        (!made.is_empty()).then_some(Self { decode_cpu_percent, made })
    }
}

impl From<RenditionSnapshot> for RenditionStatus {
    fn from(rung: RenditionSnapshot) -> Self {
        Self {
            name: rung.rung.name().to_owned(),
            width: rung.size.width,
            height: rung.size.height,
            viewers: rung.viewers,
            fps: round(rung.fps, 1),
            bitrate_kbps: (rung.bitrate / 1000.0) as u64,
            cpu_percent: round(100.0 * rung.cores, 1),
            memory_bytes: rung.memory_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{Rung, Size};

    use super::*;

    #[test]
    fn it_reads_as_the_documentation_says() {
        let rung = RenditionSnapshot {
            rung: Rung::P360,
            size: Size::new(640, 360),
            viewers: 2,
            fps: 29.97,
            pictures: 900,
            idrs: 3,
            bitrate: 498_765.0,
            bytes: 1_900_000,
            cores: 0.0254,
            cpu_seconds: 1.2,
            memory_bytes: 3_200_000,
        };
        let over = RenditionSnapshot { rung: Rung::P180, viewers: 0, fps: 0.0, ..rung };
        let of = |rungs| {
            RenditionsStatus::of(RenditionsSnapshot {
                rungs,
                decode_cores: 0.056,
                decode_cpu_seconds: 3.0,
            })
        };
        assert_eq!(
            serde_json::to_string(&of(vec![rung, over])).unwrap(),
            r#"{"decode_cpu_percent":5.6,"made":[{"name":"360p","width":640,"height":360,"viewers":2,"fps":30.0,"bitrate_kbps":498,"cpu_percent":2.5,"memory_bytes":3200000}]}"#
        );
        assert_eq!(of(vec![over]), None, "it was made once");
    }
}
