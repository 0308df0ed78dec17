//! Reads detections, frame by frame: MOTChallenge text, or what `razz detect` wrote.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::{fs, io};

use razz_base::{ClassId, Detection, Rect};
use razz_track::MAX_DETECTIONS;

use crate::detect::output::{COLUMNS, Written};
use crate::terminal::Failure;

/// The last frame there may be: at 30 a second, past a hundred hours.
const LAST_FRAME: u64 = 20_000_000;
/// What a line of text is.
const EXPECTED: &str = "expected frame,-1,x,y,w,h,score";

/// A detection and its place among the file's detections, by which its embedding is found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Seen {
    pub(crate) detection: Detection,
    pub(crate) place: usize,
}

/// The detections of a file.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sequence {
    /// By frame, from 1; where nothing was detected there is no entry.
    pub(crate) frames: BTreeMap<u64, Vec<Seen>>,
    /// How many frames there are.
    pub(crate) length: u64,
    /// How many detections the file has, used or not.
    pub(crate) lines: usize,
    /// Every so many frames one was looked at, from the first on.
    pub(crate) stride: u64,
    /// Frames per second, where the file says so.
    pub(crate) frame_rate: Option<f64>,
    /// Detections passed over since no tracker can use them.
    unusable: Passed,
    /// Detections passed over since their frame has too many.
    surplus: Passed,
    /// Used, but with a score outside of 0 to 1.
    strange_scores: Passed,
}

impl Default for Sequence {
    fn default() -> Self {
        Self {
            frames: BTreeMap::new(),
            length: 0,
            lines: 0,
            stride: 1,
            frame_rate: None,
            unusable: Passed::default(),
            surplus: Passed::default(),
            strange_scores: Passed::default(),
        }
    }
}

/// So many detections, and where the first one stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Passed {
    count: usize,
    first: String,
}

impl Passed {
    fn add(&mut self, place: impl FnOnce() -> String) {
        self.count += 1;
        if self.count == 1 {
            self.first = place();
        }
    }
}

