//! A ZIP with a page that plays footage with its boxes in any browser, from a file, without a server.
//!
//! Pages of files may not read other files, but they may run scripts that lie beside them: so footage and tracks stand
//! in scripts, in pieces, each of which calls a function of the page.
//!
//! | file | what it calls |
//! |---|---|
//! | `index.html` | |
//! | `export.js` | `razzExport({…})`: what there is |
//! | `data/1-0000.js` | `razzFootage(1, 0, "BASE64")`: of camera 1 some seconds of fragmented MP4, from a key picture on |
//! | `data/1-tracks-0000.js` | `razzTracks(1, 0, […])`: an hour of track messages, as the API has them |

use std::io::{Seek, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use razz_base::{CameraId, MediaTime};
use razz_store::archive::{Coverage, Dated};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

/// A piece of footage is about as large, in bytes, and no longer than this, in ticks.
const CHUNK_BYTES: usize = 4 << 20;
const CHUNK_90K: i64 = 10 * 90_000;
/// Video of a player at most, in bytes: browsers hold what is looked at in memory, and ZIPs are sent around.
pub(crate) const MOST_BYTES: u64 = 2_000_000_000;

/// Writes it.
pub(crate) struct PlayerZip<W: Write + Seek> {
    zip: ZipWriter<W>,
    cameras: Vec<Value>,
}

/// The footage of one camera, on its way into the ZIP.
pub(crate) struct CameraChunks {
    camera: CameraId,
    header: Vec<u8>,
    bytes: Vec<u8>,
    span: Option<[MediaTime; 2]>,
    listed: Vec<Value>,
    tracks: Vec<String>,
}

/// How much is squeezed: as little as undoes that base64 takes a third more; video itself does not get smaller.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(3))
}

impl<W: Write + Seek> PlayerZip<W> {
    pub(crate) fn new(out: W, page: &[u8]) -> Result<Self, ZipError> {
        let mut zip = ZipWriter::new(out);
        zip.start_file("index.html", options())?;
        zip.write_all(page)?;
        Ok(Self { zip, cameras: Vec::new() })
    }

    /// Adds a fragment. `header` is that of its file, or empty where it is the same as before.
    pub(crate) fn push(
        &mut self,
        chunks: &mut CameraChunks,
        header: &[u8],
        fragment: &[u8],
        key: bool,
        span: [MediaTime; 2],
    ) -> Result<(), ZipError> {
        let is_other = !header.is_empty() && header != chunks.header;
        let begins = chunks.span.map_or(span[0], |[begins, _]| begins);
        let is_full = key
            && (chunks.bytes.len() + fragment.len() > CHUNK_BYTES
                || span[1].since_90k(begins) > CHUNK_90K);
        if is_other || is_full {
            self.end_chunk(chunks)?;
        }
        if is_other {
            chunks.header = header.to_vec();
        }
        if chunks.bytes.is_empty() {
            chunks.bytes.extend_from_slice(&chunks.header);
        }
        chunks.bytes.extend_from_slice(fragment);
        let begins = chunks.span.map_or(span[0], |[begins, _]| begins);
        chunks.span = Some([begins, span[1]]);
        Ok(())
    }

    fn end_chunk(&mut self, chunks: &mut CameraChunks) -> Result<(), ZipError> {
        let Some([from, until]) = chunks.span.take() else { return Ok(()) };
        let (camera, n) = (chunks.camera, chunks.listed.len());
        let file = format!("data/{camera}-{n:04}.js");
        self.zip.start_file(&file, options())?;
        let coded = STANDARD.encode(&chunks.bytes);
        write!(self.zip, "razzFootage({camera},{n},\"{coded}\")")?;
        chunks.listed.push(json!({
            "file": file,
            "from": from.as_90k().to_string(),
            "until": until.as_90k().to_string(),
            "bytes": chunks.bytes.len(),
        }));
        chunks.bytes.clear();
        Ok(())
    }

    /// Adds track messages, which are a JSON array.
    pub(crate) fn tracks(
        &mut self,
        chunks: &mut CameraChunks,
        messages: &str,
    ) -> Result<(), ZipError> {
        let (camera, n) = (chunks.camera, chunks.tracks.len());
        let file = format!("data/{camera}-tracks-{n:04}.js");
        self.zip.start_file(&file, options())?;
        write!(self.zip, "razzTracks({camera},{n},{messages})")?;
        chunks.tracks.push(file);
        Ok(())
    }

