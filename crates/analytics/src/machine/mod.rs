//! The machine of one camera: track frames in, events out.

mod areas;
mod sightings;
mod timers;

use std::collections::{BTreeMap, VecDeque};

use razz_base::{CameraId, ClassId, MediaTime, TrackFrame, TrackId, TrackState};

use crate::layout::{Form, Layout, Ready};
use crate::object::{AreaState, Object};
use crate::publish::Publisher;
use crate::settings::FURTHEST_TICKS;
use crate::sighting::Outline;
use crate::{Area, AreaId, Event, Plane, Settings, Speed};

/// Why a frame was not taken. Nothing has changed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InputError {
    /// A frame that is not after the last one. After a restart the record is read again from before the
    /// snapshot, so this is nothing to worry about there.
    #[error(
        "camera {camera}: the frame at {time} is not after the one at {newest}: frames are taken in order"
    )]
    OutOfOrder {
        /// Whose.
        camera: CameraId,
        /// The frame's.
        time: MediaTime,
        /// Of the last frame that was taken.
        newest: MediaTime,
    },
    /// A time that no camera has.
    #[error("camera {camera}: the frame at {time} is further than a million years from 1970")]
    NoTime {
        /// Whose.
        camera: CameraId,
        /// The frame's.
        time: MediaTime,
    },
    /// A frame of another camera.
    #[error("a frame of camera {found} at {time} was given to the analytics of camera {expected}")]
    OtherCamera {
        /// Whose it is.
        found: CameraId,
        /// Whose was expected.
        expected: CameraId,
        /// The frame's.
        time: MediaTime,
    },
}

/// Facts about the areas of one camera. See the [crate's documentation](crate) for how it is used.
#[derive(Clone, PartialEq, Debug)]
pub struct Analytics {
    pub(crate) camera: CameraId,
    pub(crate) settings: Settings,
    pub(crate) layout: Layout,
    pub(crate) plane: Option<Plane>,
    pub(crate) now: Option<i64>,
    pub(crate) tracks: BTreeMap<TrackId, Object>,
    /// What was told last of each area of the layout; empty for lines and before the first frame.
    pub(crate) occupancy: Vec<Option<Vec<(ClassId, u32)>>>,
    pub(crate) events: VecDeque<Event>,
    /// The events of the frame that is being taken, not in order yet.
    pub(crate) batch: Vec<Event>,
}

impl Analytics {
    /// For a camera with areas. The order of the areas does not matter; of two with the same id and version
    /// the first counts.
    pub fn new(camera: CameraId, areas: Vec<Area>, settings: Settings) -> Self {
        let layout = Layout::new(areas, 1.0);
        Self {
            camera,
            settings,
            occupancy: vec![None; layout.areas.len()],
            layout,
            plane: None,
            now: None,
            tracks: BTreeMap::new(),
            events: VecDeque::new(),
            batch: Vec::new(),
        }
    }

    /// Takes the next frame. Only matched tracks say anything; frames with predicted boxes alone let time
    /// pass.
    pub fn handle(&mut self, frame: &TrackFrame) -> Result<(), InputError> {
        let time = frame.key.time;
        if frame.key.camera != self.camera {
            let (found, expected) = (frame.key.camera, self.camera);
            return Err(InputError::OtherCamera { found, expected, time });
        }
        let now = self.pass(time)?;
        if self.layout.fit(frame.size) {
            self.forget_places();
        }
        let mut looked_at = frame.detected;
        for track in frame.tracks.iter().filter(|track| track.state == TrackState::Matched) {
            if let Some(outline) = Outline::new(&track.bbox, frame.size) {
                looked_at = true;
                self.see(now, track, &outline);
            }
        }
        if looked_at {
            let grace = self.grace();
            for object in self.tracks.values_mut() {
                if object.last.0 < now && object.missed.is_none() {
                    object.missed = Some(now);
                    object.set_due(grace);
                }
            }
        }
        self.run_timers(now);
        self.count(now);
        self.publish();
        Ok(())
    }

