//! Viewers of one camera leave; the others go on.

use super::*;

/// x265, 640x360: Main profile, level 2.1.
const H265_SPS: &[u8] = &[
    0, 0, 0, 1, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00,
    0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
];

#[tokio::test]
async fn who_watches_goes_on_when_another_viewer_leaves_amid_a_frame() {
    let house = house(config::Viewers { max: 1000, max_per_camera: 1000, ..limits() });
    // In every shard somebody to whom H.265 was promised.
    let mut h265 = (*StreamFormat::new(Codec::H265, Size::new(640, 360))).clone();
    h265.parameter_sets = Bytes::from_static(H265_SPS);
    house.camera.stream.publish(AccessUnit { format: Arc::new(h265), ..house.access_unit(0) });
    for _ in 0..house.viewers.shards.len() {
        let (_, _, offer) = Peer::new(house.clock);
        let answer = house
            .viewers
            .open(&house.camera, offer, Demand::default(), &Opener::default())
            .await
            .unwrap()
            .answer;
        assert!(answer.contains("H265/90000"), "{answer}");
    }
    let before = house.viewers.count();
    // H.264 from now on, which they do not learn yet: what is too old is not delivered.
    let received = house.clock.mono().plus_us(-60_000_000);
    house.camera.stream.publish(AccessUnit { received, ..house.access_unit(30) });
    let (mut peer, _) = Peer::join(&house).await;
    peer.run("the ring", |peer| peer.frames().last() == Some(&30));
    assert_eq!(house.viewers.count(), before + 1, "nobody has left");
    // Amid the first of these they all leave.
    for n in 31..40 {
        house.frame(n);
        peer.run("the frame", |peer| peer.frames().last() == Some(&n));
    }
    peer.run("the end of the others", |_| house.viewers.count() == 1);
    assert!(peer.sequence_is_whole());
}