impl Sequence {
    /// Reads the file, `-` for stdin. What kind it is, its first character says.
    ///
    /// # Errors
    /// When it cannot be read, or says what is no detection: with file and line.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = if path == Path::new("-") {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(path)
        };
        let name = path.display().to_string();
        let bytes = bytes.map_err(|error| {
            Failure::Refused(format!("{name}: cannot be read: {error}; see --detections"))
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::Refused(format!(
                "{name}: this is not text; {EXPECTED} on each line, or the JSON of `razz detect`"
            ))
        })?;
        let text = text.trim_start_matches('\u{feff}');
        let sequence = if text.trim_start().starts_with('{') {
            Self::from_json(&name, text)
        } else {
            Self::from_text(&name, text)
        };
        let mut sequence = sequence.map_err(Failure::Refused)?;
        sequence.limit();
        if let Some(length) = stated_length(path) {
            sequence.length = sequence.length.max(length.min(LAST_FRAME));
        }
        Ok(sequence)
    }

    fn from_text(name: &str, text: &str) -> Result<Self, String> {
        let mut sequence = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = || format!("{name}:{number}");
            let (frame, detection) =
                parse(line).map_err(|wrong| format!("{}: {wrong}; {EXPECTED}", place()))?;
            sequence.add(frame, detection, place);
        }
        Ok(sequence)
    }

    fn from_json(name: &str, text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            let (line, column) = (error.line(), error.column());
            format!("{name}:{line}:{column}: {said}; expected what `razz detect` writes")
        })?;
        if written.columns.as_deref().is_some_and(|columns| columns != COLUMNS) {
            return Err(format!(
                "{name}: its columns are {:?}; expected {COLUMNS:?}",
                written.columns.unwrap_or_default()
            ));
        }
        let frames: Vec<Option<Vec<[f64; 6]>>> = match (written.frames, written.images) {
            (Some(frames), _) => frames,
            (None, Some(images)) => images.into_values().map(Some).collect(),
            (None, None) => {
                return Err(format!("{name}: has neither \"frames\" nor \"images\""));
            }
        };
        let mut sequence = Self {
            length: frames.len() as u64,
            stride: written.stride.map_or(1, u64::from).max(1),
            frame_rate: written.frame_rate.filter(|rate| *rate > 0.0),
            ..Self::default()
        };
        for (frame, rows) in (1..).zip(frames) {
            let rows = (1..).zip(rows.unwrap_or_default());
            for (row, [class, score, left, top, right, bottom]) in rows {
                let place = || format!("{name}: frame {frame}, row {row}");
                if class.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&class) {
                    return Err(format!("{}: {class} is no class; expected 0 to 65535", place()));
                }
                let bbox = Rect::new(left, top, right, bottom);
                let detection = Detection { bbox, class: ClassId(class as u16), score };
                sequence.add(frame, detection, place);
            }
        }
        Ok(sequence)
    }

    fn add(&mut self, frame: u64, detection: Detection, place: impl FnOnce() -> String) {
        let seen = Seen { detection, place: self.lines };
        self.lines += 1;
        self.length = self.length.max(frame);
        let Detection { bbox, score, .. } = detection;
        // Past 1e9 pixels a square leaves what f64 can tell apart.
        let sane = bbox.to_array().iter().all(|v| v.abs() < 1e9) && score.is_finite();
        if !sane || bbox.width() < 0.0 || bbox.height() <= 0.0 {
            return self.unusable.add(place);
        }
        if !(0.0..=1.0).contains(&score) {
            self.strange_scores.add(place);
        }
        self.frames.entry(frame).or_default().push(seen);
    }

    /// Keeps the best scored where a frame has more than a tracker takes, in the file's order.
    fn limit(&mut self) {
        for (frame, seen) in &mut self.frames {
            if seen.len() > MAX_DETECTIONS {
                let surplus = seen.len() - MAX_DETECTIONS;
                seen.sort_by(|a, b| b.detection.score.total_cmp(&a.detection.score));
                seen.truncate(MAX_DETECTIONS);
                seen.sort_by_key(|seen| seen.place);
                self.surplus.add(|| format!("frame {frame}"));
                self.surplus.count += surplus - 1;
            }
        }
    }

    /// What was passed over, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let all = self.lines;
        let said = |passed: &Passed, what: &str| {
            let Passed { count, first } = passed;
            (*count > 0).then(|| format!("{count} of {all} detections {what} (first: {first})"))
        };
        let most = format!("not used: more than {MAX_DETECTIONS} in their frame");
        [
            said(&self.unusable, "not used: a number is not finite, or the box has no height"),
            said(&self.surplus, &most),
            said(&self.strange_scores, "have a score outside of 0 to 1"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The frame and the detection of a line.
fn parse(line: &str) -> Result<(u64, Detection), String> {
    let mut values = [0f64; 7];
    let mut columns = line.split(',').map(str::trim);
    for (column, value) in values.iter_mut().enumerate() {
        let text = match columns.next() {
            Some(text) => text,
            None => return Err(format!("only {column} columns")),
        };
        let shown = || text.chars().take(40).collect::<String>();
        *value = text
            .parse()
            .map_err(|_| format!("column {} is {:?}, not a number", column + 1, shown()))?;
    }
    let [frame, _, x, y, w, h, score] = values;
    if frame.fract() != 0.0 || !(1.0..=LAST_FRAME as f64).contains(&frame) {
        return Err(format!("{frame} is no frame number, 1 to {LAST_FRAME}"));
    }
    // A negative width is kept as it is: the box is inverted then.
    let bbox = Rect::new(x, y, x + w, y + h);
    Ok((frame as u64, Detection { bbox, class: ClassId(0), score }))
}

/// `seqLength` of MOTChallenge's `seqinfo.ini`, which stands beside the detections or, where these
/// are in a folder `det`, above it.
fn stated_length(detections: &Path) -> Option<u64> {
    let folder = detections.parent()?;
    let folder = if folder.ends_with("det") { folder.parent()? } else { folder };
    let text = fs::read_to_string(folder.join("seqinfo.ini")).ok()?;
    let values = text.lines().filter_map(|line| line.split_once('='));
    let mut lengths = values.filter(|(key, _)| key.trim() == "seqLength");
    lengths.next()?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Sequence, String> {
        let text = text.trim_start();
        let read = if text.starts_with('{') { Sequence::from_json } else { Sequence::from_text };
        read("d", text).map(|mut sequence| {
            sequence.limit();
            sequence
        })
    }

    #[test]
    fn lines_become_frames() {
        let text = "# a comment\n2,-1,10,20,30,40,0.5\r\n\n 1.0, -1, 1, 2, 3.5, 4, 0.25, 9, 9, 9\n\
                    2,-1,0,0,0,5,1\n5,-1,0,0,nan,5,1\n";
        let sequence = read(text).unwrap();
        assert_eq!((sequence.length, sequence.lines), (5, 4));
        let places = |frame| sequence.frames.get(&frame).map(|f| f.iter().map(|s| s.place));
        assert!(places(1).unwrap().eq([1]));
        assert!(places(2).unwrap().eq([0, 2]), "a box without width is one");
        assert!(places(5).is_none());
        let first = sequence.frames[&1][0].detection;
        assert_eq!(first.bbox, Rect::new(1.0, 2.0, 4.5, 6.0));
        assert_eq!(first.score, 0.25);
        assert_eq!(
            sequence.notes(),
            ["1 of 4 detections not used: a number is not finite, or the box has no height \
              (first: d:6)"]
        );
    }

    #[test]
    fn nothing_is_an_empty_sequence() {
        for text in ["", "\n\n", "# nothing\n"] {
            assert_eq!(read(text).unwrap(), Sequence::default(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_detection_is_refused_with_its_line() {
        for (text, said) in [
            ("1,-1,1,2,3,4\n", "d:1: only 6 columns"),
            ("1,-1,1,2,3,4,1\nx,-1,1,2,3,4,1\n", "d:2: column 1 is \"x\", not a number"),
            ("1,-1,1,,3,4,1\n", "d:1: column 4 is \"\", not a number"),
            ("1 -1 1 2 3 4 1\n", "d:1: column 1 is \"1 -1 1 2 3 4 1\", not a number"),
            ("0,-1,1,2,3,4,1\n", "d:1: 0 is no frame number"),
            ("1.5,-1,1,2,3,4,1\n", "d:1: 1.5 is no frame number"),
            ("nan,-1,1,2,3,4,1\n", "d:1: NaN is no frame number"),
            ("1e300,-1,1,2,3,4,1\n", "d:1: 1"),
            ("{", "d:1:1: EOF while parsing an object"),
            ("{}", "d: has neither \"frames\" nor \"images\""),
            ("{\"frames\": [[[0, 0.5, 1, 2, 3]]]}", "d:1:30: invalid length 5"),
            ("{\"frames\": [[[0.5, 0.5, 1, 2, 3, 4]]]}", "d: frame 1, row 1: 0.5 is no class"),
            ("{\"columns\": [\"x1\"], \"frames\": []}", "d: its columns are [\"x1\"]"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
            assert!(error.contains("expected") || error.contains("neither"), "{error}");
        }
    }

    #[test]
    fn what_detect_wrote_is_read() {
        let text = "{\"model\": \"m\", \"frame_rate\": 25, \"columns\": [\"class\", \"confidence\", \
                    \"x1\", \"y1\", \"x2\", \"y2\"], \"frames\": [[], [[2, 0.5, 1, 2, 3, 4]], []]}";
        let sequence = read(text).unwrap();
        assert_eq!((sequence.length, sequence.lines, sequence.frame_rate), (3, 1, Some(25.0)));
        let seen = &sequence.frames[&2][0].detection;
        assert_eq!((seen.class, seen.score), (ClassId(2), 0.5));
        assert_eq!(seen.bbox, Rect::new(1.0, 2.0, 3.0, 4.0));
        let images = "{\"images\": {\"b.png\": [[0, 1, 0, 0, 1, 1]], \"a.png\": []}}";
        let sequence = read(images).unwrap();
        assert_eq!(sequence.frames.keys().collect::<Vec<_>>(), [&2], "by name");
    }

    #[test]
    fn a_frame_with_too_many_keeps_the_best() {
        let mut text = String::new();
        for i in 0..MAX_DETECTIONS + 10 {
            let score = if i < 10 { 0.1 } else { 0.9 };
            text.push_str(&format!("3,-1,{i},0,9,9,{score}\n"));
        }
        let sequence = read(&text).unwrap();
        let seen = &sequence.frames[&3];
        assert_eq!((seen.len(), seen[0].place), (MAX_DETECTIONS, 10));
        assert!(seen.windows(2).all(|pair| pair[0].place < pair[1].place));
        let notes = sequence.notes();
        assert!(notes[0].starts_with("10 of 1010 detections not used: more than"), "{notes:?}");
    }
}
