//! Files of real models: whole, cut short, scribbled over, and of the wrong kind.

use std::path::Path;

use razz_vision::{
    Detector, DetectorSettings, EngineChoice, ModelError, ModelSource, OnnxEmbedder,
};

use crate::ENGINES;

fn settings(engine: EngineChoice) -> DetectorSettings {
    DetectorSettings { engine, threads: 1, ..Default::default() }
}

fn load(data: &[u8], engine: EngineChoice) -> Result<Detector, ModelError> {
    Detector::load(ModelSource::Bytes { name: "some.onnx", data }, &settings(engine))
}

pub(crate) fn a_real_model_cut_short(data: &Path) {
    let model = std::fs::read(data.join("models/yolo11n.onnx")).unwrap();
    for engine in ENGINES {
        for part in [100, model.len() / 2, model.len() - 1] {
            let error = load(&model[..part], engine).err().unwrap();
            assert!(matches!(error, ModelError::Truncated { .. }), "{part}: {error}");
            assert!(error.to_string().contains("cut short"), "{error}");
        }
    }
}

/// Whatever the bytes of a real model say, it is a model or an error.
pub(crate) fn scribbled_real_models_never_crash(data: &Path) {
    let whole = std::fs::read(data.join("models/yolox_nano.onnx")).unwrap();
    let mut state = 7u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..12 {
        let mut scribbled = whole.clone();
        for _ in 0..1 << random(8) {
            // The structure is all over the file; most of it lies at both ends.
            let at = if random(2) == 0 { random(4000) } else { whole.len() - 1 - random(40_000) };
            scribbled[at] = random(256) as u8;
        }
        for engine in ENGINES {
            if let Err(error) = load(&scribbled, engine) {
                let error = error.to_string();
                assert!(error.contains("some.onnx") && !error.contains('\n'), "{round}: {error}");
            }
        }
    }
}

pub(crate) fn an_embedder_is_no_detector_and_the_other_way_round(data: &Path) {
    let (yolo, osnet) =
        (data.join("models/yolo11n.onnx"), data.join("models/osnet_x0_25_msmt17.onnx"));
    for engine in ENGINES {
        let error = Detector::load(ModelSource::File(&osnet), &settings(engine)).err().unwrap();
        assert!(matches!(error, ModelError::Output { .. } | ModelError::Input { .. }), "{error}");
        let error = OnnxEmbedder::load(&yolo, engine, 1).err().unwrap().to_string();
        assert!(error.contains("yolo11n") && error.contains("[batch, values]"), "{error}");
    }
}
