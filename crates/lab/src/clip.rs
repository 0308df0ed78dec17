//! A clip: the pictures of an MP4 file as players show them, in the order in which they are shown.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::Orientation;
use razz_media::mp4::Mp4;
use razz_vision::{Decoders, Picture};

use crate::progress::Progress;
use crate::terminal::Failure;

/// A clip while it is being read.
pub(crate) struct Clip {
    name: String,
    mp4: Mp4<BufReader<File>>,
    /// The pictures that are shown, by their time.
    frames: HashMap<i64, usize>,
    format: Arc<StreamFormat>,
}

/// What of a clip could not be decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Damage {
    /// Pictures that were wanted and did not come.
    pub missing: usize,
    /// Access units that gave an error, and the first of these.
    pub damaged: usize,
    pub first: Option<String>,
}

impl Clip {
    /// Opens the file and reads its index.
    ///
    /// # Errors
    /// When it cannot be read or is no H.264 or H.265 in MP4.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path);
        let file = file.map_err(|error| {
            Failure::Refused(format!("{name}: cannot be read: {error}; see --input"))
        })?;
        let mp4 = Mp4::open(BufReader::new(file))
            .map_err(|error| Failure::Refused(format!("{name}: {error}")))?;
        let mut times: Vec<i64> = mp4.samples().iter().map(|sample| sample.time_90k).collect();
        times.retain(|time| *time >= 0);
        times.sort_unstable();
        times.dedup();
        let frames = times.into_iter().enumerate().map(|(index, time)| (time, index)).collect();
        let format = StreamFormat::new(mp4.codec(), mp4.size());
        Ok(Self { name, mp4, frames, format })
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many pictures are shown.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Of its pictures as they are stored, in pixels.
    pub(crate) fn size(&self) -> Size {
        self.mp4.size()
    }

    /// How it is coded.
    pub(crate) fn codec(&self) -> Codec {
        self.mp4.codec()
    }

    /// What is not there of the file, in a line.
    pub(crate) fn missing(&self) -> Option<String> {
        self.mp4.missing().map(|missing| format!("{}: {missing}", self.name))
    }

    /// Pictures per second; `None` for a single one.
    pub(crate) fn frame_rate(&self) -> Option<f64> {
        self.mp4.frame_rate()
    }

    /// Decodes the clip and hands out the pictures that are wanted, by their place in the order of
    /// showing, from 0. They are turned as the file says, and know the shape of their pixels.
    ///
    /// # Errors
    /// When there is no decoder or not one of the wanted pictures; what `look` answers. Damage to
    /// some of them is told.
    pub(crate) fn decode(
        &mut self,
        wanted: impl Fn(usize) -> bool,
        mut look: impl FnMut(usize, &Picture) -> Result<(), Failure>,
    ) -> Result<Damage, Failure> {
        let (orientation, aspect) = (self.mp4.orientation(), self.mp4.pixel_aspect());
        let mut look = move |index: usize, mut picture: Picture| {
            picture.pixel_aspect = aspect;
            match orientation {
                Orientation::Upright => look(index, &picture),
                turned => look(index, &picture.turned(turned)),
            }
        };
        let mut decoder = Decoders::at_hand().decoder();
        let mut damage = Damage {
            missing: (0..self.frames.len()).filter(|index| wanted(*index)).count(),
            ..Damage::default()
        };
        let all_wanted = damage.missing;
        let place = |frames: &HashMap<i64, usize>, time: i64| {
            frames.get(&time).copied().filter(|index| wanted(*index))
        };
        let mut progress = Progress::new("detecting", "frames", self.mp4.samples().len() as u64);
        for index in 0..self.mp4.samples().len() {
            progress.step(index as u64);
            let time = self.mp4.samples()[index].time_90k;
            let wanted = place(&self.frames, time).is_some();
            let decoded = self
                .access_unit(index)
                .and_then(|unit| decoder.decode(&unit, wanted).map_err(|error| error.to_string()));
            match decoded {
                Ok(Some(picture)) => {
                    if let Some(index) = place(&self.frames, picture.key.time.as_90k()) {
                        damage.missing -= 1;
                        look(index, picture)?;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    damage.damaged += 1;
                    damage.first.get_or_insert_with(|| format!("picture {}: {error}", index + 1));
                }
            }
        }
        for picture in decoder.flush() {
            if let Some(index) = place(&self.frames, picture.key.time.as_90k()) {
                damage.missing -= 1;
                look(index, picture)?;
            }
        }
        if damage.missing == all_wanted && all_wanted > 0 {
            let why = damage.first.unwrap_or_else(|| "no IDR to begin with".to_owned());
            let said = format!("{}: no picture could be decoded: {why}", self.name);
            return Err(Failure::Failed(said));
        }
        Ok(damage)
    }

    /// Access unit `index` in decode order.
    pub(crate) fn access_unit(&mut self, index: usize) -> Result<AccessUnit, String> {
        let mut data = Vec::new();
        self.mp4.read(index, &mut data).map_err(|error| error.to_string())?;
        let sample = self.mp4.samples()[index];
        let unit = access_unit(data, sample.time_90k, sample.sync);
        Ok(AccessUnit { format: Arc::clone(&self.format), ..unit })
    }
}

/// Annex B from a file as a camera would have sent it.
pub(crate) fn access_unit(data: Vec<u8>, time_90k: i64, idr: bool) -> AccessUnit {
    let camera = CameraId::new(1).expect("1 is an id");
    let us = time_90k * 100 / 9;
    AccessUnit {
        key: FrameKey { camera, time: MediaTime::from_90k(time_90k) },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Size::default()),
        data: Bytes::from(data),
        idr,
        lost_packets: 0,
        wall: WallTime { us, quality: WallQuality::Arrival },
        received: MonoTime::from_us(us),
    }
}
