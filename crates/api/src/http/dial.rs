//! Cameras that a page names by address: one connection to an address at a time, so that nobody has
//! razz knock at a machine faster than the machine answers.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use razz_base::CameraState;
use razz_hub::Camera;

/// How long to wait until another connection to the address has come about or failed, and how long that
/// may take at most. Raising it lets one slow machine keep more requests waiting.
const WAIT: Duration = Duration::from_secs(10);

/// How often to look whether a camera has answered.
const LOOK_EVERY: Duration = Duration::from_millis(100);

static DIALS: LazyLock<Arc<Dials>> = LazyLock::new(Arc::default);

/// Addresses that are being connected to.
#[derive(Default)]
struct Dials {
    now: Mutex<HashSet<IpAddr>>,
    ended: Notify,
}

/// The turn to connect to some addresses, until it is dropped.
pub(super) struct Dial {
    dials: Arc<Dials>,
    addresses: Vec<IpAddr>,
}

/// Waits for the turn to connect to `addresses`; `None`: it does not come in time.
pub(super) async fn begin(addresses: Vec<IpAddr>) -> Option<Dial> {
    timeout(WAIT, Dials::begin(&DIALS, addresses)).await.ok()
}

impl Dials {
    async fn begin(dials: &Arc<Self>, addresses: Vec<IpAddr>) -> Dial {
        loop {
            // Before the look: what ends in between is not missed.
            let ended = dials.ended.notified();
            {
                let mut now = dials.now.lock().unwrap_or_else(PoisonError::into_inner);
                if addresses.iter().all(|address| !now.contains(address)) {
                    now.extend(addresses.iter().copied());
                    break;
                }
            }
            ended.await;
        }
        Dial { dials: Arc::clone(dials), addresses }
    }
}

impl Dial {
    /// Keeps the turn until `camera` has answered or failed to.
    pub(super) fn until_answered(self, camera: Arc<Camera>) {
        tokio::spawn(async move {
            let connecting = || camera.health.ingest().state == CameraState::Connecting;
            let _ = timeout(WAIT, async {
                while connecting() && !camera.is_stopped() {
                    sleep(LOOK_EVERY).await;
                }
            })
            .await;
            drop(self);
        });
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        {
            let mut now = self.dials.now.lock().unwrap_or_else(PoisonError::into_inner);
            self.addresses.iter().for_each(|address| {
                now.remove(address);
            });
        }
        self.dials.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn an_address_is_connected_to_once_at_a_time() {
        let dials = Arc::<Dials>::default();
        let begin = |last: &[u8]| {
            Dials::begin(&dials, last.iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect())
        };
        let first = begin(&[1, 2]).await;
        let elsewhere = begin(&[3]).now_or_never().expect("another address waits for nobody");
        let mut second = Box::pin(begin(&[2, 4]));
        assert!((&mut second).now_or_never().is_none(), "an address in common");
        drop(elsewhere);
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        drop(second.now_or_never().expect("its turn has come"));
        assert!(dials.now.lock().unwrap().is_empty());
    }
}
