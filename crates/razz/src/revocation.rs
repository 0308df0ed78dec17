//! Ends the viewer sessions of those who may not watch any more.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

use razz_access::Access;
use razz_delivery::Viewers;

/// How often the users file and the rights of those who watch are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Follows the users file, and ends the sessions whose right has ended, for ever.
pub(crate) async fn follow(access: Arc<Access>, viewers: Viewers) {
    if !access.is_on() {
        return;
    }
    let mut logged = String::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match access.refresh() {
            Ok(_) => logged.clear(),
            Err(error) => {
                let error = error.to_string();
                if logged != error {
                    error!("users stay as they were: {error}");
                    logged = error;
                }
            }
        }
        for (id, camera, allowed) in access.sessions() {
            if !allowed {
                info!(camera = %camera, "a viewer's right to watch has ended");
                viewers.close(id).await;
            }
            if !allowed || viewers.ice(id).await.is_none() {
                access.forget(id);
            }
        }
    }
}
