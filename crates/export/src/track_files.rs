//! Tracks as files that other programs read: MOTChallenge text, COCO JSON, WebVTT, a table.
//!
//! Those of detected frames, each at the time of its frame; what players interpolate is left to who reads.

use std::collections::BTreeMap;
use std::io::{self, Write};

use razz_base::CameraId;
use razz_store::tracks::Recorded;
use serde_json::json;

use crate::moments::rfc3339;
use crate::request::Format;

/// The tracks of one camera.
pub(crate) struct CameraTracks {
    pub(crate) camera: CameraId,
    pub(crate) name: String,
    pub(crate) frames: Vec<Recorded>,
}

/// Writes the tracks of one camera; of several there is a file each.
pub(crate) fn write(format: Format, tracks: &CameraTracks, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Mot => mot(tracks, out),
        Format::Coco => coco(tracks, out),
        Format::Vtt => vtt(tracks, out),
        Format::Csv => csv(tracks, out),
        Format::Mp4 | Format::Rendered | Format::Player => Ok(()),
    }
}

/// `frame,id,left,top,width,height,confidence,-1,-1,-1`, as <https://motchallenge.net> has results. Frames are numbered
/// from 1 over those that detection ran on.
fn mot(tracks: &CameraTracks, out: &mut dyn Write) -> io::Result<()> {
    for (n, recorded) in tracks.frames.iter().enumerate() {
        for track in recorded.frame.tracks.iter() {
            let b = &track.bbox;
            writeln!(
                out,
                "{},{},{:.2},{:.2},{:.2},{:.2},{:.4},-1,-1,-1",
                n + 1,
                track.id.0,
                b.left,
                b.top,
                b.width(),
                b.height(),
                track.confidence
            )?;
        }
    }
    Ok(())
}

