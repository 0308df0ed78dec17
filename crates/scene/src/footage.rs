//! A loop of encoded pictures that grows while it is being played.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use razz_base::{Codec, Size};
use razz_media::rtp::{Payload, packetize};

use crate::cache::Cache;
use crate::{Canvas, EncodeError, EncodedFrame, Encoder, Rate, Street};

/// Largest RTP payload: with its headers it fits an Ethernet frame, as most cameras send it.
pub(crate) const MAX_PAYLOAD: usize = 1400;

/// Pictures from one IDR to the next: 2 seconds. The period is a multiple, so the loop closes with
/// an IDR.
const GOP_FRAMES: u32 = 60;

/// How fast pictures are made ahead of playback at most, per second: the rest of the machine has
/// work to do as well.
const PREPARE_FPS: f64 = 75.0;

/// What becomes of a street's pictures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All were found in the cache.
    Reused(PathBuf),
    /// So many of so many are ready.
    Encoded(usize, usize),
    /// All are ready and kept for the next time.
    Kept(PathBuf),
    /// All are ready, but will be made anew the next time, for this reason.
    NotKept(String),
    /// No more will come, for this reason; what is ready goes on playing.
    Failed(String),
}

/// One picture, ready for RTP.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) encoded: EncodedFrame,
    pub(crate) payloads: Arc<[Payload]>,
}

/// A loop of encoded pictures. Clones share it; the last one to go ends its making.
#[derive(Clone)]
pub struct Footage {
    owner: Arc<Owner>,
}

struct Owner {
    film: Arc<Film>,
    maker: Option<JoinHandle<()>>,
}

struct Film {
    fps: u32,
    total: usize,
    stop: AtomicBool,
    reel: Mutex<Reel>,
    grown: Condvar,
}

#[derive(Default)]
struct Reel {
    frames: Vec<Arc<Frame>>,
    /// No more frames will come.
    ended: bool,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.film.stop.store(true, Ordering::Relaxed);
        if let Some(maker) = self.maker.take() {
            // A panic of the maker has been printed by its thread; here nothing hangs on it.
            let _ = maker.join();
        }
    }
}

impl Film {
    fn reel(&self) -> MutexGuard<'_, Reel> {
        // A frame is pushed whole or not at all.
        self.reel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, encoded: EncodedFrame) {
        let payloads = packetize(Codec::H264, &encoded.annex_b, MAX_PAYLOAD);
        self.reel().frames.push(Arc::new(Frame { encoded, payloads }));
        self.grown.notify_all();
    }

    fn end(&self) {
        self.reel().ended = true;
        self.grown.notify_all();
    }
}

impl Footage {
    /// The whole period of a street, out of the cache, or rendered and encoded by a thread of its
    /// own while the first pictures are already being played.
    ///
    /// `cache`: see [`Cache::find`]; `None` keeps nothing. `progress` is called from that thread.
    pub fn street(
        seed: u64,
        cache: Option<Cache>,
        mut progress: impl FnMut(Progress) + Send + 'static,
    ) -> std::io::Result<Self> {
        let film = Arc::new(Film {
            fps: Street::FPS,
            total: Street::PERIOD as usize,
            stop: AtomicBool::new(false),
            reel: Mutex::default(),
            grown: Condvar::new(),
        });
        let shared = Arc::clone(&film);
        let maker = std::thread::Builder::new().name(format!("scene {seed}")).spawn(move || {
            make(&shared, seed, cache, &mut progress);
            shared.end();
        })?;
        Ok(Self { owner: Arc::new(Owner { film, maker: Some(maker) }) })
    }

    /// Frames `from` to `from + count` of a street, looped, made here and now: for tests, and in
    /// another size for a change of resolution (see [`Encoder::with_size`]).
    pub fn clip(seed: u64, from: u64, count: u64, size: Size) -> Result<Self, EncodeError> {
        Self::clip_of(Encoder::with_size(size, Rate::Constant, GOP_FRAMES)?, seed, from, count)
    }

