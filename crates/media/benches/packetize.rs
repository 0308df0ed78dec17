//! How long it takes to cut access units into RTP payloads, and to read what is read of each.

mod video;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use razz_base::Codec;
use razz_media::h264::{has_b_slice, nal_units};
use razz_media::rtp::{MAX_PAYLOAD, packetize};

use video::access_unit;

fn benches(criterion: &mut Criterion) {
    let idr = access_unit(&[(0x67, 24), (0x68, 4), (0x65, 40_000)]);
    let p = access_unit(&[(0x41, 4_000)]);
    for (name, au) in [("idr_40kB", &idr), ("p_4kB", &p)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(au.len() as u64));
        group.bench_function("packetize", |bencher| {
            bencher.iter(|| packetize(Codec::H264, black_box(au), MAX_PAYLOAD));
        });
        group.bench_function("nal_units", |bencher| {
            bencher.iter(|| nal_units(black_box(au)).count());
        });
        group.bench_function("has_b_slice", |bencher| {
            bencher.iter(|| has_b_slice(black_box(au)));
        });
        group.finish();
    }
}

criterion_group!(packetizing, benches);
criterion_main!(packetizing);
