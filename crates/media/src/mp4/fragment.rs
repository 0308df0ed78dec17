//! Movie fragments (ISO/IEC 14496-12 section 8.8): `moof` and its runs of samples.

use super::Mp4Error;
use super::atom::{Fields, atoms, find};
use super::movie::{Raw, Track};

/// A sample that is no sync sample (section 8.8.3.1).
const IS_NON_SYNC: u32 = 0x1_0000;

impl Track {
    /// Adds this track's samples of a `moof` whose header stands at `at` in the file.
    pub(super) fn add_fragment(&mut self, moof: &[u8], at: u64) -> Result<(), Mp4Error> {
        for traf in atoms(moof).filter(|atom| atom.kind == *b"traf") {
            self.add_track_fragment(traf.content, at)?;
        }
        Ok(())
    }

    fn add_track_fragment(&mut self, traf: &[u8], at: u64) -> Result<(), Mp4Error> {
        let header = find(traf, b"tfhd").ok_or(Mp4Error::Damaged("a fragment has no header"))?;
        let (_, flags, mut fields) = Fields::full_box(header)?;
        if fields.u32()? != self.id {
            return Ok(());
        }
        let mut base = at;
        let mut defaults = self.defaults;
        if flags & 0x1 != 0 {
            base = fields.u64()?;
        }
        for (flag, value) in [
            (0x2, &mut defaults.entry),
            (0x8, &mut defaults.duration),
            (0x10, &mut defaults.bytes),
            (0x20, &mut defaults.flags),
        ] {
            if flags & flag != 0 {
                *value = fields.u32()?;
            }
        }
        if let Some(time) = find(traf, b"tfdt") {
            let (version, _, mut fields) = Fields::full_box(time)?;
            let time = fields.by_version(version)?;
            self.next = i64::try_from(time)
                .map_err(|_| Mp4Error::Damaged("a picture's time is out of all bounds"))?;
        }
        let mut offset = base;
        for run in atoms(traf).filter(|atom| atom.kind == *b"trun") {
            let (_, flags, mut fields) = Fields::full_box(run.content)?;
            let count = fields.u32()?;
            if flags & 0x1 != 0 {
                offset = base.saturating_add_signed(i64::from(fields.u32()? as i32));
            }
            let first_flags = if flags & 0x4 != 0 { Some(fields.u32()?) } else { None };
            for index in 0..count {
                let mut field = |flag: u32, default: u32| {
                    if flags & flag != 0 { fields.u32() } else { Ok(default) }
                };
                let duration = field(0x100, defaults.duration)?;
                let bytes = field(0x200, defaults.bytes)?;
                let own = field(0x400, defaults.flags)?;
                let shown_after = field(0x800, 0)? as i32;
                let own = first_flags.filter(|_| index == 0).unwrap_or(own);
                self.add(Raw {
                    offset,
                    bytes,
                    decode_time: self.next,
                    shown_after: i64::from(shown_after),
                    sync: own & IS_NON_SYNC == 0,
                    entry: defaults.entry.wrapping_sub(1),
                })?;
                offset = offset.saturating_add(u64::from(bytes));
                self.next = self.next.saturating_add(i64::from(duration));
            }
        }
        Ok(())
    }
}
