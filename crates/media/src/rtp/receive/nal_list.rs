//! NAL units in the pieces in which packets brought them, until they are written as a byte stream.

use bytes::Bytes;

use super::START_CODE;
use super::depacketize::Nal;

/// What matters about a NAL unit in front of a key picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// An access unit delimiter: it stays in front.
    Delimiter,
    /// A parameter set that is known by its id: all those that are known stand in its place.
    KnownSet,
    /// Stays where it is.
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    prefix: [u8; 2],
    prefix_length: u8,
    pieces: u32,
    bytes: usize,
}

impl Entry {
    fn write(&self, pieces: &[Bytes], out: &mut Vec<u8>) {
        out.extend_from_slice(&START_CODE);
        out.extend_from_slice(&self.prefix[..usize::from(self.prefix_length)]);
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
    }
}

/// NAL units in order.
#[derive(Clone, Debug, Default)]
pub(super) struct NalList {
    entries: Vec<Entry>,
    pieces: Vec<Bytes>,
    bytes: usize,
}

impl NalList {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many pieces they are in.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// How many bytes they will take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.pieces.clear();
        self.bytes = 0;
    }

    /// Takes the pieces of a NAL unit.
    pub(super) fn push(&mut self, place: Place, nal: Nal<'_>) {
        let mut prefix = [0; 2];
        prefix[..nal.prefix.len()].copy_from_slice(nal.prefix);
        let prefix_length = nal.prefix.len();
        let length = prefix_length + nal.pieces.iter().map(Bytes::len).sum::<usize>();
        let bytes = START_CODE.len() + length;
        let pieces = nal.pieces.len() as u32;
        self.entries.push(Entry {
            place,
            prefix,
            prefix_length: prefix_length as u8,
            pieces,
            bytes,
        });
        self.pieces.append(nal.pieces);
        self.bytes += bytes;
    }

    /// Takes all of `other`. Where it is not `in_front` of a picture but between its slices, delimiters
    /// and known parameter sets are left out: they have no place there (H.264 section 7.4.1.2.3), and
    /// decoders take them for the begin of another picture. GStreamer puts parameter sets in front of
    /// every slice of an IDR.
    pub(super) fn append(&mut self, other: &mut Self, in_front: bool) {
        let mut pieces = other.pieces.drain(..);
        for entry in other.entries.drain(..) {
            let own = pieces.by_ref().take(entry.pieces as usize);
            if in_front || entry.place == Place::Other {
                self.pieces.extend(own);
                self.bytes += entry.bytes;
                self.entries.push(entry);
            } else {
                own.for_each(drop);
            }
        }
        other.bytes = 0;
    }

    /// Drops the first one.
    pub(super) fn drop_first(&mut self) {
        let first = self.entries.remove(0);
        self.pieces.drain(..first.pieces as usize);
        self.bytes -= first.bytes;
    }

    /// Whether it has this parameter set, in one piece, already.
    pub(super) fn has_set(&self, set: &[u8]) -> bool {
        self.iter().any(|(entry, pieces)| {
            entry.place == Place::KnownSet && entry.prefix_length == 0 && pieces == [set]
        })
    }

    /// The byte stream (Annex B) of all. Where `sets` are given, they stand in front, behind one
    /// delimiter if there are any, and the known parameter sets are left out.
    pub(super) fn write(&self, sets: Option<&Bytes>) -> Bytes {
        let mut out = Vec::with_capacity(self.bytes + sets.map_or(0, Bytes::len));
        if let Some(sets) = sets {
            // Section 7.4.1.2.3: a delimiter is the first NAL unit.
            if let Some((entry, pieces)) =
                self.iter().find(|(entry, _)| entry.place == Place::Delimiter)
            {
                entry.write(pieces, &mut out);
            }
            out.extend_from_slice(sets);
        }
        for (entry, pieces) in self.iter() {
            if entry.place == Place::Other || sets.is_none() {
                entry.write(pieces, &mut out);
            }
        }
        out.into()
    }

    fn iter(&self) -> impl Iterator<Item = (&Entry, &[Bytes])> {
        let mut rest = &self.pieces[..];
        self.entries.iter().map(move |entry| {
            let (pieces, after) = rest.split_at(entry.pieces as usize);
            rest = after;
            (entry, pieces)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Place, prefix, pieces.
    type Nals<'a> = &'a [(Place, &'a [u8], &'a [&'a [u8]])];

    fn list(nals: Nals<'_>) -> NalList {
        let mut list = NalList::default();
        for (place, prefix, pieces) in nals {
            let mut pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
            list.push(*place, Nal { prefix, pieces: &mut pieces });
            assert!(pieces.is_empty());
        }
        list
    }

    #[test]
    fn byte_streams_are_written_with_and_without_sets() {
        let delimiter: (Place, &[u8], &[&[u8]]) = (Place::Delimiter, &[], &[&[9, 0xF0]]);
        let set: (Place, &[u8], &[&[u8]]) = (Place::KnownSet, &[], &[&[0x67, 1]]);
        let sei: (Place, &[u8], &[&[u8]]) = (Place::Other, &[], &[&[6, 2]]);
        let slice: (Place, &[u8], &[&[u8]]) = (Place::Other, &[0x65], &[&[3], &[4, 5]]);
        let sets = Bytes::from_static(&[0, 0, 0, 1, 0x67, 7]);
        for (nals, plain, with_sets) in [
            (&[slice][..], &[0, 0, 0, 1, 0x65, 3, 4, 5][..], {
                &[0, 0, 0, 1, 0x67, 7, 0, 0, 0, 1, 0x65, 3, 4, 5][..]
            }),
            (
                &[delimiter, set, sei],
                &[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 6, 2],
                &[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x67, 7, 0, 0, 0, 1, 6, 2],
            ),
            (
                &[set, delimiter, slice],
                &[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x65, 3, 4, 5],
                &[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x67, 7, 0, 0, 0, 1, 0x65, 3, 4, 5],
            ),
            (&[], &[], &[0, 0, 0, 1, 0x67, 7]),
        ] {
            let mut list = list(nals);
            assert_eq!(list.write(None), plain);
            assert_eq!(list.write(Some(&sets)), with_sets);
            assert_eq!((list.bytes(), list.len()), (plain.len(), nals.len()));
            list.clear();
            assert_eq!((list.bytes(), list.len(), list.pieces()), (0, 0, 0));
        }
    }

    #[test]
    fn lists_are_joined_and_cut() {
        let set: (Place, &[u8], &[&[u8]]) = (Place::KnownSet, &[], &[&[0x67, 1]]);
        let slice: (Place, &[u8], &[&[u8]]) = (Place::Other, &[0x65], &[&[3], &[4, 5]]);
        let (mut all, mut more) = (list(&[slice]), list(&[set]));
        assert!(more.has_set(&[0x67, 1]) && !more.has_set(&[0x67]) && !all.has_set(&[0x65, 3]));
        // Between slices a set and a delimiter have no place.
        let sei: (Place, &[u8], &[&[u8]]) = (Place::Other, &[], &[&[6, 9]]);
        more.append(&mut list(&[(Place::Delimiter, &[], &[&[9, 0xF0]]), sei]), true);
        all.append(&mut more, false);
        assert_eq!((more.len(), more.bytes(), all.len(), all.pieces()), (0, 0, 2, 3));
        assert_eq!(all.write(Some(&Bytes::new())), all.write(None));
        all.drop_first();
        assert_eq!(all.write(None), [0, 0, 0, 1, 6, 9][..]);
        assert_eq!(all.bytes(), 6);
    }
}
