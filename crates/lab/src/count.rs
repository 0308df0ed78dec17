//! `razz count`: crossings, visits and occupancy of tracks in a file, by the same code that counts live.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use razz_analytics::offline::{Clip, Counts, count, parse_rows};
use razz_analytics::{Area, AreaId, Direction, InSide, Settings};
use razz_base::Size;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::terminal::{Failure, end, print};

/// Options of `razz count`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub struct Options {
    /// Tracks, as MOTChallenge text: frame,id,left,top,width,height,confidence
    #[arg(long, value_name = "FILE")]
    tracks: PathBuf,
    /// Lines and zones, as JSON: {"size": [1920, 1080], "fps": 30, "areas": [{"name": "door", "line": [[0.1, 0.8], [0.6, 0.8]]}]}
    #[arg(long, value_name = "AREAS.json")]
    areas: PathBuf,
    /// Where the counts go, as JSON; - for the standard output
    #[arg(long, value_name = "OUT.json")]
    output: PathBuf,
}

/// The file of areas.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "expected an object with `size`, `fps` and `areas`")]
struct Written {
    size: [u32; 2],
    fps: f64,
    areas: Vec<WrittenArea>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "expected an area with `name` and `line` or `zone`")]
struct WrittenArea {
    name: String,
    #[serde(default)]
    line: Option<Vec<[f64; 2]>>,
    #[serde(default)]
    zone: Option<Vec<[f64; 2]>>,
    #[serde(default, rename = "in")]
    inside: Option<String>,
}

/// Does it.
pub fn run(options: &Options) -> ExitCode {
    end("count", carry_out(options))
}

fn carry_out(options: &Options) -> Result<(), Failure> {
    let at = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Failed(format!("{}: {error}", path.display()))
    };
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| at(path, &error));
    let refused = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Refused(format!("{}: {error}", path.display()))
    };
    let rows =
        parse_rows(&read(&options.tracks)?).map_err(|error| refused(&options.tracks, &error))?;
    let (size, fps, areas) =
        areas(&read(&options.areas)?).map_err(|error| refused(&options.areas, &error))?;
    let counts = count(Clip { rows: &rows, size, fps }, areas, Settings::default());
    let counts = counts.map_err(|error| refused(&options.areas, &error))?;
    let text = format!("{:#}", told(&counts));
    if options.output == Path::new("-") {
        print(&text);
        return Ok(());
    }
    fs::write(&options.output, text + "\n").map_err(|error| at(&options.output, &error))?;
    let crossings = counts.crossings.iter();
    let into = crossings.filter(|one| one.direction == Direction::In).count();
    print(&format!(
        "{}: {} crossings ({into} in), {} visits",
        options.output.display(),
        counts.crossings.len(),
        counts.visits.len()
    ));
    Ok(())
}

fn areas(text: &str) -> Result<(Size, f64, Vec<Area>), String> {
    let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let [width, height] = written.size;
    let areas = written.areas.into_iter().zip(1..).map(|(area, id)| one_area(AreaId(id), area));
    Ok((Size::new(width, height), written.fps, areas.collect::<Result<_, _>>()?))
}

fn one_area(id: AreaId, written: WrittenArea) -> Result<Area, String> {
    let name = &written.name;
    let inside = match written.inside.as_deref() {
        None | Some("right") => InSide::Right,
        Some("left") => InSide::Left,
        Some(other) => {
            return Err(format!("area {name:?}: `in` is \"left\" or \"right\", not {other:?}"));
        }
    };
    let area = match (written.line, written.zone) {
        (Some(line), None) => Area::line(id, name, line, inside),
        (None, Some(zone)) if written.inside.is_none() => Area::zone(id, name, zone),
        (None, Some(_)) => {
            return Err(format!("area {name:?}: only a line has a side that is `in`"));
        }
        _ => {
            return Err(format!(
                "area {name:?}: expects either `line` or `zone`, a list of [x, y]"
            ));
        }
    };
    area.map_err(|error| error.to_string())
}

/// As the contract has it.
fn told(counts: &Counts) -> Value {
    let direction = |direction| match direction {
        Direction::In => "in",
        Direction::Out => "out",
    };
    let crossings = counts.crossings.iter().map(|one| {
        json!({"area": &*one.area, "frame": one.frame, "track_id": one.track_id, "direction": direction(one.direction)})
    });
    let visits = counts.visits.iter().map(|one| {
        json!({"area": &*one.area, "track_id": one.track_id, "from_frame": one.from_frame, "to_frame": one.to_frame})
    });
    let occupancy = counts
        .occupancy
        .iter()
        .map(|one| json!({"area": &*one.area, "frame": one.frame, "count": one.count}));
    json!({
        "crossings": crossings.collect::<Vec<_>>(),
        "visits": visits.collect::<Vec<_>>(),
        "occupancy": occupancy.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_read_and_what_is_wrong_is_said() {
        let of = |areas: &str| {
            areas_of(&format!(r#"{{"size": [1920, 1080], "fps": 30, "areas": [{areas}]}}"#))
        };
        fn areas_of(text: &str) -> Result<usize, String> {
            areas(text).map(|(_, _, areas)| areas.len())
        }
        let door = r#"{"name": "door", "line": [[0.1, 0.8], [0.6, 0.8]]}"#;
        let hall = r#"{"name": "hall", "zone": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9]]}"#;
        assert_eq!(of(&format!("{door}, {hall}")), Ok(2));
        for (text, part) in [
            (r#"{"name": "x"}"#, "either `line` or `zone`"),
            (r#"{"name": "x", "line": [[0.1, 0.8], [0.6, 0.8]], "in": "up"}"#, "not \"up\""),
            (r#"{"name": "x", "lines": []}"#, "unknown field `lines`"),
            (r#"{"name": "x", "zone": [[0, 0], [1, 0], [1, 1]], "in": "left"}"#, "only a line"),
            (r#"{"name": "x", "zone": [[0, 0], [1, 0]]}"#, "x"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn who_walks_over_a_line_is_counted() {
        let folder = std::env::temp_dir().join(format!("razz-count-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str| folder.join(name);
        // Feet from 300 to 900 of 1080 lines, ten pixels a frame.
        let rows: String = (0..60)
            .map(|n| format!("{},7,400,{},60,200,0.9,-1,-1,-1\n", n + 1, 100 + 10 * n))
            .collect();
        fs::write(file("tracks.txt"), rows).unwrap();
        fs::write(
            file("areas.json"),
            r#"{"size": [1920, 1080], "fps": 30, "areas": [{"name": "door", "line": [[0.1, 0.5], [0.6, 0.5]]}]}"#,
        )
        .unwrap();
        let options = Options {
            tracks: file("tracks.txt"),
            areas: file("areas.json"),
            output: file("out.json"),
        };
        carry_out(&options).unwrap();
        let out: Value =
            serde_json::from_str(&fs::read_to_string(file("out.json")).unwrap()).unwrap();
        let crossings = out["crossings"].as_array().unwrap();
        assert_eq!(crossings.len(), 1, "{out}");
        // At 540 of 1080 lines: 24 frames after the first. To the right of a way to the right is below.
        assert_eq!(
            (&crossings[0]["area"], &crossings[0]["direction"]),
            (&json!("door"), &json!("in"))
        );
        let frame = crossings[0]["frame"].as_i64().unwrap();
        assert!((frame - 25).abs() <= 1, "{frame}");
        let _ = fs::remove_dir_all(folder);
    }
}
