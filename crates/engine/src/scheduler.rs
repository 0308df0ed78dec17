//! Shares the detector between the cameras; holds only counters.

use std::collections::BTreeMap;

use razz_base::CameraId;

/// Who is next at the detector.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996) with one waiting picture per camera: serving a
/// camera moves its virtual time on by 1 / wanted rate, and the waiting camera with the least virtual
/// time is next. So when capacity is short every camera loses alike, in proportion to what it wants;
/// and a camera that was away gets no credit for the time it did not use.
#[derive(Debug, Default)]
pub struct Scheduler {
    shares: BTreeMap<CameraId, Share>,
    /// Virtual time of the service that began last.
    now: f64,
}

#[derive(Debug)]
struct Share {
    virtual_time: f64,
    /// Detections per second.
    wanted: f64,
    waiting: bool,
}

impl Scheduler {
    /// With no camera.
    pub fn new() -> Self {
        Self::default()
    }

    /// A picture of `camera` waits in its slot; `wanted` is the camera's rate in detections per
    /// second (raising it takes from the others once capacity is short).
    pub fn offer(&mut self, camera: CameraId, wanted: f64) {
        let wanted = wanted.clamp(0.01, 1000.0);
        let now = self.now;
        let share = self.shares.entry(camera).or_insert(Share {
            virtual_time: now,
            wanted,
            waiting: false,
        });
        if !share.waiting {
            share.virtual_time = share.virtual_time.max(now);
            share.waiting = true;
        }
        share.wanted = wanted;
    }

    /// The slot of `camera` is empty again: its picture was withdrawn, or the camera is gone.
    pub fn withdraw(&mut self, camera: CameraId) {
        self.shares.remove(&camera);
    }

    /// Takes the camera to serve now out of the waiting ones that are `free`.
    pub fn take(&mut self, free: impl Fn(CameraId) -> bool) -> Option<CameraId> {
        let (camera, share) = self
            .shares
            .iter_mut()
            .filter(|(camera, share)| share.waiting && free(**camera))
            .min_by(|a, b| a.1.virtual_time.total_cmp(&b.1.virtual_time))?;
        share.waiting = false;
        // One that was not free may be behind the others.
        self.now = self.now.max(share.virtual_time);
        share.virtual_time += 1.0 / share.wanted;
        Some(*camera)
    }

    /// How many cameras wait.
    pub fn waiting(&self) -> usize {
        self.shares.values().filter(|share| share.waiting).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> CameraId {
        CameraId::new(n).unwrap()
    }

    /// Offers all cameras whenever they do not wait, serves `services` times.
    fn served(wanted: &[f64], services: usize) -> Vec<usize> {
        let mut scheduler = Scheduler::new();
        let mut counts = vec![0usize; wanted.len()];
        for _ in 0..services {
            for (i, rate) in wanted.iter().enumerate() {
                scheduler.offer(id(i as u32 + 1), *rate);
            }
            let camera = scheduler.take(|_| true).unwrap();
            counts[camera.as_u32() as usize - 1] += 1;
        }
        counts
    }

    #[test]
    fn short_capacity_is_shared_in_proportion_to_what_is_wanted() {
        for (wanted, services, expected) in [
            (&[6.0, 6.0][..], 100, &[50, 50][..]),
            (&[6.0, 6.0, 6.0], 90, &[30, 30, 30]),
            (&[10.0, 5.0], 90, &[60, 30]),
            (&[30.0, 5.0, 5.0], 80, &[60, 10, 10]),
        ] {
            for (got, want) in served(wanted, services).iter().zip(expected) {
                assert!(got.abs_diff(*want) <= 1, "{wanted:?}: {got} instead of {want}");
            }
        }
    }

    #[test]
    fn a_camera_that_was_away_gets_no_credit() {
        let mut scheduler = Scheduler::new();
        scheduler.offer(id(2), 6.0);
        assert_eq!(scheduler.take(|_| true), Some(id(2)));
        for _ in 0..100 {
            scheduler.offer(id(1), 6.0);
            assert_eq!(scheduler.take(|_| true), Some(id(1)));
        }
        let mut counts = [0usize; 2];
        for _ in 0..20 {
            scheduler.offer(id(1), 6.0);
            scheduler.offer(id(2), 6.0);
            counts[scheduler.take(|_| true).unwrap().as_u32() as usize - 1] += 1;
        }
        assert!(counts[0].abs_diff(counts[1]) <= 1, "{counts:?}");
    }

    #[test]
    fn who_is_not_free_keeps_its_turn() {
        let mut scheduler = Scheduler::new();
        scheduler.offer(id(1), 6.0);
        scheduler.offer(id(2), 6.0);
        assert_eq!(scheduler.take(|camera| camera != id(1)), Some(id(2)));
        assert_eq!(scheduler.take(|camera| camera != id(1)), None);
        scheduler.offer(id(2), 6.0);
        assert_eq!(scheduler.take(|_| true), Some(id(1)));
        assert_eq!(scheduler.take(|_| true), Some(id(2)));
    }

    #[test]
    fn a_withdrawn_camera_is_not_served() {
        let mut scheduler = Scheduler::new();
        scheduler.offer(id(1), 6.0);
        scheduler.withdraw(id(1));
        assert_eq!(scheduler.take(|_| true), None);
        assert_eq!(scheduler.waiting(), 0);
    }
}
