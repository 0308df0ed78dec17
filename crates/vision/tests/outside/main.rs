//! The same on real clips and public models, which are no part of the repository: `docs/testing.md`
//! says where they come from. One test is many checks, so that what is not run is a short list.

#[path = "../support/mod.rs"]
mod support;

mod boxes;
mod clips;
mod files;
mod yolox;

use razz_vision::EngineChoice;
use support::outside_data;

const ENGINES: [EngineChoice; 2] = [EngineChoice::Rten, EngineChoice::Ort];

#[test]
#[ignore = "needs RAZZ_TESTDATA and ONNX Runtime: YOLO11, YOLOX and OSNet, clips, reference boxes and pictures"]
fn real_clips_and_public_models_agree_with_their_references() {
    let data = outside_data();
    clips::real_clips_decode_whole(&data);
    clips::colours_are_those_of_the_png_frames(&data);
    clips::cameras_on_poles_stand_still(&data);
    clips::cameras_that_are_moved_on_purpose_are_followed(&data);
    clips::the_builtin_embedder_tells_people_apart(&data);
    clips::osnet_tells_people_apart(&data);
    boxes::every_box_on_png_frames(&data);
    boxes::clips_agree_with_room(&data);
    boxes::a_wide_model_takes_pictures_as_well(&data);
    yolox::yolox_nano_by_its_raw_output(&data);
    files::a_real_model_cut_short(&data);
    files::scribbled_real_models_never_crash(&data);
    files::an_embedder_is_no_detector_and_the_other_way_round(&data);
}
