//! The detector's settings, changed while everything runs, and tried out before.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use razz_base::ClassNames;
use tokio::sync::{Semaphore, oneshot};

use super::cameras::change_off_thread;
use super::problem::{JsonBody, Problem};
use super::{App, api};
use crate::wire::{self, ProblemKind};
use razz_analysis::detector::{self, PreviewError};
use razz_config::DetectorEdit;
use razz_config::models;

/// `GET /api/detector`.
pub(super) async fn get(State(app): State<App>) -> Result<Json<wire::DetectorInfo>, Problem> {
    let folder = tokio::task::spawn_blocking(|| models::detectors(&models::folder()));
    let found = folder.await.map_err(|_| Problem::internal("the models cannot be listed"))?;
    let settings = app.control.detector();
    let model = settings.model.written();
    let mut models = vec![model.clone()];
    models.extend(found.into_iter().chain(["demo".to_owned()]).filter(|name| *name != model));
    Ok(Json(wire::DetectorInfo {
        model,
        models,
        confidence: settings.confidence,
        iou: settings.iou,
        classes: settings.classes,
        editable: app.control.has_file(),
    }))
}

/// `PUT /api/detector`.
pub(super) async fn change(
    State(app): State<App>,
    JsonBody(edit): JsonBody<wire::DetectorEdit>,
) -> Result<Json<wire::DetectorInfo>, Problem> {
    let edit = DetectorEdit::from(edit);
    know_classes(&app, &edit)?;
    change_off_thread(&app, move |control| control.change_detector(&edit)).await?;
    get(State(app)).await
}

/// Refuses classes that the loaded model does not have, but for those that are set already. Of
/// another model nothing is known before it is loaded: it passes over what it does not have.
fn know_classes(app: &App, edit: &DetectorEdit) -> Result<(), Problem> {
    let (settings, pool) = (app.control.detector(), app.control.pool());
    if edit.model().is_some_and(|model| model != settings.model.written()) {
        return Ok(());
    }
    let (Some(wanted), Some(names)) = (edit.classes(), pool.names()) else { return Ok(()) };
    match unknown_classes(wanted, &settings.classes, names) {
        None => Ok(()),
        Some(message) => Err(Problem::invalid_key("classes", &message)),
    }
}

/// So many names are told of a model's.
const MOST_NAMES: usize = 20;

/// What is wrong with `wanted` beside what is `set`, for a model with classes of these names.
fn unknown_classes(wanted: &[String], set: &[String], names: &ClassNames) -> Option<String> {
    let quoted = |name: &String| format!("{name:?}");
    let unknown: Vec<String> = wanted
        .iter()
        .filter(|name| names.find(name.trim()).is_none() && !set.contains(name))
        .map(quoted)
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let mut known: Vec<&str> = names.iter().take(MOST_NAMES).collect();
    if names.len() > known.len() {
        known.push("…");
    }
    Some(format!(
        "`classes`: the model knows no {}; it knows {}",
        unknown.join(", "),
        known.join(", ")
    ))
}

/// `POST /api/detector/preview`: looks at a camera's newest picture, and changes nothing.
pub(super) async fn preview(
    State(app): State<App>,
    JsonBody(trial): JsonBody<wire::DetectorTrial>,
) -> Result<Json<wire::DetectorPreview>, Problem> {
    let camera = app.camera(&trial.camera.to_string())?;
    let settings = change_off_thread(&app, move |control| {
        let model = trial.model.unwrap_or_else(|| control.detector().model.written());
        control.detector_with(&model)
    })
    .await?;
    // Each loads a model. The turn is the thread's: it goes on when the client does not wait for it.
    let Ok(turn) = PREVIEWS.try_acquire() else {
        let detail = "another picture is being looked at; try again in a few seconds";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    };
    let (answer, answered) = oneshot::channel();
    let now = app.clock.mono();
    let (pictures, decoders) = (Arc::clone(&app.pictures), app.decoders.clone());
    // A thread of its own, since it is one that gives way to video.
    let thread = std::thread::Builder::new().name(detector::PREVIEW_THREAD.to_owned());
    let started = thread.spawn(move || {
        let _turn = turn;
        let seen = api::newest(&camera, &pictures, &decoders, now);
        let model = settings.model.to_string();
        let preview = seen.map(|picture| {
            let preview = detector::preview(&settings, &picture)?;
            Ok(wire::DetectorPreview::new(model, picture.size, preview))
        });
        let _ = answer.send(preview);
    });
    started.map_err(|error| Problem::internal(&format!("the picture waits for ever: {error}")))?;
    // Nothing is sent where the thread panicked.
    let seen = answered.await.map_err(|_| Problem::internal("the model's engine panicked"))?;
    seen.ok_or_else(api::no_picture)?.map(Json).map_err(|error| match error {
        PreviewError::Model(_) => Problem::invalid_key("model", &error.to_string()),
        PreviewError::Picture(_) | PreviewError::Jpeg(_) => Problem::internal(&error.to_string()),
    })
}

/// How many pictures are looked at at a time.
static PREVIEWS: Semaphore = Semaphore::const_new(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_the_model_does_not_know_is_refused_unless_it_is_set_already() {
        let list =
            |text: &str| -> Vec<String> { text.split_terminator(',').map(str::to_owned).collect() };
        let names = ClassNames::new(list("person,car,dining table"));
        for (wanted, set, refused) in [
            ("", "", None),
            ("person,dining table", "", None),
            ("person ", "", None),
            ("persn", "", Some(r#""persn""#)),
            ("person,persn,Car", "", Some(r#""persn", "Car""#)),
            ("bus,person", "bus", None),
            ("bus,tram", "bus", Some(r#""tram""#)),
        ] {
            let got = unknown_classes(&list(wanted), &list(set), &names);
            let expected = refused.map(|unknown| {
                format!(
                    "`classes`: the model knows no {unknown}; it knows person, car, dining table"
                )
            });
            assert_eq!(got, expected, "{wanted:?} where {set:?} are set");
        }
    }
}
