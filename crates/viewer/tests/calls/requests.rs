//! What a session requests of its driver, and what it makes of the answers.

use razz_viewer::Request;

use crate::call::{Call, time};

#[test]
fn without_a_replay_a_viewer_begins_at_the_next_idr() {
    let mut call = Call::new();
    call.connect();
    assert_eq!(call.requests, [Request::Replay]);
    assert_eq!(call.session.counts().replays, 0);
    call.take(9);
    call.flush();
    assert!(call.session.waits_for_idr());
    call.take(10);
    call.flush();
    assert!(!call.session.waits_for_idr());
    assert_eq!(call.requests, [Request::Replay], "nothing more is requested");
}

#[test]
fn a_key_frame_request_is_answered_by_a_replay_unless_one_just_was_or_an_idr_is_near() {
    const LATER_MS: usize = 1500;
    const AT_ONCE_MS: usize = 100;
    // Every tenth frame is an IDR, 333 ms apart; with two of them the ring knows that.
    for (frames, wait_ms, expected) in [
        (9, AT_ONCE_MS, &[Request::Replay][..]),
        (9, LATER_MS, &[Request::Replay, Request::NextIdr { after: time(8) }, Request::Replay]),
        (14, LATER_MS, &[Request::Replay, Request::NextIdr { after: time(13) }]),
    ] {
        let mut call = Call::new();
        for n in 0..frames {
            call.take(n);
        }
        call.connect();
        for _ in 0..wait_ms {
            call.step();
        }
        call.request_keyframe();
        for _ in 0..100 {
            call.step();
        }
        assert_eq!(call.requests, expected, "{frames} frames, {wait_ms} ms");
        let replays = expected.iter().filter(|request| **request == Request::Replay).count();
        assert_eq!(call.session.counts().replays, replays as u64, "{frames} frames, {wait_ms} ms");
        assert_eq!(call.session.counts().keyframe_requests, 1);
    }
}

#[test]
fn a_session_that_is_closed_before_it_could_request_anything_tells_the_peer() {
    let mut call = Call::new();
    call.take(0);
    call.connect();
    for _ in 0..1500 {
        call.step();
    }
    call.request_keyframe();
    let now = call.now();
    call.session.close(now, &mut call.sent);
    assert_eq!(call.session.counts().keyframe_requests, 1);
    assert!(call.session.is_over());
    // DTLS, by its first byte (RFC 7983 section 7).
    assert!(call.sent.0.iter().any(|datagram| (20..=63).contains(&datagram[0])));
}
