//! A viewer who checks that what it is sent can be decoded, and that timestamps only go forward.

use razz_base::RunId;
use razz_media::ring::Unit;

use crate::camera;
use crate::depacketize::depacketize;

/// One viewer, from joining on.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    last: Option<Last>,
    /// Access units received.
    received: u64,
    /// Since the last loss before the server, until the next sound IDR, errors are allowed.
    damaged: bool,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    number: u64,
    run: RunId,
    rtp_timestamp: u32,
}

impl Viewer {
    /// Nobody has sent it anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Access units received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Takes the payloads of an access unit; `replayed` says whether they came from the ring.
    ///
    /// # Errors
    /// Says what cannot be decoded although nothing was lost on the way to the server, or which
    /// timestamp does not advance.
    pub fn receive(&mut self, unit: &Unit, replayed: bool) -> Result<(), String> {
        let payloads = unit.payloads.iter().map(|payload| &payload.data[..]);
        let nals = depacketize(payloads)?;
        let contents = camera::read(nals.iter().map(Vec::as_slice))?;
        let wrong = |what: &str| Err(format!("{}, frame {}: {what}", unit.au.key, contents.number));
        let markers: Vec<bool> = unit.payloads.iter().map(|payload| payload.marker).collect();
        if markers.iter().rposition(|marker| !marker).map_or(0, |at| at + 1) + 1 != markers.len() {
            return wrong("the marker is not on the last packet alone");
        }
        let rtp_timestamp = unit.au.key.time.rtp_timestamp();
        let sound = unit.au.lost_packets == 0 && contents.whole;
        let starts = contents.idr && contents.parameter_sets && sound;
        match self.last {
            None if !starts => return wrong("the first access unit is not a whole IDR"),
            None => {}
            Some(last) => {
                if !(1..1 << 31).contains(&rtp_timestamp.wrapping_sub(last.rtp_timestamp)) {
                    return wrong("its RTP timestamp is not after the last one");
                }
                let known = unit.au.lost_packets > 0 || unit.au.run != last.run;
                self.damaged = !starts && (self.damaged || known);
                let follows = contents.number == last.number + 1 && contents.whole;
                if !follows && !starts && !self.damaged {
                    return wrong(&format!(
                        "a gap after frame {} that nobody knows of",
                        last.number
                    ));
                }
            }
        }
        if replayed && self.damaged {
            return wrong("replayed, though packets were lost");
        }
        self.last = Some(Last { number: contents.number, run: unit.au.run, rtp_timestamp });
        self.received += 1;
        Ok(())
    }
}
