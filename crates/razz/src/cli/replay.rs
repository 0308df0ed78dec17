//! `razz replay`: what razz makes of a camera's report today.

use std::process::ExitCode;

use serde_json::json;

use super::doctor::camera_text;
use super::{Replay, fail, print, refuse, say};
use razz_api::wire::CameraProbe;
use razz_ingest::report::replay::Replay as Player;
use razz_ingest::report::{Report, What};
use razz_observe::clock::Clock;

/// Plays the report, and prints what razz found then and finds now.
pub(crate) fn run(options: &Replay) -> ExitCode {
    let path = options.file.display();
    let report = match std::fs::read_to_string(&options.file) {
        Ok(text) => Report::parse(&text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return refuse(&format!("{path}: {error}")),
    };
    if !options.json {
        let seconds = report.lines.last().map_or(0, |line| line.t) / 1_000_000;
        say(&format!("playing {path}, {seconds} s of {} …", report.header.url));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let played = runtime.block_on(async {
        let player = Player::start(&report).await?;
        let probe = CameraProbe::look(
            player.source().clone(),
            None,
            razz_vision::Decoders::at_hand(),
            Clock::start(),
        )
        .await;
        Ok::<_, razz_ingest::report::replay::ReplayError>((probe, player.differences()))
    });
    let (probe, differences) = match played {
        Ok(played) => played,
        Err(error) => return refuse(&format!("{path}: {error}")),
    };
    let then = report.lines.iter().rev().find_map(|line| match &line.what {
        What::Found(found) => Some(found),
        _ => None,
    });
    if options.json {
        print(&json!({"then": then, "now": probe, "differences": differences}));
    } else {
        print(&camera_text(&probe));
        for difference in &differences {
            print(&format!("differs  {difference}"));
        }
        let error = then.and_then(|then| then.get("error")?.as_str());
        print(&format!(
            "then     razz {} said: {}",
            report.header.razz,
            error.unwrap_or("the camera can be used")
        ));
    }
    if probe.ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
