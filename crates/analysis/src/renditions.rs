//! Makes the encodings of a camera's pictures that viewers want, on a thread that lives while they do.
//!
//! The thread decodes the camera's video from the GOP at hand, so that the first picture of a rendition
//! comes at once, whatever detection does with the camera meanwhile. What it publishes has the media time
//! of the picture that it shows.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use razz_base::{AccessUnit, Codec, MediaTime, MonoTime, RunId, Rung, Size, StreamFormat};
use razz_hub::renditions::{MadePicture, Making};
use razz_hub::{Camera, Policy, Renditions, RunContext, Stream, lock};
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::{RENDITION_THREAD, Stage};
use razz_vision::{Decoder, Picture, Rendition};
use tracing::{debug, error, warn};

use crate::alive::{PAUSE_AFTER_PANIC, keep_alive};
use crate::pool::Pool;
use crate::settings::AnalysisSettings;

/// A rung is made for so long after the last viewer has left it: switching back costs no start.
const LINGER_US: i64 = 5_000_000;
/// Between two key pictures of a rung: who asks meanwhile gets the next one.
pub(crate) const IDR_EVERY_US: i64 = 250_000;
/// How often it is looked for orders while no pictures come.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Access units that may wait: more than a GOP, which is decoded at the beginning.
const MOST_WAITING: usize = 600;
const MOST_WAITING_BYTES: usize = 64 << 20;
/// With more than so many behind it, a picture is only decoded: there are newer ones.
const BEHIND: usize = 2;

/// Makes the renditions of `camera` from now on.
pub(crate) fn serve(
    camera: &Camera,
    settings: &Arc<Mutex<AnalysisSettings>>,
    clock: Clock,
) -> Making {
    let (context, stream) = (camera.context.clone(), Arc::clone(&camera.stream));
    let renditions = Arc::downgrade(&camera.renditions);
    let settings = Arc::clone(settings);
    let decodable = lock(&settings).decoders.decodable();
    camera.renditions.serve(decodable, move |making| {
        let Some(renditions) = renditions.upgrade() else { return };
        let AnalysisSettings { decoders, pool, .. } = lock(&settings).clone();
        let making_for = Arc::clone(&renditions);
        let maker = Maker {
            context: context.clone(),
            stream: Arc::clone(&stream),
            renditions,
            making,
            decoders,
            pool,
            clock,
        };
        let name = format!("{RENDITION_THREAD}{}", context.camera());
        if let Err(error) = thread::Builder::new().name(name).spawn(move || maker.run()) {
            warn!(camera = %context.camera(), "no thread to encode on: {error}");
            making_for.failed(making);
        }
    })
}

struct Maker {
    context: RunContext,
    stream: Arc<Stream>,
    renditions: Arc<Renditions>,
    making: Making,
    decoders: razz_vision::Decoders,
    pool: Arc<Pool>,
    clock: Clock,
}

/// A rung that is made.
struct Active {
    rung: Rung,
    rendition: Rendition,
    /// Nobody wants it since then.
    unwanted: Option<MonoTime>,
    /// An IDR is asked for, of a picture after this one.
    idr_after: Option<MediaTime>,
    idr_at: Option<MonoTime>,
    format: Option<Arc<StreamFormat>>,
    /// The encoder has said what it does not like.
    complained: bool,
}

impl Maker {
    fn run(self) {
        keep_alive(
            || {
                let _in = self.context.span().entered();
                self.make();
                None
            },
            || {
                let _in = self.context.span().entered();
                error!("encoding this camera's pictures panicked; it starts anew");
                thread::sleep(PAUSE_AFTER_PANIC);
            },
        );
    }

    /// Works until nothing is wanted any more.
    fn make(&self) {
        debug!("encodes for viewers");
        // A life that ended by a panic has left its word.
        Rung::ALL.into_iter().for_each(|rung| self.renditions.dropped(rung));
        let policy = Policy::FromKey { max_items: MOST_WAITING, max_bytes: MOST_WAITING_BYTES };
        let mut active: Vec<Active> = Vec::new();
        let units = self.stream.subscribe(policy);
        let units = units.subscriber();
        let (mut decoder, decodable) = (self.decoders.decoder(), self.decoders.decodable());
        let mut run = None;
        loop {
            let received = units.next_within(LOOK_EVERY);
            let now = self.clock.mono();
            if !self.follow_orders(&mut active, now) {
                return;
            }
            if active.is_empty() {
                if self.renditions.rest(self.making) {
                    debug!("nobody wants an encoding any more");
                    return;
                }
                continue;
            }
            let Some(received) = received else { continue };
            let au = &received.item.au;
            if received.gap.is_some() || run.replace(au.run) != Some(au.run) {
                decoder.reset();
                active.iter_mut().for_each(Active::begin_anew);
            }
            if au.format.not_decoded(decodable).is_some() {
                continue;
            }
            let due = active.iter().any(|active| active.rendition.takes(au.key.time));
            let want = au.format.reorders || (units.len() <= BEHIND && due);
            if !want && au.codec().stands_alone() {
                continue;
            }
            if let Some(picture) = self.decode(&mut decoder, au, want)
                && units.len() <= BEHIND
            {
                for active in &mut active {
                    self.encode(active, &picture, au.run);
                }
            }
        }
    }

