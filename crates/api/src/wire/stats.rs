//! `GET /api/stats`: the server as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use ts_rs::TS;

use super::CameraStatus;
use super::round::round;

/// `GET /api/stats`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Stats.ts")]
pub struct Stats {
    /// Of razz.
    pub version: String,
    /// Seconds since start.
    #[ts(type = "number")]
    pub uptime_s: u64,
    /// What runs the model, such as `ort/openvino`; null until it is loaded.
    pub engine: Option<String>,
    /// The model's name.
    pub model: String,
    /// How far the model is.
    pub model_state: ModelState,
    /// Why there is no detection, when there is none though it is wanted.
    pub model_error: Option<String>,
    /// What to know of the model: which of its outputs are not used, that it takes a fixed number of
    /// pictures at a time. Mostly empty.
    pub model_notes: Vec<String>,
    /// Viewer sessions now, all cameras together.
    pub viewers: usize,
    /// What went out to them, since start.
    pub delivery: Delivery,
    /// Of one core, over the last seconds.
    #[serde(serialize_with = "tenths")]
    pub cpu_percent: f64,
    /// Resident memory.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// How many cameras like those that send now would get all the detections that they want; absent
    /// while it is not known what they cost.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_tenths")]
    #[ts(optional)]
    #[schemars(with = "f64")]
    pub cameras_that_fit: Option<f64>,
    /// The status of each camera by its number.
    #[ts(as = "BTreeMap<String, CameraStatus>")]
    #[schemars(with = "BTreeMap<String, CameraStatus>")]
    pub cameras: BTreeMap<u32, CameraStatus>,
}

/// What went out to viewers, and what did not, since start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, TS, JsonSchema)]
#[ts(export_to = "Delivery.ts")]
pub struct Delivery {
    /// Datagrams sent.
    #[ts(type = "number")]
    pub sent: u64,
    /// System calls that it took over UDP.
    #[ts(type = "number")]
    pub sends: u64,
    /// Datagrams that the system or a TCP connection did not take.
    #[ts(type = "number")]
    pub unsent: u64,
    /// Datagrams received that were for no viewer.
    #[ts(type = "number")]
    pub strays: u64,
    /// Datagrams of viewers dropped, since too many were waiting.
    #[ts(type = "number")]
    pub dropped: u64,
    /// GOPs replayed: one for each viewer at its start, others after losses.
    #[ts(type = "number")]
    pub replays: u64,
    /// Times that a viewer had to wait for the next key frame, on a congested path or too far behind.
    #[ts(type = "number")]
    pub waits: u64,
    /// Key frames asked for by viewers.
    #[ts(type = "number")]
    pub keyframe_requests: u64,
}

/// How far the model is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "ModelState.ts")]
pub enum ModelState {
    /// No camera wants detection.
    Off,
    /// Being loaded; video does not wait for it.
    Loading,
    /// Detecting.
    Ready,
    /// Cannot be used.
    Failed,
}

fn optional_tenths<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| round(value, 1)).serialize(serializer)
}

fn tenths<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value, 1))
}

#[cfg(test)]
mod tests {
    use super::super::camera::tests::online;
    use super::*;

    #[test]
    fn stats_read_as_the_contract_says() {
        let stats = Stats {
            version: "0.1.0".to_owned(),
            uptime_s: 3600,
            engine: Some("ort/openvino".to_owned()),
            model: "yolo11n".to_owned(),
            model_state: ModelState::Ready,
            model_error: None,
            model_notes: Vec::new(),
            viewers: 3,
            delivery: Delivery { sent: 9, replays: 3, ..Delivery::default() },
            cpu_percent: 61.52,
            memory_bytes: 180_000_000,
            cameras_that_fit: None,
            cameras: BTreeMap::from([(1, online())]),
        };
        let expected = format!(
            r#"{{"version":"0.1.0","uptime_s":3600,"engine":"ort/openvino","model":"yolo11n","model_state":"ready","model_error":null,"model_notes":[],"viewers":3,"delivery":{{"sent":9,"sends":0,"unsent":0,"strays":0,"dropped":0,"replays":3,"waits":0,"keyframe_requests":0}},"cpu_percent":61.5,"memory_bytes":180000000,"cameras":{{"1":{}}}}}"#,
            serde_json::to_string(&online()).unwrap()
        );
        assert_eq!(serde_json::to_string(&stats).unwrap(), expected);
    }
}
