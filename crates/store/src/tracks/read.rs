//! Track frames of a range of time, from the files of the days.

use razz_base::{CameraId, MediaTime};

use super::Recorded;
use super::blocks::Placed;
use super::day::{self, DayFile};
use crate::disk::{DiskError, Root};

/// The frames of a camera from `from` up to, not including, `until`, in the order of their times; besides the one
/// before and the one after, however far away, so that there is something to interpolate from and to.
///
/// All of it is in memory at once: a day of five people takes 200 MB, an hour 9.
///
/// # Errors
/// When a file cannot be read. What is damaged is left out.
pub fn read(
    root: &Root,
    camera: CameraId,
    from: MediaTime,
    until: MediaTime,
) -> Result<Vec<Recorded>, DiskError> {
    let mut files = Vec::new();
    for day in day::days(root, camera)? {
        let file = DayFile::of(root, camera, day);
        if let Some(first) = first_block(&file)? {
            files.push((first.header.from, file));
        }
    }
    // By media time, which never runs backwards; wall clocks, by which the days are named, may be set.
    files.sort_by_key(|(begins, _)| *begins);
    // One more than the one that is in: where a clock was set back over midnight two files are interleaved.
    let first = files.partition_point(|(begins, _)| *begins < from).saturating_sub(2);
    let mut frames = Vec::new();
    for (begins, file) in &files[first..] {
        for block in around(file, from, until)? {
            frames.extend(file.frames(&block)?);
        }
        if *begins >= until {
            break;
        }
    }
    frames.sort_by_key(|recorded| recorded.frame.key.time);
    frames.dedup_by_key(|recorded| recorded.frame.key.time);
    let at = |time| frames.partition_point(|recorded: &Recorded| recorded.frame.key.time < time);
    let (begin, end) = (at(from).saturating_sub(1), at(until.max(from)) + 1);
    frames.truncate(end);
    frames.drain(..begin);
    Ok(frames)
}

/// The first block of a file that is whole.
fn first_block(file: &DayFile) -> Result<Option<Placed>, DiskError> {
    let Some(mut blocks) = file.open()? else { return Ok(None) };
    blocks.next_block().map_err(|error| DiskError::of(file.path(), error))
}

