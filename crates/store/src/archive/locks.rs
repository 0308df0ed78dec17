//! Footage that somebody has locked, so that it never gives way.

use razz_base::{CameraId, MediaTime};

use super::{APART_US, Archive, Moment, ReadError};
use crate::index::{Dated, IndexError, Lock, LockError};

impl Archive {
    /// Locks the footage of a camera between two moments, recorded or yet to be. `by` is who does so, `now_us` when: UTC, in
    /// µs since 1970.
    ///
    /// # Errors
    /// When it is no span, the note is too long, the index does not answer, or the locks cannot be read or written.
    pub fn lock(
        &self,
        camera: CameraId,
        [from, until]: [Moment; 2],
        note: &str,
        by: &str,
        now_us: i64,
    ) -> Result<Lock, LockError> {
        let span = [self.dated(camera, from)?, self.dated(camera, until)?];
        self.index().lock(camera, span, note, by, now_us)
    }

    /// Takes a lock away: what nobody else has locked may give way again. `false` where the camera has none of that number.
    ///
    /// # Errors
    /// When the locks cannot be read or written.
    pub fn unlock(&self, camera: CameraId, id: i64) -> Result<bool, ReadError> {
        Ok(self.index().unlock(camera, id)?)
    }

    /// The locks of a camera that have something in a span, oldest first by their beginnings.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn locks(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<Lock>, ReadError> {
        let mut locks = self.all_locks(from, until)?;
        locks.retain(|lock| lock.camera == camera);
        Ok(locks)
    }

    /// Those of all cameras: their file is read once.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all_locks(&self, from: Moment, until: Moment) -> Result<Vec<Lock>, ReadError> {
        let mut locks = self.index().all_locks()?;
        locks.retain(|lock| from.is_before(&lock.until) && until.is_after(&lock.from));
        locks.sort_by_key(|lock| (lock.from.time, lock.id));
        Ok(locks)
    }

    /// Both names of a moment, by the footage that is nearest.
    fn dated(&self, camera: CameraId, moment: Moment) -> Result<Dated, IndexError> {
        let time = match moment {
            Moment::Wall(wall_us) => {
                let time = self.media_time_of(camera, moment)?;
                return Ok(Dated { time, wall_us });
            }
            Moment::Media(time) => time,
        };
        let around = APART_US / 100 * 9;
        let spans = self.spans(camera, time.plus_90k(-around), time.plus_90k(around))?;
        let after = spans.partition_point(|span| span.from <= time);
        let nearest = spans.get(after.saturating_sub(1));
        let plain = Dated { time, wall_us: time.since_us(MediaTime::default()) };
        Ok(nearest.map_or(plain, |span| span.dated(time)))
    }
}