/// An object with `images`, `annotations` and `categories`, as <https://cocodataset.org/#format-data> has it; besides of
/// each image its media time and UTC, and of each annotation its track.
fn coco(tracks: &CameraTracks, out: &mut dyn Write) -> io::Result<()> {
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for recorded in &tracks.frames {
        for track in recorded.frame.tracks.iter() {
            classes.entry(recorded.class(track)).or_default();
        }
    }
    classes.values_mut().enumerate().for_each(|(n, number)| *number = n + 1);
    write!(
        out,
        r#"{{"info":{},"images":["#,
        json!({"description": tracks.name, "camera_id": tracks.camera.as_u32()})
    )?;
    for (n, recorded) in tracks.frames.iter().enumerate() {
        let frame = &recorded.frame;
        let image = json!({
            "id": n + 1,
            "width": frame.size.width,
            "height": frame.size.height,
            "file_name": format!("{}.jpg", frame.key.time.as_90k()),
            "media_time": frame.key.time.as_90k().to_string(),
            "date_captured": rfc3339(frame.wall.us),
        });
        write!(out, "{}{image}", if n == 0 { "" } else { "," })?;
    }
    write!(out, r#"],"annotations":["#)?;
    let mut number = 0;
    for (n, recorded) in tracks.frames.iter().enumerate() {
        for track in recorded.frame.tracks.iter() {
            let b = &track.bbox;
            number += 1;
            let annotation = json!({
                "id": number,
                "image_id": n + 1,
                "category_id": classes.get(recorded.class(track)),
                "bbox": hundredths_of([b.left, b.top, b.width(), b.height()]),
                "area": hundredths(b.area()),
                "iscrowd": 0,
                "score": hundredths(track.confidence),
                "track_id": track.id.0,
            });
            write!(out, "{}{annotation}", if number == 1 { "" } else { "," })?;
        }
    }
    let categories: Vec<_> =
        classes.iter().map(|(name, id)| json!({"id": id, "name": name})).collect();
    write!(out, r#"],"categories":{}}}"#, json!(categories))?;
    writeln!(out)
}

/// A cue a frame, from it to the next one, whose text is a JSON object; times count from the first frame.
fn vtt(tracks: &CameraTracks, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "WEBVTT - {}\n", tracks.name.replace(['\n', '\r'], " ").replace("-->", ""))?;
    let Some(first) = tracks.frames.first() else { return Ok(()) };
    let begin = first.frame.key.time;
    let ms = |at: i64| {
        let ms = (at + 45) / 90;
        let (minutes, seconds, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
        format!("{:02}:{:02}:{seconds:02}.{ms:03}", minutes / 60, minutes % 60)
    };
    for (n, recorded) in tracks.frames.iter().enumerate() {
        let at = recorded.frame.key.time.since_90k(begin);
        let next = tracks.frames.get(n + 1).map(|next| next.frame.key.time.since_90k(begin));
        // Of the last one nobody knows how long it holds.
        let until = next.map_or(at + 9000, |next| next.min(at + 180_000));
        writeln!(out, "{} --> {}", ms(at), ms(until))?;
        let each = recorded.frame.tracks.iter().map(|track| {
            let b = &track.bbox;
            json!({
                "track_id": track.id.0,
                "class": recorded.class(track),
                "bbox": hundredths_of([b.left, b.top, b.right, b.bottom]),
                "confidence": hundredths(track.confidence),
            })
        });
        let frame = &recorded.frame;
        let cue = json!({
            "media_time": frame.key.time.as_90k().to_string(),
            "frame_size": [frame.size.width, frame.size.height],
            "tracks": each.collect::<Vec<_>>(),
        });
        // "-->" ends a cue's text, and class names may be anything.
        writeln!(out, "{}\n", cue.to_string().replace("-->", "--\\u003e"))?;
    }
    Ok(())
}

/// A line a box, with a header.
fn csv(tracks: &CameraTracks, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "time,media_time,camera_id,camera,track_id,class,confidence,left,top,right,bottom,frame_width,frame_height"
    )?;
    for recorded in &tracks.frames {
        let frame = &recorded.frame;
        for track in frame.tracks.iter() {
            let b = &track.bbox;
            writeln!(
                out,
                "{},{},{},{},{},{},{:.4},{:.2},{:.2},{:.2},{:.2},{},{}",
                rfc3339(frame.wall.us),
                frame.key.time.as_90k(),
                tracks.camera,
                quoted(&tracks.name),
                track.id.0,
                quoted(recorded.class(track)),
                track.confidence,
                b.left,
                b.top,
                b.right,
                b.bottom,
                frame.size.width,
                frame.size.height
            )?;
        }
    }
    Ok(())
}

/// As RFC 4180 has fields; what spreadsheets would take for a formula is none.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn hundredths_of(edges: [f64; 4]) -> [f64; 4] {
    edges.map(hundredths)
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use razz_base::{
        ClassId, ClassNames, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId,
        TrackSource, TrackState, WallQuality, WallTime,
    };

    use super::*;

    fn tracks() -> CameraTracks {
        let camera = CameraId::new(1).unwrap();
        let frame = |ms: i64, ids: &[u64]| {
            let track = |id: &u64| Track {
                id: TrackId(*id),
                bbox: Rect { left: 10.0, top: 20.5, right: 40.0, bottom: 100.125 },
                class: ClassId(0),
                confidence: 0.875,
                source: TrackSource::ByteTrack,
                state: TrackState::Matched,
                age_us: 0,
                velocity: [0.0; 4],
            };
            let frame = TrackFrame {
                key: FrameKey { camera, time: MediaTime::from_90k(158_805_900_000_000 + ms * 90) },
                wall: WallTime {
                    us: 1_764_510_000_000_000 + ms * 1000,
                    quality: WallQuality::Arrival,
                },
                size: Size::new(640, 360),
                detected: true,
                tracks: ids.iter().map(track).collect(),
            };
            Recorded { frame, classes: ClassNames::coco() }
        };
        let frames = vec![frame(0, &[7]), frame(200, &[]), frame(400, &[7, 9])];
        CameraTracks { camera, name: "Gate, \"north\"".to_owned(), frames }
    }

    fn text(format: Format) -> String {
        let mut out = Vec::new();
        write(format, &tracks(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn mot_has_a_line_a_box() {
        assert_eq!(
            text(Format::Mot),
            "1,7,10.00,20.50,30.00,79.62,0.8750,-1,-1,-1\n\
             3,7,10.00,20.50,30.00,79.62,0.8750,-1,-1,-1\n\
             3,9,10.00,20.50,30.00,79.62,0.8750,-1,-1,-1\n"
        );
    }

    #[test]
    fn coco_joins_images_annotations_and_categories() {
        let coco: serde_json::Value = serde_json::from_str(&text(Format::Coco)).unwrap();
        assert_eq!(coco["images"].as_array().unwrap().len(), 3);
        assert_eq!(coco["images"][1]["media_time"], "158805900018000");
        assert_eq!(coco["images"][1]["date_captured"], "2025-11-30T13:40:00.2Z");
        assert_eq!(coco["annotations"].as_array().unwrap().len(), 3);
        assert_eq!(coco["annotations"][2]["image_id"], 3);
        assert_eq!(coco["annotations"][2]["track_id"], 9);
        assert_eq!(coco["annotations"][0]["bbox"], json!([10.0, 20.5, 30.0, 79.63]));
        assert_eq!(coco["categories"], json!([{"id": 1, "name": "person"}]));
    }

    #[test]
    fn vtt_has_a_cue_a_frame() {
        let text = text(Format::Vtt);
        let mut blocks = text.split("\n\n");
        assert_eq!(blocks.next(), Some("WEBVTT - Gate, \"north\""));
        let cues: Vec<&str> = blocks.filter(|block| !block.trim().is_empty()).collect();
        assert_eq!(cues.len(), 3);
        assert!(cues[0].starts_with("00:00:00.000 --> 00:00:00.200\n{"), "{}", cues[0]);
        assert!(cues[2].starts_with("00:00:00.400 --> 00:00:00.500\n{"), "{}", cues[2]);
        let body: serde_json::Value =
            serde_json::from_str(cues[2].split_once('\n').unwrap().1).unwrap();
        assert_eq!(body["tracks"][1]["track_id"], 9);
    }

    #[test]
    fn csv_quotes_what_it_has_to() {
        let text = text(Format::Csv);
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("time,media_time,camera_id"));
        assert_eq!(
            lines.next().unwrap(),
            "2025-11-30T13:40:00Z,158805900000000,1,\"Gate, \"\"north\"\"\",7,person,0.8750,10.00,20.50,40.00,100.12,640,360"
        );
        for (field, expected) in [
            ("plain", "plain"),
            ("=SUM(A1)", "'=SUM(A1)"),
            ("-1+2", "'-1+2"),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(quoted(field), expected);
        }
    }
}