/// From the last block of a file that begins before `from` to the first that begins at `until` or later.
fn around(file: &DayFile, from: MediaTime, until: MediaTime) -> Result<Vec<Placed>, DiskError> {
    let of = |error| DiskError::of(file.path(), error);
    let Some(mut blocks) = file.open()? else { return Ok(Vec::new()) };
    blocks.go_before(from).map_err(of)?;
    let mut found: Vec<Placed> = Vec::new();
    while let Some(block) = blocks.next_block().map_err(of)? {
        if block.header.from < from {
            found.clear();
        }
        let last = block.header.from >= until;
        found.push(block);
        if last {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::temporary::Folder;
    use crate::tracks::block::encode;
    use crate::tracks::day::Day;
    use crate::tracks::tests::{BEGIN_US, camera, frame, street, track};

    fn time(us: i64) -> MediaTime {
        MediaTime::from_wall_us(BEGIN_US + us)
    }

    /// Writes a block.
    fn append(root: &Root, frames: &[Recorded]) -> (DayFile, u64) {
        let file = DayFile::of(root, camera(), Day::at_us(frames[0].frame.wall.us));
        let offset = file.append(root, &encode(frames).unwrap().1).unwrap();
        (file, offset)
    }

    /// A frame each second for `seconds`, ten in a block, the tenth minute left out.
    fn fill(root: &Root, seconds: i64) {
        let all: Vec<Recorded> = (0..seconds)
            .filter(|second| second / 60 != 9)
            .map(|second| frame(second * 1_000_000, vec![track(1, second as f64, 0.0)]))
            .collect();
        all.chunks(10).for_each(|frames| drop(append(root, frames)));
    }

    fn seconds(root: &Root, from: i64, until: i64) -> Vec<i64> {
        let frames = read(root, camera(), time(from * 1_000_000), time(until * 1_000_000));
        let second = |recorded: Recorded| (recorded.frame.wall.us - BEGIN_US) / 1_000_000;
        frames.unwrap().into_iter().map(second).collect()
    }

    #[test]
    fn a_range_has_its_frames_and_one_on_each_side() {
        let folder = Folder::new("tracks-range");
        let root = Root::open(folder.path()).unwrap();
        assert_eq!(seconds(&root, 0, 9), [0i64; 0]);
        // 14:03 to 6:00 on the next day.
        fill(&root, 57_420);
        assert_eq!(day::days(&root, camera()).unwrap().len(), 2);
        assert_eq!(root.files(camera()).unwrap(), [], "no footage");
        let midnight = 35_820;
        for (from, until, first, last) in [
            (0, 1, 0, 1),
            (5, 8, 4, 8),
            (5, 5, 4, 5),
            (30, 41, 29, 41),
            (-50, -40, 0, 0),
            (midnight - 2, midnight + 3, midnight - 3, midnight + 3),
            (midnight, midnight + 1, midnight - 1, midnight + 1),
            (57_418, 99_999, 57_417, 57_419),
            (99_998, 99_999, 57_419, 57_419),
            (31_000, 31_600, 30_999, 31_600),
        ] {
            let expected: Vec<i64> = (first..=last).collect();
            assert_eq!(seconds(&root, from, until), expected, "{from} to {until}");
        }
        // In a hole, from one side of it to the other.
        assert_eq!(seconds(&root, 550, 560), [539, 600]);
        assert_eq!(seconds(&root, 560, 550), [539, 600], "the wrong way round");
    }

    #[test]
    fn what_is_damaged_is_left_out_and_what_is_cut_short_cut_away() {
        let folder = Folder::new("tracks-damaged");
        let root = Root::open(folder.path()).unwrap();
        fill(&root, 100);
        let file = DayFile::of(&root, camera(), Day::at_us(BEGIN_US));
        let (whole, blocks) = (fs::read(file.path()).unwrap(), file.blocks().unwrap());
        assert_eq!((blocks.len(), blocks[9].end()), (10, whole.len() as u64));
        assert_eq!(file.repair().unwrap(), 0);
        // A byte of a header, and one of a body.
        for at in [blocks[4].offset + 20, blocks[4].end() - 3] {
            let mut damaged = whole.clone();
            damaged[at as usize] ^= 1;
            fs::write(file.path(), damaged).unwrap();
            assert_eq!(seconds(&root, 38, 52), [37, 38, 39, 50, 51, 52], "byte {at}");
            assert_eq!(file.repair().unwrap(), 0, "it is not the end");
        }
        // What a crash or a power cut leaves, at any place.
        for cut in blocks[9].offset + 1..whole.len() as u64 {
            fs::write(file.path(), &whole[..cut as usize]).unwrap();
            assert_eq!(file.repair().unwrap(), cut - blocks[9].offset, "cut at {cut}");
            assert_eq!(fs::read(file.path()).unwrap(), whole[..blocks[9].offset as usize]);
        }
        let mut zeros = whole.clone();
        zeros[(blocks[9].offset + 100) as usize..].fill(0);
        fs::write(file.path(), &zeros).unwrap();
        assert_eq!(file.repair().unwrap(), blocks[9].end() - blocks[9].offset);
        // Not even the first one.
        fs::write(file.path(), &whole[..50]).unwrap();
        assert_eq!((file.repair().unwrap(), fs::read(file.path()).unwrap()), (50, Vec::new()));
        // It goes on behind it.
        let (_, offset) = append(&root, &street(3, 5, 10));
        assert_eq!((offset, file.blocks().unwrap().len()), (0, 1));
    }

    #[test]
    fn a_clock_that_was_set_back_over_midnight_loses_nothing() {
        let folder = Folder::new("tracks-clock");
        let root = Root::open(folder.path()).unwrap();
        let midnight = 35_820;
        for (second, wall) in [(0, -20), (10, -10), (20, 1), (30, 9), (40, -15), (50, -5)] {
            let mut recorded = frame(second * 1_000_000, vec![]);
            recorded.frame.wall.us = BEGIN_US + (midnight + wall) * 1_000_000;
            append(&root, &[recorded]);
        }
        for from in 0..60 {
            let frames = read(&root, camera(), time(from * 1_000_000), time(60_000_000)).unwrap();
            let expected = (6 - (from + 9) / 10 + 1).min(6);
            assert_eq!(frames.len() as i64, expected, "from {from}");
        }
    }

    #[test]
    fn days_that_are_over_go() {
        let folder = Folder::new("tracks-gone");
        let root = Root::open(folder.path()).unwrap();
        fill(&root, 50);
        let day = Day::at_us(BEGIN_US);
        for (us, left) in [(BEGIN_US, 1), (day.end_us() - 1, 1), (day.end_us(), 0)] {
            day::remove_before(&root, camera(), us).unwrap();
            assert_eq!(day::days(&root, camera()).unwrap().len(), left);
        }
    }

    #[test]
    fn nothing_is_written_to_a_folder_that_is_not_ours_any_more() {
        let folder = Folder::new("tracks-unmounted");
        let root = Root::open(folder.path()).unwrap();
        fs::remove_file(folder.path().join("razz-recordings")).unwrap();
        let file = DayFile::of(&root, camera(), Day::at_us(BEGIN_US));
        let error = file.append(&root, b"block").unwrap_err();
        assert!(matches!(error, DiskError::Gone(_)), "{error}");
        assert!(!folder.path().join("1").exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(12)
        })]

        #[test]
        fn any_range_of_any_file_is_read(
            blocks in prop::collection::vec((1..40usize, 1..30i64, 0..9u64), 1..60),
            ranges in prop::collection::vec((0..40_000i64, 0..3000i64), 20),
            garbage in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let folder = Folder::new("tracks-any");
            let root = Root::open(folder.path()).unwrap();
            let (mut second, mut all) = (0, Vec::new());
            for (count, pause, tracks) in blocks {
                second += pause;
                let frames: Vec<Recorded> = (0..count as i64)
                    .map(|n| {
                        let tracks = (0..tracks).map(|id| track(id, (n * 7) as f64, 3.0));
                        frame((second + n) * 1_000_000, tracks.collect())
                    })
                    .collect();
                let (file, _) = append(&root, &frames);
                let mut file = fs::OpenOptions::new().append(true).open(file.path()).unwrap();
                file.write_all(&garbage).unwrap();
                all.extend((0..count as i64).map(|n| second + n));
                second += count as i64;
            }
            for (from, lasts) in ranges {
                let (from, until) = (from % (second + 99), from % (second + 99) + lasts);
                let begin = all.partition_point(|at| *at < from).saturating_sub(1);
                let end = (all.partition_point(|at| *at < until) + 1).min(all.len());
                prop_assert_eq!(seconds(&root, from, until), &all[begin..end]);
            }
        }
    }
}