    /// A camera is whole.
    pub(crate) fn end_camera(
        &mut self,
        mut chunks: CameraChunks,
        name: &str,
        coverage: &Coverage,
    ) -> Result<(), ZipError> {
        self.end_chunk(&mut chunks)?;
        let moment = |at: &Dated| {
            let unix = (at.wall_us as f64 / 1e3).round() / 1e3;
            json!({"unix": unix, "media_time": at.time.as_90k().to_string()})
        };
        let span = |from: &Dated, to: &Dated| json!({"from": moment(from), "to": moment(to)});
        let spans: Vec<Value> = coverage
            .stretches
            .iter()
            .map(|one| {
                let mut value = span(&one.from, &one.until);
                value["bytes"] = one.bytes.into();
                value
            })
            .collect();
        let gaps: Vec<Value> = coverage
            .holes
            .iter()
            .map(|one| {
                let mut value = span(&one.from, &one.until);
                value["reason"] = one.reason.name().into();
                value
            })
            .collect();
        let ends = coverage.stretches.first().zip(coverage.stretches.last());
        let [from, to] = match ends {
            Some((first, last)) => [moment(&first.from), moment(&last.until)],
            None => [Value::Null, Value::Null],
        };
        self.cameras.push(json!({
            "id": chunks.camera.as_u32(),
            "name": name,
            "from": from,
            "to": to,
            "spans": spans,
            "gaps": gaps,
            "chunks": chunks.listed,
            "tracks": chunks.tracks,
        }));
        Ok(())
    }

    /// All of it is there.
    pub(crate) fn finish(mut self, name: &str, made_us: i64, blurred: bool) -> Result<W, ZipError> {
        self.zip.start_file("export.js", options())?;
        let said = json!({
            "version": 1,
            "name": name,
            "made": made_us / 1_000_000,
            "razz": env!("CARGO_PKG_VERSION"),
            "blurred": blurred,
            "cameras": self.cameras,
        });
        write!(self.zip, "razzExport({})", script_safe(&said.to_string()))?;
        self.zip.finish()
    }
}

impl CameraChunks {
    pub(crate) fn new(camera: CameraId) -> Self {
        let (header, bytes) = (Vec::new(), Vec::new());
        Self { camera, header, bytes, span: None, listed: Vec::new(), tracks: Vec::new() }
    }

    /// Whether it has footage.
    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.span.is_none()
    }
}

/// JSON as JavaScript takes it: two line ends are letters in the one and not in older versions of the other.
pub(crate) fn script_safe(json: &str) -> String {
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use razz_store::archive::Stretch;

    use super::*;

    #[test]
    fn chunks_begin_with_a_header_and_a_key_picture() {
        let camera = CameraId::new(3).unwrap();
        let mut out = PlayerZip::new(Cursor::new(Vec::new()), b"<html>").unwrap();
        let mut chunks = CameraChunks::new(camera);
        assert!(chunks.is_empty());
        let at = |seconds: i64| MediaTime::from_90k(seconds * 90_000);
        // A key picture each two seconds; from the 31st second on another header.
        for second in 0..40 {
            let header: &[u8] = if second < 31 { b"HEAD" } else { b"TAIL" };
            let (key, fragment) = (second % 2 == 0, format!("{second},"));
            let span = [at(second), at(second + 1)];
            out.push(&mut chunks, header, fragment.as_bytes(), key, span).unwrap();
        }
        out.tracks(&mut chunks, "[]").unwrap();
        let dated = |seconds: i64| Dated { time: at(seconds), wall_us: seconds * 1_000_000 };
        let stretch = Stretch { from: dated(0), until: dated(40), bytes: 99 };
        let coverage = Coverage { stretches: vec![stretch], ..Coverage::default() };
        out.end_camera(chunks, "Gate \u{2028}", &coverage).unwrap();
        let bytes = out.finish("both", 5_000_000, false).unwrap().into_inner();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read("index.html"), "<html>");
        assert_eq!(read("data/3-tracks-0000.js"), "razzTracks(3,0,[])");
        let said = read("export.js");
        assert!(!said.contains('\u{2028}'), "{said}");
        let said =
            said.strip_prefix("razzExport(").and_then(|said| said.strip_suffix(')')).unwrap();
        let said: Value = serde_json::from_str(said).unwrap();
        let listed = said["cameras"][0]["chunks"].as_array().unwrap().clone();
        let mut all = String::new();
        for (n, chunk) in listed.iter().enumerate() {
            let text = read(chunk["file"].as_str().unwrap());
            let coded = text.strip_prefix(&format!("razzFootage(3,{n},\"")).unwrap();
            let bytes = STANDARD.decode(coded.strip_suffix("\")").unwrap()).unwrap();
            assert_eq!(chunk["bytes"], bytes.len());
            let text = String::from_utf8(bytes).unwrap();
            let (header, rest) = text.split_at(4);
            let first: i64 = rest.split(',').next().unwrap().parse().unwrap();
            assert_eq!(chunk["from"], at(first).as_90k().to_string());
            assert_eq!(header, if first < 31 { "HEAD" } else { "TAIL" }, "{n}");
            // Another header is no key picture of ours here, and a file that begins with one is.
            assert!(first % 2 == 0 || first == 31, "{n}");
            all.push_str(rest);
        }
        let expected: String = (0..40).map(|second| format!("{second},")).collect();
        assert_eq!(all, expected);
        assert_eq!(said["cameras"][0]["spans"][0]["from"]["media_time"], "0");
    }
}
