//! A request carried out: one file, whole or not there.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::ops::ControlFlow;
use std::path::Path;

use razz_base::{CLOCK_RATE, CameraId};
use razz_media::mp4::write::{Checked, checked};
use razz_store::archive::{Archive, Coverage, Moment};
use razz_store::footage::Wanted;
use razz_store::scan::header_bytes;
use razz_store::tracks::Recorded;
use razz_vision::Decoders;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use crate::error::{ExportError, bytes};
use crate::moments::for_file;
use crate::player::{CameraChunks, MOST_BYTES, PlayerZip};
use crate::render::{Coded, Drawn, Rendering, Times};
use crate::request::{Format, Request};
use crate::track_files::{self, CameraTracks};

/// What is read or written at once, in bytes.
const CHUNK: usize = 1 << 20;
/// Tracks are read for so long at a time, in ticks: an hour is 9 MB of memory.
const TRACKS_90K: i64 = 3600 * CLOCK_RATE;
/// Bytes of a tracked box, about, in the largest of the formats.
const BYTES_A_BOX: u64 = 250;

/// How others show what is exported.
#[derive(Clone, Copy, Debug)]
pub struct Presentation {
    /// The page of the offline player; `None` where it is not built in.
    pub page: fn() -> Option<Cow<'static, [u8]>>,
    /// Track frames as a JSON array of track messages.
    pub tracks: fn(&[Recorded]) -> String,
}

/// What exports are made of.
#[derive(Clone, Copy)]
pub struct Materials<'a> {
    /// The recordings.
    pub archive: &'a Archive,
    /// What decodes them.
    pub decoders: &'a Decoders,
    /// What cameras are called.
    pub names: &'a dyn Fn(CameraId) -> String,
    /// How players show it.
    pub presentation: Presentation,
    /// The time of day, UTC in µs since 1970.
    pub now_us: i64,
}

impl Request {
    fn span(&self) -> [Moment; 2] {
        [Moment::Wall(self.from_us), Moment::Wall(self.until_us)]
    }

    /// Whether the file is a ZIP with a file of each camera.
    fn is_several_files(&self) -> bool {
        self.cameras.len() > 1 && !matches!(self.format, Format::Rendered | Format::Player)
    }

    /// What the file is called, of letters that every file system takes.
    pub fn file_name(&self, names: &dyn Fn(CameraId) -> String) -> String {
        let title = match (self.name.trim(), self.cameras.as_slice()) {
            ("", [camera]) => names(*camera),
            ("", cameras) => format!("{} cameras", cameras.len()),
            (name, _) => name.to_owned(),
        };
        let extension = if self.is_several_files() { "zip" } else { self.format.extension() };
        format!("{} {}.{extension}", plain_name(&title), for_file(self.from_us))
    }
}

/// `name` in letters that every file system and header takes, 80 at most.
pub fn plain_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let name: String = name.chars().take(80).map(plain).collect();
    // A name that begins with a dot is hidden, and one of dots alone is a folder.
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "export".to_owned() } else { name.to_owned() }
}

/// About how many bytes the file will have.
///
/// # Errors
/// When the recordings do not answer, or there are none.
pub fn estimate(request: &Request, archive: &Archive) -> Result<u64, ExportError> {
    let mut all = 0;
    let mut is_there = false;
    for camera in &request.cameras {
        let [from, until] = request.span();
        let coverage = archive.coverage(*camera, from, until)?;
        is_there |= !coverage.stretches.is_empty();
        let seconds = (request.until_us - request.from_us) as f64 / 1e6;
        all += match request.format {
            Format::Mp4 => untouched_bytes(archive, *camera, [from, until])?,
            Format::Player if !request.is_encoded() => {
                untouched_bytes(archive, *camera, [from, until])?
            }
            // 2.8 Mbit/s, as 720 lines have: what the picture is nobody knows yet.
            Format::Rendered | Format::Player => (seconds * 350_000.0) as u64,
            // A box of ten people at six a second.
            Format::Mot | Format::Coco | Format::Vtt | Format::Csv => {
                (seconds * 60.0) as u64 * BYTES_A_BOX
            }
        };
    }
    if is_there { Ok(all) } else { Err(ExportError::Nothing) }
}

