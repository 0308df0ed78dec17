//! Counts over a file of tracks: `count --tracks FILE --areas AREAS.json --output OUT.json`.
//!
//! Tracks are MOTChallenge text, `-` is the standard output. Areas:
//! `{"size": [1920, 1080], "fps": 30, "areas": [{"name": "door", "line": [[0.1, 0.8], [0.6, 0.8]]},
//! {"name": "hall", "zone": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9]]}]}`, points in shares of the picture; `"in":
//! "left"` at a line says that its left side counts as in.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::process::ExitCode;

use razz_analytics::offline::{Clip, Counts, count, parse_rows};
use razz_analytics::{Area, AreaId, Direction, InSide, Settings};
use razz_base::Size;
use serde_json::{Value, json};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut tracks, mut areas, mut output) = (None, None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let place = match argument.as_str() {
            "--tracks" => &mut tracks,
            "--areas" => &mut areas,
            "--output" => &mut output,
            other => return Err(format!("{other:?} is none of --tracks, --areas, --output")),
        };
        *place = arguments.next();
    }
    let given = |file: Option<String>, name: &str| file.ok_or_else(|| format!("{name} is missing"));
    let (tracks, areas) = (given(tracks, "--tracks FILE")?, given(areas, "--areas FILE")?);
    let output = given(output, "--output FILE")?;
    let read = |file: &str| std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"));

    let rows = parse_rows(&read(&tracks)?).map_err(|e| format!("{tracks}: {e}"))?;
    let written: Value =
        serde_json::from_str(&read(&areas)?).map_err(|e| format!("{areas}: {e}"))?;
    let (size, fps, areas) = areas_of(&written).map_err(|e| format!("{areas}: {e}"))?;
    let counts = count(Clip { rows: &rows, size, fps }, areas, Settings::default())
        .map_err(|e| e.to_string())?;
    let text = format!("{:#}\n", to_json(&counts));
    if output == "-" {
        print!("{text}");
        return Ok(());
    }
    std::fs::write(&output, text).map_err(|e| format!("{output}: {e}"))
}

fn areas_of(written: &Value) -> Result<(Size, f64, Vec<Area>), String> {
    let pixels = |index: usize| written["size"][index].as_u64().and_then(|v| u32::try_from(v).ok());
    let (Some(width), Some(height)) = (pixels(0), pixels(1)) else {
        return Err("\"size\" is not [width, height] in pixels".to_owned());
    };
    let fps = written["fps"].as_f64().ok_or("\"fps\" is not a number")?;
    let list = written["areas"].as_array().ok_or("\"areas\" is not a list")?;
    let areas = list.iter().enumerate().map(|(index, area)| area_of(index, area));
    Ok((Size::new(width, height), fps, areas.collect::<Result<_, _>>()?))
}

fn area_of(index: usize, written: &Value) -> Result<Area, String> {
    let name = written["name"].as_str().ok_or(format!("area {} has no \"name\"", index + 1))?;
    let id = AreaId(index as u32 + 1);
    let points = |value: &Value| -> Option<Vec<[f64; 2]>> {
        let point = |p: &Value| Some([p[0].as_f64()?, p[1].as_f64()?]);
        value.as_array()?.iter().map(point).collect()
    };
    let inside = match written["in"].as_str() {
        None | Some("right") => InSide::Right,
        Some("left") => InSide::Left,
        Some(other) => {
            return Err(format!("area {name:?}: \"in\" is \"left\" or \"right\", not {other:?}"));
        }
    };
    let area = match (points(&written["line"]), points(&written["zone"])) {
        (Some(line), None) => Area::line(id, name, line, inside),
        (None, Some(zone)) => Area::zone(id, name, zone),
        _ => {
            return Err(format!(
                "area {name:?}: give either \"line\" or \"zone\", a list of [x, y]"
            ));
        }
    };
    area.map_err(|e| e.to_string())
}

fn to_json(counts: &Counts) -> Value {
    let direction = |direction| match direction {
        Direction::In => "in",
        Direction::Out => "out",
    };
    json!({
        "crossings": counts.crossings.iter().map(|c| json!({
            "area": &*c.area,
            "frame": c.frame,
            "track_id": c.track_id,
            "direction": direction(c.direction),
        })).collect::<Vec<_>>(),
        "visits": counts.visits.iter().map(|v| json!({
            "area": &*v.area,
            "track_id": v.track_id,
            "from_frame": v.from_frame,
            "to_frame": v.to_frame,
        })).collect::<Vec<_>>(),
        "occupancy": counts.occupancy.iter().map(|o| json!({
            "area": &*o.area,
            "frame": o.frame,
            "count": o.count,
        })).collect::<Vec<_>>(),
    })
}