    /// As [`Self::clip`], each picture in several slices (see [`Encoder::in_slices`]).
    pub fn clip_in_slices(
        seed: u64,
        from: u64,
        count: u64,
        size: Size,
        slice_bytes: u32,
    ) -> Result<Self, EncodeError> {
        let encoder = Encoder::in_slices(size, Rate::Constant, GOP_FRAMES, slice_bytes)?;
        Self::clip_of(encoder, seed, from, count)
    }

    fn clip_of(
        mut encoder: Encoder,
        seed: u64,
        from: u64,
        count: u64,
    ) -> Result<Self, EncodeError> {
        let street = Street::new(seed);
        let mut canvas = Canvas::new();
        let mut frames = Vec::new();
        for frame in from..from + count {
            street.render(frame, &mut canvas);
            frames.push(encoder.encode(&canvas)?);
        }
        Ok(Self::from_frames(frames, Street::FPS))
    }

    /// Two GOPs of a street in which nothing moves: the picture of `moment` with the noise of a sensor. Takes
    /// a few seconds.
    ///
    /// # Errors
    /// When they cannot be encoded.
    pub fn still_street(seed: u64, moment: u64) -> Result<Self, EncodeError> {
        let street = Street::new(seed);
        let mut encoder = Encoder::high(Rate::Constant, GOP_FRAMES)?;
        let mut canvas = Canvas::new();
        let mut encode = |noise| {
            street.render_with_noise(moment, noise, &mut canvas);
            encoder.encode(&canvas)
        };
        let frames = (0..2 * u64::from(GOP_FRAMES)).map(&mut encode).collect::<Result<_, _>>()?;
        Ok(Self::from_frames(frames, Street::FPS))
    }

    /// Ready pictures at `fps` per second, looped; the first is an IDR.
    pub fn from_frames(frames: Vec<EncodedFrame>, fps: u32) -> Self {
        let film = Film {
            fps: fps.max(1),
            total: frames.len(),
            stop: AtomicBool::new(false),
            reel: Mutex::default(),
            grown: Condvar::new(),
        };
        frames.into_iter().for_each(|frame| film.push(frame));
        film.end();
        Self { owner: Arc::new(Owner { film: Arc::new(film), maker: None }) }
    }

    /// Pictures per second.
    pub fn fps(&self) -> u32 {
        self.owner.film.fps
    }

    /// Pictures until it repeats.
    pub fn total(&self) -> usize {
        self.owner.film.total
    }

    /// Pictures that are ready.
    pub fn ready(&self) -> usize {
        self.owner.film.reel().frames.len()
    }

    /// Waits until `count` pictures (or all there will ever be) are ready, `timeout` at most;
    /// returns how many are.
    pub fn wait(&self, count: usize, timeout: Duration) -> usize {
        let film = &self.owner.film;
        let enough = |reel: &mut Reel| reel.frames.len() < count && !reel.ended;
        let (reel, _) = film
            .grown
            .wait_timeout_while(film.reel(), timeout, enough)
            .unwrap_or_else(PoisonError::into_inner);
        reel.frames.len()
    }

    /// Picture `index` of the loop, encoded; `None` while it is not ready.
    pub fn frame(&self, index: usize) -> Option<EncodedFrame> {
        self.packets(index).map(|frame| frame.encoded.clone())
    }

    /// Picture `index`, where it is ready. Where the maker has failed, the ready ones are the loop.
    pub(crate) fn packets(&self, index: usize) -> Option<Arc<Frame>> {
        let reel = self.owner.film.reel();
        let index = if reel.ended { index.checked_rem(reel.frames.len())? } else { index };
        reel.frames.get(index).cloned()
    }

    /// The last IDR at or before picture `index` among those that are ready.
    pub(crate) fn idr_before(&self, index: usize) -> usize {
        let reel = self.owner.film.reel();
        let end = reel.frames.len().min(index + 1);
        reel.frames[..end].iter().rposition(|frame| frame.encoded.idr).unwrap_or(0)
    }
}