    /// Lets time pass without a frame, which a camera that is away needs: who was there is there no longer,
    /// visits end. Frames that come later have to be after it. The facts are the same without it, and later.
    pub fn handle_time(&mut self, time: MediaTime) -> Result<(), InputError> {
        let now = self.pass(time)?;
        self.count(now);
        self.publish();
        Ok(())
    }

    /// Moves on to a time: what is due by then happens, and areas come into force and go out of it.
    fn pass(&mut self, time: MediaTime) -> Result<i64, InputError> {
        let camera = self.camera;
        if let Some(newest) = self.now.map(MediaTime::from_90k)
            && time <= newest
        {
            return Err(InputError::OutOfOrder { camera, time, newest });
        }
        let now = time.as_90k();
        if !(-FURTHEST_TICKS..=FURTHEST_TICKS).contains(&now) {
            return Err(InputError::NoTime { camera, time });
        }
        // What was due before this time knows nothing of what comes with it: however many frames there
        // are between two sightings, the facts are the same.
        self.run_timers(now);
        self.now = Some(now);
        self.switch_areas(time);
        Ok(now)
    }

    /// The next event, oldest frame first; within a frame by the time of the fact.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Nothing comes any more: decides everything that still waits for what comes next.
    pub fn finish(&mut self) {
        self.run_timers(i64::MAX);
        self.publish();
    }

    /// Puts a plane in the place of the one that was: crossings have a speed from now on, or have none.
    pub fn set_plane(&mut self, plane: Option<Plane>) {
        self.plane = plane;
    }

    /// How fast a track moves now, where a plane says so well enough.
    pub fn speed(&self, track: TrackId) -> Option<Speed> {
        self.tracks.get(&track)?.ground.speed(self.plane.as_ref(), self.layout.aspect())
    }

    /// The areas, by id and version.
    pub fn areas(&self) -> impl Iterator<Item = &Area> {
        self.layout.areas.iter().map(|ready| &ready.area)
    }

    /// How many are in a zone now, by class; nothing for a line and for an area that is not there.
    pub fn occupancy(&self, area: AreaId) -> &[(ClassId, u32)] {
        let zone = |r: &Ready| r.area.id() == area && r.active;
        let place = self.layout.areas.iter().position(zone);
        place.and_then(|place| self.occupancy[place].as_deref()).unwrap_or_default()
    }

    fn grace(&self) -> i64 {
        // 1 µs = 9/100 ticks.
        self.settings.grace_us.clamp(0, Settings::MAX_GRACE_US) * 9 / 100
    }

    /// Counts who is in the zones, and tells where that changed.
    fn count(&mut self, now: i64) {
        let publisher = Publisher { camera: self.camera };
        for (place, ready) in self.layout.areas.iter().enumerate() {
            if !ready.active || !matches!(ready.form, Form::Zone(_)) {
                continue;
            }
            let mut classes: BTreeMap<ClassId, u32> = BTreeMap::new();
            for object in self.tracks.values().filter(|object| object.present) {
                if let AreaState::Zone(zone) = &object.areas[place]
                    && zone.is_inside_now()
                    && ready.area.accepts(object.class())
                {
                    *classes.entry(object.class()).or_default() += 1;
                }
            }
            let classes: Vec<_> = classes.into_iter().collect();
            let told = &mut self.occupancy[place];
            if told.as_ref() != Some(&classes) {
                self.batch.push(publisher.occupancy(ready, now, &classes));
                *told = Some(classes);
            }
        }
    }

    fn publish(&mut self) {
        self.batch.sort_by(|a, b| {
            let place =
                |e: &Event| (e.key.time, e.key.area, e.key.version, e.key.track, e.revision);
            place(a).cmp(&place(b))
        });
        self.events.extend(self.batch.drain(..));
    }
}
