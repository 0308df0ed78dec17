//! The access units of a clip.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use razz_base::AccessUnit;
use razz_media::mp4::Mp4;

use super::access_unit;

/// All of them, in decode order.
pub fn read(path: &Path) -> Vec<AccessUnit> {
    let mut clip = Mp4::open(BufReader::new(File::open(path).unwrap())).unwrap();
    let samples = clip.samples().to_vec();
    let unit = |(index, sample): (usize, &razz_media::mp4::Sample)| {
        let mut data = Vec::new();
        clip.read(index, &mut data).unwrap();
        access_unit(data, sample.time_90k, sample.sync)
    };
    samples.iter().enumerate().map(unit).collect()
}
