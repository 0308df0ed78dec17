use std::io::Cursor;

use razz_base::{MediaTime, MonoTime};

use super::*;
use crate::archive::{Archive, Moment};
use crate::disk::Root;
use crate::index::{GapReason, Index};
use crate::now_written::NowWritten;
use crate::scan::scan;
use crate::segmenter::tests::units;
use crate::temporary::Folder;
use crate::writer::{Durability, Writer};

fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

fn signer(folder: &Folder) -> Signer {
    Signer::at(&folder.path().join("razz.key")).unwrap()
}

/// Records pictures `from` to `until`, 30 a second, by a process of its own.
fn record(folder: &Folder, from: usize, until: usize, signed: bool) {
    let root = Root::open(&folder.path().join("footage")).unwrap();
    let index = Index::open(&folder.path().join("recordings.db")).unwrap().0;
    let now = MonoTime::from_us(0);
    let (mut writer, _) = Writer::open(root, index, Durability::Every(1 << 40), now).unwrap();
    if signed {
        writer.sign(signer(folder).into());
    }
    for unit in units(until as i64, 30).into_iter().skip(from) {
        writer.take(now, &unit);
    }
    writer.stop_camera(now, camera(), GapReason::NotRunning);
}

fn clip(folder: &Folder, from: i64, until: i64) -> Vec<u8> {
    let root = Root::open(&folder.path().join("footage")).unwrap();
    let index = Index::open(&folder.path().join("recordings.db")).unwrap().0;
    let archive = Archive::new(root, index, NowWritten::default());
    let at = |n: i64| Moment::Media(time(n));
    let clip = archive.clip(camera(), at(from), at(until)).unwrap().unwrap();
    let mut bytes = vec![0; clip.bytes as usize];
    let mut read = 0;
    while read < bytes.len() {
        read += clip.read(read as u64, &mut bytes[read..]).unwrap();
    }
    bytes
}

fn time(n: i64) -> MediaTime {
    units(1, 30)[0].key.time.plus_90k(n * 3000)
}

fn report(bytes: &[u8], key: Option<PublicKey>) -> Report {
    verify(&mut Cursor::new(bytes), key).unwrap()
}

#[test]
fn files_and_clips_of_several_are_what_was_recorded() {
    let folder = Folder::new("seal-whole");
    record(&folder, 0, 3000, true);
    // Another process goes on a while later, where the other has left off.
    record(&folder, 3300, 4000, true);
    let key = signer(&folder).public();
    assert_eq!(key.to_string().parse(), Ok(key));
    for (from, until, first, last, holes) in [
        (0, 3000, 0, 3000, vec![]),
        (1000, 2500, 990, 2521, vec![]),
        (2900, 3400, 2880, 3421, vec![(3000, 3300)]),
    ] {
        let bytes = clip(&folder, from, until);
        let report = report(&bytes, Some(key));
        assert_eq!(report.faults, [], "{from} to {until}");
        assert_eq!((report.camera, report.key), (camera(), key));
        assert_eq!(report.span[0], time(first));
        assert!((report.span[1].since_90k(time(last))).abs() <= 90_000, "{from} to {until}");
        let holes: Vec<Hole> = holes
            .iter()
            .map(|(from, until)| Hole { from: time(*from), until: time(*until), is_open: false })
            .collect();
        assert_eq!(report.holes, holes);
        let scanned = report.frames as usize;
        assert!(scanned >= (until.min(3000) - from) as usize, "{scanned}");
    }
    // A single file as it stands on the disk, too.
    let root = Root::open(&folder.path().join("footage")).unwrap();
    for name in root.files(camera()).unwrap() {
        let bytes = fs::read(root.path_of(camera(), name)).unwrap();
        assert_eq!(report(&bytes, Some(key)).faults, []);
        let scanned = scan(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(scanned.whole as usize, bytes.len(), "with its signatures it is a whole file");
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let folder = Folder::new("seal-changed");
    record(&folder, 0, 900, true);
    let key = signer(&folder).public();
    let bytes = clip(&folder, 0, 900);
    let scanned = scan(&mut Cursor::new(&bytes)).ok();
    assert!(scanned.is_some());
    // Any byte but those of checksums, which the clip's times are not part of.
    let mut noticed = 0;
    for at in (0..bytes.len()).step_by(131) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let is_fine = verify(&mut Cursor::new(&changed), Some(key))
            .is_ok_and(|report| report.faults.is_empty());
        if is_fine {
            // Of `free`, of `mfhd`, of the version and flags of `tfhd`: nothing that is shown.
            let around = &bytes[at.saturating_sub(24)..at + 1];
            let named = [&b"free"[..], b"mfhd", b"tfhd", b"crc ", b"tfdt"];
            assert!(named.iter().any(|name| around.windows(4).any(|four| four == *name)), "{at}");
        } else {
            noticed += 1;
        }
    }
    assert!(noticed > bytes.len() / 131 * 9 / 10, "{noticed} of {}", bytes.len() / 131);
}

/// The fragments of a clip, with its header first.
fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let mut at = 0;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        if &bytes[at + 4..at + 8] == b"prft" {
            pieces.push(Vec::new());
        }
        pieces.last_mut().unwrap().extend_from_slice(&bytes[at..at + length]);
        at += length;
    }
    pieces
}

