//! Viewers who are sent what razz makes of a camera's pictures.

use razz_base::{Decodable, Quality, Rung};
use razz_hub::renditions::MadePicture;

use super::*;

#[tokio::test]
async fn who_plays_h265_is_sent_the_cameras_own_and_our_h264_as_it_chooses() {
    let house = house(limits());
    let unit = |n| {
        let mut data = H265_SPS.to_vec();
        data.extend(b"\0\0\0\x01\x26\x01\xaf");
        data.extend([n as u8 | 0x80; 2500]);
        let data = Bytes::from(data);
        AccessUnit { format: h265(), data, idr: true, ..house.access_unit(n) }
    };
    let renditions = &house.camera.renditions;
    renditions.serve(Decodable::default(), |_| {});
    house.camera.stream.publish(unit(0));
    // The library's peer offers both codecs.
    let (mut peer, id) = Peer::join(&house).await;
    let mut n = 0;
    let mut step = |peer: &mut Peer| {
        n += 1;
        house.camera.stream.publish(unit(n));
        let now = house.clock.mono();
        let made = AccessUnit { idr: true, ..house.access_unit(n) };
        renditions.publish(Rung::P180, made, MadePicture { now, cpu_nanos: 1, memory_bytes: 3 });
        // As far apart as their media times.
        let next = peer.now() + Duration::from_millis(33);
        while peer.now() < next {
            peer.step(next.saturating_duration_since(peer.now()));
        }
        peer.payload_types.last().copied()
    };
    let until =
        |peer: &mut Peer, step: &mut dyn FnMut(&mut Peer) -> Option<u8>, not: Option<u8>| {
            let end = peer.now() + WITHIN;
            loop {
                let last = step(peer);
                if last.is_some() && last != not {
                    return last;
                }
                assert!(peer.now() < end, "{last:?} is all that came");
            }
        };
    let camera = until(&mut peer, &mut step, None);
    let change = DemandChange { quality: Some(Quality::named("180p").unwrap()), place: None };
    house.viewers.demand(id, change).await.unwrap();
    let ours = until(&mut peer, &mut step, camera);
    assert_ne!(ours, camera);
    let change = DemandChange { quality: Some(Quality::Auto), place: None };
    house.viewers.demand(id, change).await.unwrap();
    assert_eq!(until(&mut peer, &mut step, ours), camera);
    assert!(peer.sequence_is_whole());
}
