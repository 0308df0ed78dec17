//! How long it takes to cut access units into RTP payloads, and to read what is read of each.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use razz_base::Codec;
use razz_media::h264::{has_b_slice, nal_units};
use razz_media::rtp::{MAX_PAYLOAD, packetize};

/// An access unit of `nals` (header byte, length) filled with bytes that look like coded video:
/// evenly spread, with the emulation prevention that zeros need.
fn access_unit(nals: &[(u8, usize)]) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut out = Vec::new();
    for (header, length) in nals {
        // 0xB8: first_mb_in_slice 0, slice_type 5 (P); a fine first byte for the others as well.
        out.extend_from_slice(&[0, 0, 0, 1, *header, 0xB8]);
        let mut zeros = 0;
        for _ in 2..*length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let byte = (state >> 32) as u8;
            if zeros >= 2 && byte <= 3 {
                out.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            out.push(byte);
        }
        out.push(0x80);
    }
    out
}

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