    fn decode(&self, decoder: &mut Decoder, au: &AccessUnit, want: bool) -> Option<Picture> {
        let begun = self.clock.thread_cpu_nanos();
        let decoded = decoder.decode(au, want);
        let spent = self.clock.thread_cpu_nanos() - begun;
        self.pool.stage_times().add(Stage::Renditions, spent);
        self.renditions.decoded(self.clock.mono(), spent);
        match decoded {
            Ok(picture) => picture,
            Err(error) => {
                debug!(frame = %au.key, "not decoded: {error}");
                None
            }
        }
    }

    /// Takes in what is wanted; false: another maker has taken over.
    fn follow_orders(&self, active: &mut Vec<Active>, now: MonoTime) -> bool {
        let Some(order) = self.renditions.order(self.making) else { return false };
        for rung in Rung::ALL {
            let (wanted, idr) = (order.wanted[rung as usize], order.idr[rung as usize]);
            let at = active.iter().position(|active| active.rung == rung);
            match (at, wanted) {
                (None, true) => {
                    active.push(Active { idr_after: idr, ..Active::new(rung) });
                }
                (None, false) => {}
                (Some(at), true) => {
                    active[at].unwanted = None;
                    active[at].idr_after = active[at].idr_after.max(idr);
                }
                (Some(at), false) => {
                    let since = *active[at].unwanted.get_or_insert(now);
                    if now.since_us(since) > LINGER_US {
                        active.remove(at);
                        self.renditions.dropped(rung);
                    }
                }
            }
        }
        true
    }

    fn encode(&self, active: &mut Active, picture: &Picture, run: RunId) {
        let now = self.clock.mono();
        let rests = active.idr_at.is_some_and(|at| now.since_us(at) < IDR_EVERY_US);
        if active.idr_after.is_some_and(|after| picture.key.time > after) && !rests {
            active.rendition.want_idr();
        }
        if !active.rendition.takes(picture.key.time) {
            return;
        }
        let begun = self.clock.thread_cpu_nanos();
        let encoded = active.rendition.encode(picture);
        let cpu_nanos = self.clock.thread_cpu_nanos() - begun;
        self.pool.stage_times().add(Stage::Renditions, cpu_nanos);
        let memory_bytes = active.rendition.memory_bytes();
        let made = MadePicture { now: self.clock.mono(), cpu_nanos, memory_bytes };
        let encoded = match encoded {
            Ok(Some(encoded)) => encoded,
            Ok(None) => return self.renditions.left_out(active.rung, made),
            Err(error) => {
                if !std::mem::replace(&mut active.complained, true) {
                    warn!(rung = %active.rung, "a picture is not encoded: {error}");
                }
                // Whatever state it is in, the next picture has another.
                active.rendition = Rendition::new(active.rung);
                return;
            }
        };
        if encoded.idr {
            active.idr_after = active.idr_after.filter(|after| picture.key.time <= *after);
            active.idr_at = Some(now);
        }
        let au = AccessUnit {
            key: picture.key,
            run,
            format: active.format_of(encoded.size),
            data: encoded.annex_b.into(),
            idr: encoded.idr,
            lost_packets: 0,
            wall: picture.wall,
            received: picture.received,
        };
        self.renditions.publish(active.rung, au, made);
    }
}

impl Active {
    fn new(rung: Rung) -> Self {
        Self {
            rung,
            rendition: Rendition::new(rung),
            unwanted: None,
            idr_after: None,
            idr_at: None,
            format: None,
            complained: false,
        }
    }

    /// What comes next leans on nothing that was.
    fn begin_anew(&mut self) {
        self.rendition = Rendition::new(self.rung);
        self.idr_at = None;
    }

    fn format_of(&mut self, size: Size) -> Arc<StreamFormat> {
        let known = self.format.take().filter(|format| format.size == size);
        let format = known.unwrap_or_else(|| {
            let format = StreamFormat::new(Codec::H264, size);
            Arc::new(StreamFormat { profile: "Constrained Baseline", ..(*format).clone() })
        });
        Arc::clone(self.format.insert(format))
    }
}
