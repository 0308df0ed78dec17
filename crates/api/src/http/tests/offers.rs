//! Offers to `POST /whep/1` as clients write them: what is answered, and how a refusal says why.

use super::*;

pub(super) const OFFER: &str = "\
v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
m=video 9 UDP/TLS/RTP/SAVPF 102
c=IN IP4 0.0.0.0
b=AS:4000
b=TIAS:4000000
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
a=setup:actpass
a=mid:video-receiver-0123456789
a=recvonly
a=rtcp-mux
a=rtpmap:102 H264/90000
a=fmtp:102 packetization-mode=1;profile-level-id=42e0ff
";

async fn post(world: &World, offer: &str) -> Answer {
    let mut request = world.request(Asker::Off, "POST", "/whep/1");
    let sdp = "application/sdp".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, sdp);
    *request.body_mut() = Body::from(offer.to_owned());
    let answer = world.ask(Asker::Off, Port::App, request).await;
    if let Some(location) = answer.headers.get(header::LOCATION) {
        // The places are few.
        let path = format!("/whep/{}", location.to_str().unwrap());
        let left = world.request(Asker::Off, "DELETE", &path);
        assert_eq!(world.ask(Asker::Off, Port::App, left).await.status, 200);
    }
    answer
}

#[tokio::test]
async fn offers_are_answered_or_refused_with_the_reason() {
    let world = World::new("offers");
    let edited = |from: &str, to: &str| {
        assert!(OFFER.contains(from), "{from}");
        OFFER.replace(from, to)
    };
    for (offer, status, words) in [
        (OFFER.to_owned(), 201, "a=mid:video-receiver-0123456789\r\n"),
        (OFFER.replace('\n', "\r\n"), 201, "a=mid:video-receiver-0123456789\r\n"),
        (edited("packetization-mode=1;", ""), 201, "a=fmtp:102 profile-level-id=42e01f\r\n"),
        (edited("H264", "VP8"), 406, "urn:razz:problem:no-common-codec"),
        (edited("m=video", "m=audio"), 406, "urn:razz:problem:no-common-codec"),
        (edited("packetization-mode=1", "packetization-mode=2"), 406, "packetization mode 0 or 1"),
        (edited("a=recvonly", "a=inactive"), 422, "urn:razz:problem:nothing-to-send-into"),
        (edited("a=rtcp-mux\n", ""), 422, "it has no a=rtcp-mux"),
        (edited("a=fingerprint", "a=f"), 400, "urn:razz:problem:bad-offer"),
        (edited("v=0", "v=1"), 400, "urn:razz:problem:bad-offer"),
        (String::new(), 400, "urn:razz:problem:bad-offer"),
    ] {
        let answer = post(&world, &offer).await;
        assert_eq!(answer.status, status, "{answer:?} to {offer}");
        assert!(answer.body.contains(words), "{words:?}: {answer:?} to {offer}");
        let kind = if status == 201 { "application/sdp" } else { "application/problem+json" };
        assert_eq!(answer.headers[header::CONTENT_TYPE], kind);
    }
    assert_eq!(world.off.viewers.count(), 0);
}