fn untouched_bytes(
    archive: &Archive,
    camera: CameraId,
    span: [Moment; 2],
) -> Result<u64, ExportError> {
    let footage = archive.footage(camera, span[0], span[1], Wanted::All)?;
    Ok(footage.map_or(0, |footage| footage.bytes()))
}

/// Makes the file at `path`, where none is yet, and says how large it is. `progress` hears of shares from 0 to 1, and
/// may end it.
///
/// # Errors
/// When it cannot be made; then nothing is left of it.
pub fn make(
    request: &Request,
    materials: Materials<'_>,
    path: &Path,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<u64, ExportError> {
    let part = path.with_extension("part");
    let made = Maker { request, materials, path: &part }.make(progress);
    let made = made.and_then(|()| {
        let length = fs::metadata(&part).map_err(ExportError::write(&part))?.len();
        fs::rename(&part, path).map_err(ExportError::write(path))?;
        Ok(length)
    });
    if made.is_err() {
        // Half of it would look like all of it.
        let _ = fs::remove_file(&part);
    }
    made
}

struct Maker<'a> {
    request: &'a Request,
    materials: Materials<'a>,
    path: &'a Path,
}

type Progress<'a> = &'a mut dyn FnMut(f64) -> ControlFlow<()>;

impl Maker<'_> {
    fn make(&self, progress: Progress<'_>) -> Result<(), ExportError> {
        let file = File::create(self.path).map_err(ExportError::write(self.path))?;
        let mut out = BufWriter::with_capacity(CHUNK, file);
        match self.request.format {
            Format::Rendered => self.rendered(&mut out, progress)?,
            Format::Player => self.player(&mut out, progress)?,
            _ if self.request.is_several_files() => self.several(&mut out, progress)?,
            Format::Mp4 => self.untouched(self.request.cameras[0], &mut out, progress)?,
            format => {
                let tracks = self.tracks(self.request.cameras[0], progress)?;
                self.io(track_files::write(format, &tracks, &mut out))?;
            }
        }
        self.io(out.flush())?;
        self.io(out.get_ref().sync_all())
    }

    fn io<T>(&self, outcome: io::Result<T>) -> Result<T, ExportError> {
        outcome.map_err(ExportError::write(self.path))
    }

    fn zip<T>(&self, outcome: Result<T, ZipError>) -> Result<T, ExportError> {
        self.io(outcome.map_err(io::Error::from))
    }

    fn name(&self, camera: CameraId) -> String {
        (self.materials.names)(camera)
    }

    /// The footage as the camera sent it.
    fn untouched(
        &self,
        camera: CameraId,
        out: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<(), ExportError> {
        let [from, until] = self.request.span();
        let clip = self.materials.archive.clip(camera, from, until)?.ok_or(ExportError::Nothing)?;
        let (mut chunk, mut done) = (vec![0; CHUNK], 0);
        while done < clip.bytes {
            let count = clip.read(done, &mut chunk);
            let count = count.map_err(|error| ExportError::Footage(error.to_string()))?;
            if count == 0 {
                return Err(ExportError::Footage("a file is shorter than it was".to_owned()));
            }
            self.io(out.write_all(&chunk[..count]))?;
            done += count as u64;
            cancelled(progress(done as f64 / clip.bytes as f64))?;
        }
        Ok(())
    }

    /// A file of each camera that has something.
    fn several<W: Write + Seek>(&self, out: W, progress: Progress<'_>) -> Result<(), ExportError> {
        let mut zip = ZipWriter::new(out);
        let all = self.request.cameras.len() as f64;
        let mut is_there = false;
        for (n, camera) in self.request.cameras.iter().enumerate() {
            let mut part = |share: f64| progress((n as f64 + share) / all);
            let name = plain_name(&format!("{camera} {}", self.name(*camera)));
            let name = format!(
                "{name} {}.{}",
                for_file(self.request.from_us),
                self.request.format.extension()
            );
            if self.request.format == Format::Mp4 {
                let [from, until] = self.request.span();
                if self.materials.archive.clip(*camera, from, until)?.is_none() {
                    continue;
                }
                let stored =
                    SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
                self.zip(zip.start_file(name, stored.large_file(true)))?;
                self.untouched(*camera, &mut zip, &mut part)?;
            } else {
                let tracks = match self.tracks(*camera, &mut part) {
                    Err(ExportError::NoTracks) => continue,
                    tracks => tracks?,
                };
                self.zip(zip.start_file(name, SimpleFileOptions::default()))?;
                self.io(track_files::write(self.request.format, &tracks, &mut zip))?;
            }
            is_there = true;
        }
        if !is_there {
            return Err(if self.request.format == Format::Mp4 {
                ExportError::Nothing
            } else {
                ExportError::NoTracks
            });
        }
        self.zip(zip.finish()).map(drop)
    }

    /// Those of the span, without the ones before and after it.
    fn tracks(
        &self,
        camera: CameraId,
        progress: Progress<'_>,
    ) -> Result<CameraTracks, ExportError> {
        let mut frames = Vec::new();
        self.hours(camera, progress, &mut |hour| {
            frames.extend(hour);
            Ok(())
        })?;
        if frames.iter().all(|one: &Recorded| one.frame.tracks.is_empty()) {
            return Err(ExportError::NoTracks);
        }
        Ok(CameraTracks { camera, name: self.name(camera), frames })
    }

    fn hours(
        &self,
        camera: CameraId,
        progress: Progress<'_>,
        take: &mut dyn FnMut(Vec<Recorded>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let archive = self.materials.archive;
        let [from, until] = self.request.span();
        let (from, until) = (archive.media_time(camera, from)?, archive.media_time(camera, until)?);
        let mut at = from;
        while at < until {
            let next = at.plus_90k(TRACKS_90K).min(until);
            let mut hour = archive.tracks(camera, Moment::Media(at), Moment::Media(next))?;
            hour.retain(|one| (at..next).contains(&one.frame.key.time));
            take(hour)?;
            at = next;
            cancelled(progress(at.since_90k(from) as f64 / until.since_90k(from) as f64))?;
        }
        Ok(())
    }

    fn rendered(
        &self,
        out: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<(), ExportError> {
        let drawn = Drawn {
            boxes: self.request.boxes,
            labels: self.request.labels,
            captions: true,
            blur: self.request.blur.as_ref(),
        };
        let cameras = &self.request.cameras;
        let path = self.path;
        self.rendering().run(cameras, Times::FromZero, drawn, progress, &mut |coded: Coded| {
            let written =
                out.write_all(&coded.header).and_then(|()| out.write_all(&coded.fragment));
            written.map_err(ExportError::write(path))
        })
    }

    fn rendering(&self) -> Rendering<'_> {
        Rendering {
            archive: self.materials.archive,
            decoders: self.materials.decoders,
            request: self.request,
            names: self.materials.names,
        }
    }

    fn player<W: Write + Seek + Send>(
        &self,
        out: W,
        progress: Progress<'_>,
    ) -> Result<(), ExportError> {
        let page = (self.materials.presentation.page)().ok_or(ExportError::NoPlayer)?;
        let wanted = estimate(self.request, self.materials.archive)?;
        if wanted > MOST_BYTES {
            return Err(ExportError::TooLarge { most: bytes(MOST_BYTES), wanted: bytes(wanted) });
        }
        let mut zip = self.zip(PlayerZip::new(out, &page))?;
        let all = self.request.cameras.len() as f64;
        let mut is_there = false;
        for (n, camera) in self.request.cameras.iter().enumerate() {
            let mut part = |share: f64| progress((n as f64 + share) / all);
            let mut chunks = CameraChunks::new(*camera);
            let [from, until] = self.request.span();
            let coverage = self.materials.archive.coverage(*camera, from, until)?;
            if coverage.stretches.is_empty() {
                continue;
            }
            self.chunks(*camera, &mut zip, &mut chunks, &mut part)?;
            if chunks.is_empty() {
                continue;
            }
            is_there = true;
            self.hours(*camera, &mut |_| ControlFlow::Continue(()), &mut |hour| {
                let messages = (self.materials.presentation.tracks)(&hour);
                self.zip(zip.tracks(&mut chunks, &crate::player::script_safe(&messages)))
            })?;
            self.zip(zip.end_camera(chunks, &self.name(*camera), &cut(coverage, self.request)))?;
        }
        if !is_there {
            return Err(ExportError::Nothing);
        }
        let name = match self.request.name.trim() {
            "" => self.request.file_name(self.materials.names),
            name => name.to_owned(),
        };
        let blurred = self.request.blur.is_some();
        let mut out = self.zip(zip.finish(&name, self.materials.now_us, blurred))?;
        self.io(out.flush())
    }

    /// The footage of one camera: as it is, or with people made unrecognisable.
    fn chunks<W: Write + Seek + Send>(
        &self,
        camera: CameraId,
        zip: &mut PlayerZip<W>,
        chunks: &mut CameraChunks,
        progress: Progress<'_>,
    ) -> Result<(), ExportError> {
        if let Some(blur) = &self.request.blur {
            let drawn = Drawn { boxes: false, labels: false, captions: false, blur: Some(blur) };
            let path = self.path;
            return self.rendering().run(
                &[camera],
                Times::Frames,
                drawn,
                progress,
                &mut |coded: Coded| {
                    let span = [coded.from, coded.until];
                    let pushed = zip.push(chunks, &coded.header, &coded.fragment, coded.key, span);
                    pushed.map_err(|error| ExportError::write(path)(error.into()))
                },
            );
        }
        let [from, until] = self.request.span();
        let footage = self.materials.archive.footage(camera, from, until, Wanted::All)?;
        let Some(footage) = footage else { return Ok(()) };
        let damaged = || {
            ExportError::Footage("a fragment is damaged; `razz record check` says which".to_owned())
        };
        let (mut header, mut rest) = (Vec::new(), Vec::new());
        for part in 0..footage.parts() {
            let read = footage.part(part);
            rest.extend(read.map_err(|error| ExportError::Footage(error.to_string()))?);
            let mut at = 0;
            while at < rest.len() {
                let left = &rest[at..];
                if let Ok(length) = header_bytes(&mut Cursor::new(left), left.len() as u64) {
                    let length = length as usize;
                    header = rest[at..at + length].to_vec();
                    at += length;
                    continue;
                }
                let Checked::Whole(found) = checked(left) else { break };
                let fragment = &rest[at..at + found.bytes];
                self.zip(zip.push(
                    chunks,
                    &header,
                    fragment,
                    found.key,
                    [found.from, found.until],
                ))?;
                at += found.bytes;
            }
            rest.drain(..at);
            cancelled(progress((part + 1) as f64 / footage.parts() as f64))?;
        }
        if rest.is_empty() { Ok(()) } else { Err(damaged()) }
    }
}

/// The parts of the coverage that lie in the request: files are longer.
fn cut(mut coverage: Coverage, request: &Request) -> Coverage {
    let clamp = |at: &mut razz_store::archive::Dated| {
        let inside = at.wall_us.clamp(request.from_us, request.until_us);
        at.time = at.time.plus_90k(((inside - at.wall_us) as f64 * 0.09).round() as i64);
        at.wall_us = inside;
    };
    for one in &mut coverage.stretches {
        clamp(&mut one.from);
        clamp(&mut one.until);
    }
    for one in &mut coverage.holes {
        clamp(&mut one.from);
        clamp(&mut one.until);
    }
    coverage
}

fn cancelled(flow: ControlFlow<()>) -> Result<(), ExportError> {
    if flow.is_break() { Err(ExportError::Cancelled) } else { Ok(()) }
}
