//! Forged and damaged datagrams that bear a viewer's own address: the viewer notices nothing.

use razz_sim::delivery::{Delivery, LinkQuality, VideoShape};
use razz_sim::random::Random;

const SECOND: i64 = 1_000_000;

#[test]
fn damaged_copies_of_what_a_viewer_sends_do_it_no_harm() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let quality = LinkQuality { loss: 0.01, delay_us: 10_000, ..LinkQuality::GOOD };
        let mut delivery = Delivery::new(seed, VideoShape::default(), quality, 30);
        let mut forged = 0u32;
        // Once it watches: who forges datagrams of the very address during the handshake can still
        // make that fail, and the browser's next try then succeeds.
        delivery.run(2 * SECOND);
        for _ in 0..600 {
            delivery.run(SECOND / 100);
            let Some(last) = delivery.captured.last().cloned() else { continue };
            for _ in 0..5 {
                let datagram = match random.between(0, 5) {
                    // As it was, a second time.
                    0 => last.clone(),
                    1 => changed(&last, &mut random),
                    2 => last[..random.between(0, last.len() as i64) as usize].to_vec(),
                    3 => {
                        let at = random.between(0, delivery.captured.len() as i64) as usize;
                        changed(&delivery.captured[at], &mut random)
                    }
                    _ => (0..random.between(1, 1300)).map(|_| random.draw() as u8).collect(),
                };
                delivery.inject(&datagram);
                forged += 1;
            }
        }
        let session = delivery.house.session();
        let connected = session.is_some_and(|session| session.is_connected());
        assert!(connected, "seed {seed}: {:?}", delivery.house.ended);
        let to = delivery.house.frames - 30;
        let missing = (60..to).filter(|frame| !delivery.peer.whole.contains_key(frame)).count();
        assert!(forged > 2000 && missing <= 2, "seed {seed}: {missing} of {to} frames missing");
    }
}

/// With one to four bytes changed.
fn changed(datagram: &[u8], random: &mut Random) -> Vec<u8> {
    let mut datagram = datagram.to_vec();
    for _ in 0..random.between(1, 5) {
        if !datagram.is_empty() {
            let at = random.between(0, datagram.len() as i64) as usize;
            datagram[at] ^= random.between(1, 256) as u8;
        }
    }
    datagram
}