fn make(film: &Film, seed: u64, cache: Option<Cache>, progress: &mut dyn FnMut(Progress)) {
    let street = Street::new(seed);
    let entry = cache.map(|cache| cache.entry(&street, GOP_FRAMES));
    // A damaged file is no error: the pictures are made again and replace it.
    if let Some(frames) = entry.as_ref().and_then(|entry| entry.load(film.total).ok()) {
        frames.into_iter().for_each(|frame| film.push(frame));
        let path = entry.map(|entry| entry.path().to_owned()).unwrap_or_default();
        progress(Progress::Reused(path));
        return;
    }
    if let Err(error) = encode(film, &street, progress) {
        progress(Progress::Failed(error.to_string()));
        return;
    }
    if film.stop.load(Ordering::Relaxed) {
        return;
    }
    let Some(entry) = entry else {
        progress(Progress::NotKept("there is no cache folder".to_owned()));
        return;
    };
    let frames: Vec<Arc<Frame>> = film.reel().frames.clone();
    let kept = entry.store(frames.iter().map(|frame| &frame.encoded));
    progress(match kept {
        Ok(()) => Progress::Kept(entry.path().to_owned()),
        Err(error) => Progress::NotKept(format!("{}: {error}", entry.path().display())),
    });
}

fn encode(
    film: &Film,
    street: &Street,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), EncodeError> {
    let mut encoder = Encoder::new(Rate::Constant, GOP_FRAMES)?;
    let mut canvas = Canvas::new();
    let start = Instant::now();
    for index in 0..film.total {
        if film.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        street.render(index as u64, &mut canvas);
        film.push(encoder.encode(&canvas)?);
        if (index + 1) % GOP_FRAMES as usize == 0 {
            progress(Progress::Encoded(index + 1, film.total));
        }
        let due = Duration::from_secs_f64(index as f64 / PREPARE_FPS);
        if let Some(early) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(early);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(idr: bool) -> EncodedFrame {
        EncodedFrame { annex_b: vec![0, 0, 0, 1, 0x65, 1], idr, reorder: 0 }
    }

    #[test]
    fn ready_footage_loops_and_finds_its_idr() {
        let footage =
            Footage::from_frames([true, false, false, true, false].map(frame).to_vec(), 25);
        assert_eq!((footage.fps(), footage.total(), footage.ready()), (25, 5, 5));
        for (index, idr) in [(0, 0), (2, 0), (3, 3), (4, 3), (9, 3)] {
            assert_eq!(footage.idr_before(index), idr, "{index}");
        }
        assert!(footage.frame(5).is_some_and(|frame| frame.idr), "the sixth is the first again");
        assert_eq!(footage.wait(99, Duration::from_secs(60)), 5, "no more will come");
    }

    #[test]
    fn no_pictures_are_no_loop() {
        let footage = Footage::from_frames(Vec::new(), 0);
        assert!(footage.frame(0).is_none());
        assert_eq!((footage.fps(), footage.idr_before(7)), (1, 0));
    }

    #[test]
    fn a_street_is_made_once_and_again_when_its_file_is_damaged() {
        let folder = std::env::temp_dir().join(format!("razz-scene-film-{}", std::process::id()));
        let cache = Cache::at(&folder);
        let run = || {
            let film = Film {
                fps: Street::FPS,
                total: 4,
                stop: AtomicBool::new(false),
                reel: Mutex::default(),
                grown: Condvar::new(),
            };
            let mut told = Vec::new();
            make(&film, 6, Some(cache.clone()), &mut |progress| told.push(progress));
            let frames: Vec<EncodedFrame> =
                film.reel().frames.iter().map(|frame| frame.encoded.clone()).collect();
            (told.pop(), frames)
        };
        let (Some(Progress::Kept(path)), frames) = run() else { panic!("not kept") };
        assert!(frames[0].idr && frames.len() == 4);
        assert_eq!(run(), (Some(Progress::Reused(path.clone())), frames.clone()));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(run(), (Some(Progress::Kept(path.clone())), frames));
        assert_eq!(std::fs::read(&path).unwrap(), whole, "made anew, byte for byte");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
