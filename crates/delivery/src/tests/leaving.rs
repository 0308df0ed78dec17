//! Viewers of one camera leave; the others go on.

use super::*;

#[tokio::test]
async fn who_watches_goes_on_when_another_viewer_leaves_amid_a_frame() {
    let house = house(config::Viewers { max: 1000, max_per_camera: 1000, ..limits() });
    // In every shard somebody to whom H.265 was promised, and who takes nothing else.
    house.camera.stream.publish(AccessUnit { format: h265(), ..house.access_unit(0) });
    for _ in 0..house.viewers.shards.len() {
        let config = RtcConfig::new().clear_codecs().enable_h265(true);
        let (_, _, offer) = Peer::configured(Wire::udp(), house.clock, config);
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
