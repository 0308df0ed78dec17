//! The samples of an MP4 file's H.264 track, as access units: enough of ISO/IEC 14496-12 and -15.

use std::path::Path;

use razz_base::AccessUnit;

use super::access_unit;

/// The boxes at the top of `data`: type and content.
fn boxes(data: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut rest = data;
    let mut found = Vec::new();
    while rest.len() >= 8 {
        let size = u32::from_be_bytes(rest[..4].try_into().unwrap());
        let kind = rest[4..8].try_into().unwrap();
        let (head, size) = match size {
            0 => (8, rest.len()),
            1 => (16, u64::from_be_bytes(rest[8..16].try_into().unwrap()) as usize),
            size => (8, size as usize),
        };
        found.push((kind, &rest[head..size]));
        rest = &rest[size..];
    }
    found
}

fn child<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else { return Some(data) };
    boxes(data).into_iter().find(|(kind, _)| kind == *first).and_then(|(_, data)| child(data, rest))
}

/// Big-endian 32-bit numbers from `at`.
fn numbers(data: &[u8], at: usize) -> impl Iterator<Item = usize> {
    data[at..].chunks_exact(4).map(|n| u32::from_be_bytes(n.try_into().unwrap()) as usize)
}

/// All access units, at 90 kHz by the sample durations and composition offsets.
pub fn read(path: &Path) -> Vec<AccessUnit> {
    let file = std::fs::read(path).unwrap();
    let movie = child(&file, &[b"moov"]).unwrap();
    let media = boxes(movie)
        .into_iter()
        .filter(|(kind, _)| kind == b"trak")
        .filter_map(|(_, track)| child(track, &[b"mdia"]))
        .find(|media| child(media, &[b"hdlr"]).is_some_and(|handler| &handler[8..12] == b"vide"))
        .unwrap();
    let header = child(media, &[b"mdhd"]).unwrap();
    let scale = numbers(header, if header[0] == 0 { 12 } else { 20 }).next().unwrap();
    let table = child(media, &[b"minf", b"stbl"]).unwrap();
    let part = |name: &[u8; 4]| child(table, &[name]);

    // The sample entry `avc1` has 78 bytes before its boxes, stsd 8 before the entry.
    let entry = child(&part(b"stsd").unwrap()[8..], &[b"avc1"]).unwrap();
    let parameters = parameter_sets(child(&entry[78..], &[b"avcC"]).unwrap());

    let sizes: Vec<usize> = numbers(part(b"stsz").unwrap(), 12).collect();
    let chunks: Vec<usize> = numbers(part(b"stco").unwrap(), 8).collect();
    let runs: Vec<usize> = numbers(part(b"stsc").unwrap(), 8).collect();
    let syncs: Option<Vec<usize>> = part(b"stss").map(|data| numbers(data, 8).collect());
    let durations = expand(&numbers(part(b"stts").unwrap(), 8).collect::<Vec<_>>());
    let offsets = part(b"ctts").map(|data| expand(&numbers(data, 8).collect::<Vec<_>>()));

    let mut units = Vec::new();
    let mut decode_time = 0;
    for (i, chunk) in chunks.iter().enumerate() {
        let run = runs.chunks_exact(3).rev().find(|run| run[0] <= i + 1).unwrap();
        let mut at = *chunk;
        for _ in 0..run[1] {
            let n = units.len();
            let sync = syncs.as_ref().is_none_or(|syncs| syncs.contains(&(n + 1)));
            let mut data = if sync { parameters.clone() } else { Vec::new() };
            annex_b(&file[at..at + sizes[n]], &mut data);
            let time = decode_time + offsets.as_ref().map_or(0, |offsets| offsets[n]);
            units.push(access_unit(data, (time * 90_000 / scale) as i64, sync));
            at += sizes[n];
            decode_time += durations[n];
        }
    }
    assert_eq!(units.len(), sizes.len());
    units
}

/// Pairs of count and value, written out.
fn expand(pairs: &[usize]) -> Vec<usize> {
    pairs.chunks_exact(2).flat_map(|pair| std::iter::repeat_n(pair[1], pair[0])).collect()
}

/// SPS and PPS of an `avcC`, with start codes.
fn parameter_sets(config: &[u8]) -> Vec<u8> {
    assert_eq!(config[4] & 3, 3, "lengths of four bytes");
    let mut out = Vec::new();
    let mut rest = &config[5..];
    for mask in [0x1f, 0xff] {
        let count = rest[0] & mask;
        rest = &rest[1..];
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(&rest[2..2 + length]);
            rest = &rest[2 + length..];
        }
    }
    out
}

/// NAL units behind lengths of four bytes, to start codes.
fn annex_b(mut sample: &[u8], out: &mut Vec<u8>) {
    while !sample.is_empty() {
        let length = u32::from_be_bytes(sample[..4].try_into().unwrap()) as usize;
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(&sample[4..4 + length]);
        sample = &sample[4 + length..];
    }
}
