//! How long it takes to make access units of a camera's RTP packets: a second of 720p at 30 frames.

mod video;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use razz_base::{Codec, MonoTime};
use razz_media::rtp::receive::{Receiver, Settings};
use razz_media::rtp::{MAX_PAYLOAD, packetize};

use video::access_unit;

/// The packets of a second: an IDR of 60 kB and 29 P pictures of 15 kB, 4 Mbit/s.
fn second() -> Vec<Bytes> {
    let idr = access_unit(&[(0x67, 24), (0x68, 4), (0x65, 60_000)]);
    let p = access_unit(&[(0x41, 15_000)]);
    let mut packets = Vec::new();
    for frame in 0..30u32 {
        let payloads = packetize(Codec::H264, if frame == 0 { &idr } else { &p }, MAX_PAYLOAD);
        for payload in payloads.iter() {
            let [s0, s1] = (packets.len() as u16).to_be_bytes();
            let [t0, t1, t2, t3] = (frame * 3000).to_be_bytes();
            let marker = if payload.marker { 0xE0 } else { 0x60 };
            let header = [0x80, marker, s0, s1, t0, t1, t2, t3, 0, 0, 0, 7];
            packets.push([&header[..], &payload.data].concat().into());
        }
    }
    packets
}

fn benches(criterion: &mut Criterion) {
    let packets = second();
    let mut group = criterion.benchmark_group("receive_720p30_second");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("h264", |bencher| {
        bencher.iter(|| {
            let mut receiver = Receiver::new(Settings {
                codec: Codec::H264,
                payload_type: 96,
                clock_rate: 90_000,
                parameter_sets: Vec::new(),
                picture_size: None,
            });
            let (mut now, mut units) = (MonoTime::from_us(0), 0);
            for packet in black_box(&packets) {
                now = now.plus_us(60);
                receiver.handle_rtp(now, packet.clone());
                while let Some(received) = receiver.poll() {
                    black_box(received);
                    units += 1;
                }
            }
            assert_eq!(units, 30);
        });
    });
    group.finish();
}

criterion_group!(receiving, benches);
criterion_main!(receiving);
