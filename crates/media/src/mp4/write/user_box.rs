//! Boxes of others' making in our files (`uuid`, ISO/IEC 14496-12 section 11.1): one at the end of the header, and one in each
//! fragment, between `mdat` and the checksum. And the parts of a fragment, for who signs them.

use razz_base::{MediaTime, ntp};

use super::boxes::Boxes;
use super::fragment::{CHECKSUM, CHECKSUM_BYTES};
use crate::mp4::atom::{Atom, Fields, atoms, find};

/// What stands in a fragment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts<'a> {
    /// The content of `prft`: when the first picture was taken, and its media time.
    pub prft: &'a [u8],
    /// That of `trun`: of each picture how long it is shown, its bytes, flags, and how much later than decoded it is shown.
    pub trun: &'a [u8],
    /// That of `mdat`: the pictures.
    pub mdat: &'a [u8],
    /// That of `uuid`.
    pub user: Option<&'a [u8]>,
    /// When the file says that it begins, at 90 kHz (`tfdt`): media time, or from the beginning of a clip.
    pub begins_90k: i64,
    /// When its first picture is decoded, by the other parts: media time.
    pub from: MediaTime,
    /// When what follows it is.
    pub until: MediaTime,
    /// When its first picture was taken: UTC, in µs since 1970.
    pub wall_us: i64,
    /// How many pictures.
    pub frames: u32,
}

impl<'a> Parts<'a> {
    /// Those of a whole fragment; `None` where it has other boxes than ours, or in another order.
    pub fn of(fragment: &'a [u8]) -> Option<Self> {
        let mut atoms = atoms(fragment);
        let mut next = |kind: &[u8; 4]| atoms.next().filter(|atom| atom.kind == *kind);
        let (prft, moof, mdat) = (next(b"prft")?, next(b"moof")?, next(b"mdat")?);
        let (user, end) = match atoms.next()? {
            Atom { kind, content } if kind == *b"uuid" => (Some(content), atoms.next()?),
            end => (None, end),
        };
        if end.kind != *b"free" || atoms.next().is_some() {
            return None;
        }
        let traf = find(moof.content, b"traf")?;
        let (tfdt, trun) = (find(traf, b"tfdt")?, find(traf, b"trun")?);
        let (version, _, mut fields) = Fields::full_box(tfdt).ok()?;
        let begins_90k = i64::try_from(fields.by_version(version).ok()?).ok()?;
        let (_, _, mut fields) = Fields::full_box(prft.content).ok()?;
        fields.u32().ok()?;
        let wall_us = ntp::to_unix_us(fields.u64().ok()?);
        let shown = i64::try_from(fields.u64().ok()?).ok()?;
        let (_, _, mut fields) = Fields::full_box(trun).ok()?;
        let frames = fields.u32().ok()?;
        fields.u32().ok()?;
        let (mut lasts, mut later) = (0i64, 0i64);
        for n in 0..frames {
            lasts += i64::from(fields.u32().ok()?);
            fields.bytes(8).ok()?;
            let by = fields.u32().ok()? as i32;
            if n == 0 {
                later = by.into();
            }
        }
        let from = MediaTime::from_90k(shown.checked_sub(later)?);
        Some(Self {
            prft: prft.content,
            trun,
            mdat: mdat.content,
            user,
            begins_90k,
            from,
            until: from.plus_90k(lasts),
            wall_us,
            frames,
        })
    }
}

/// Puts a box into a fragment as [`FragmentWriter`](super::FragmentWriter) has made it, and its checksum right.
pub fn add_user_box(fragment: &mut Vec<u8>, content: &[u8]) {
    fragment.truncate(fragment.len().saturating_sub(CHECKSUM_BYTES));
    let mut boxes = Boxes(fragment);
    boxes.put(b"uuid", |boxes| boxes.bytes(content));
    let checksum = crc32fast::hash(boxes.0);
    boxes.put(b"free", |boxes| {
        boxes.bytes(CHECKSUM);
        boxes.u32(checksum);
    });
}

/// Puts a box to the end of what [`header`](super::header) has made.
pub fn add_user_box_to_header(header: &mut Vec<u8>, content: &[u8]) {
    let moov = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
    Boxes(header).put(b"uuid", |boxes| boxes.bytes(content));
    let length = (header.len() - moov) as u32;
    header[moov..moov + 4].copy_from_slice(&length.to_be_bytes());
}

/// The content of the box that [`add_user_box_to_header`] has put there.
pub fn user_box_of_header(header: &[u8]) -> Option<&[u8]> {
    find(find(header, b"moov")?, b"uuid")
}
