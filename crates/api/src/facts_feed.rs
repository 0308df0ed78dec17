//! The WebSocket that tells what is counted as it happens.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use razz_base::CameraId;
use razz_hub::alerts::Alerts;
use razz_hub::facts::{Facts, News};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use crate::wire::{AlertInfo, FactMessage};

/// So that both sides notice when the other is gone.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Serves one client until it goes. `allowed` says whether it may see a camera now.
pub(crate) async fn serve(
    socket: WebSocket,
    feed: Arc<Facts>,
    alerts: Arc<Alerts>,
    allowed: impl Fn(CameraId) -> bool,
) {
    if let Err(error) = run(socket, &feed, &alerts, allowed).await {
        debug!("client of facts left: {error}");
    }
}

async fn run(
    mut socket: WebSocket,
    feed: &Facts,
    alerts: &Alerts,
    allowed: impl Fn(CameraId) -> bool,
) -> Result<(), axum::Error> {
    let (mut news, mut alerts) = (feed.listen(), alerts.listen());
    let all = || {
        let now = feed.now();
        let areas = now.iter().filter(|now| allowed(now.camera)).map(|now| (&**now).into());
        FactMessage::Now { areas: areas.collect() }
    };
    tell(&mut socket, &all()).await?;
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    loop {
        let message = tokio::select! {
            message = socket.recv() => match message {
                None | Some(Ok(Message::Close(_))) => return Ok(()),
                Some(message) => {
                    message?;
                    continue;
                }
            },
            heard = news.recv() => match heard {
                Ok(News::Fact(fact)) if allowed(fact.camera) => {
                    FactMessage::Fact { fact: (&*fact).into(), retracted: fact.retracted }
                }
                Ok(News::Now(now) | News::Occupancy(now)) if allowed(now.camera) => {
                    FactMessage::Now { areas: vec![(&*now).into()] }
                }
                Ok(News::Fact(_) | News::Now(_) | News::Occupancy(_)) => continue,
                // What was missed is in the counts.
                Ok(News::Areas) | Err(RecvError::Lagged(_)) => all(),
                Err(RecvError::Closed) => return Ok(()),
            },
            heard = alerts.recv() => match heard {
                Ok(news) if allowed(news.alert.camera) => FactMessage::Alert {
                    alert: AlertInfo::new(&news.alert, &news.camera_name, news.acknowledged.as_ref()),
                },
                // What was missed is in the inbox.
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Ok(()),
            },
            _ = ping.tick() => {
                socket.send(Message::Ping(Bytes::new())).await?;
                continue;
            }
        };
        tell(&mut socket, &message).await?;
    }
}

async fn tell(socket: &mut WebSocket, message: &FactMessage) -> Result<(), axum::Error> {
    // Numbers and text; it does not fail.
    let text = serde_json::to_string(message).unwrap_or_default();
    socket.send(Message::Text(text.into())).await
}