#[test]
fn what_was_taken_out_or_put_in_is_said() {
    let folder = Folder::new("seal-cut");
    record(&folder, 0, 900, true);
    let key = signer(&folder).public();
    let whole = pieces(&clip(&folder, 0, 900));
    let report_of = |pieces: &[Vec<u8>]| report(&pieces.concat(), Some(key));
    // From the midst.
    let mut cut = whole.clone();
    let gone = cut.remove(7);
    let parts = Parts::of(&gone).unwrap();
    assert_eq!(report_of(&cut).faults, [Fault::Missing(parts.from, parts.until)]);
    // From either end nobody can tell.
    assert_eq!(report_of(&whole[..whole.len() - 3]).faults, []);
    let mut later = whole.clone();
    later.drain(1..4);
    assert_eq!(report_of(&later).faults, []);
    // Two in the other order, and one twice.
    let mut swapped = whole.clone();
    swapped.swap(9, 10);
    assert!(report_of(&swapped).faults.iter().any(|fault| matches!(fault, Fault::Missing(..))));
    let mut twice = whole.clone();
    twice.insert(9, whole[8].clone());
    assert!(!report_of(&twice).faults.is_empty());
    // One that is moved in time.
    let mut moved = whole.clone();
    let at = razz_media::mp4::write::TIME_AT + 7;
    moved[12][at] ^= 1;
    let from = Parts::of(&whole[12]).unwrap().from;
    assert_eq!(report_of(&moved).faults, [Fault::Moved(from)]);
    // Cut short within a fragment.
    let mut short = whole.concat();
    short.truncate(short.len() - 200);
    assert!(matches!(report(&short, None).faults[..], [Fault::Damaged(_)]));
    // Signed by another.
    let other = Folder::new("seal-other");
    let found = report(&whole.concat(), Some(signer(&other).public()));
    assert_eq!(found.faults, [Fault::OtherKey(key)]);
    // A fragment of the same razz, from another file of another camera's name.
    record(&other, 0, 60, true);
    let foreign = pieces(&clip(&other, 0, 60));
    let mut mixed = whole.clone();
    mixed[5] = foreign[1].clone();
    assert!(report_of(&mixed).faults.iter().any(|fault| matches!(fault, Fault::Altered(_))));
}

#[test]
fn what_is_not_signed_is_said_to_be() {
    let folder = Folder::new("seal-none");
    record(&folder, 0, 90, false);
    let plain = clip(&folder, 0, 90);
    assert!(matches!(verify(&mut Cursor::new(&plain), None), Err(VerifyError::NotSigned)));
    for junk in [&b""[..], b"not a video", &[0; 4096]] {
        assert!(matches!(verify(&mut Cursor::new(junk), None), Err(VerifyError::NotOurs)));
    }
}

#[test]
fn a_chain_that_was_lost_begins_anew_and_says_so() {
    let folder = Folder::new("seal-anew");
    record(&folder, 0, 300, true);
    // To another disk, on which nothing is that could be gone on with.
    let other = Folder::new("seal-anew-other");
    fs::copy(folder.path().join("razz.key"), other.path().join("razz.key")).unwrap();
    record(&other, 330, 600, true);
    let mut all = pieces(&clip(&folder, 0, 300));
    let mut later = pieces(&clip(&other, 330, 600));
    // As a clip of both would have it.
    for fragment in &mut later[1..] {
        let at = razz_media::mp4::write::TIME_AT;
        let begins = i64::from_be_bytes(fragment[at..at + 8].try_into().unwrap()) + 330 * 3000;
        fragment[at..at + 8].copy_from_slice(&begins.to_be_bytes());
    }
    all.extend(later.drain(1..));
    let found = report(&all.concat(), None);
    assert_eq!(found.faults, []);
    let hole = Hole { from: time(300), until: time(330), is_open: true };
    assert_eq!(found.holes, [hole]);
}

#[test]
fn a_key_is_kept_for_its_owner_and_nothing_else_is_taken_for_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("seal-key");
    let path = folder.path().join("razz.key");
    let first = Signer::at(&path).unwrap().public();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Signer::at(&path).unwrap().public(), first);
    fs::write(&path, "nothing").unwrap();
    assert!(matches!(Signer::at(&path), Err(SignerError::NoKey(_))));
    for text in ["", "12", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(text.parse::<PublicKey>(), Err(NoKey), "{text}");
    }
}
