//! Work on a camera that outlives its own panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What breaks at once again shall not keep a core busy.
pub(crate) const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(1);

/// Does `work` until it answers `None`, anew after each panic, which `panicked` hears of.
pub(crate) fn keep_alive(mut work: impl FnMut() -> Option<()>, mut panicked: impl FnMut()) {
    loop {
        match catch_unwind(AssertUnwindSafe(&mut work)) {
            Ok(None) => return,
            Ok(Some(())) => {}
            Err(_) => panicked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_panics_begins_anew_until_the_camera_is_gone() {
        let (mut begun, mut panics) = (0, 0);
        keep_alive(
            || {
                begun += 1;
                assert!(begun % 2 == 0, "a broken invariant");
                (begun < 6).then_some(())
            },
            || panics += 1,
        );
        assert_eq!((begun, panics), (6, 3));
    }
}
