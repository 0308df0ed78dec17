//! What a NAL unit is for the pictures of a stream, and which slices are of one picture.

use razz_base::Codec;

use super::counts::Oddity;
use super::parameter_sets::ParameterSets;
use crate::h264::{self, Field, PictureId, SliceStart};
use crate::h265;

/// What a NAL unit is for pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A slice.
    Slice(Slice),
    /// An access unit delimiter, which stands in front of a picture.
    Delimiter,
    /// A parameter set, likewise.
    ParameterSet,
    /// Supplemental enhancement information, likewise.
    Sei,
    /// Anything else that stands in front of a picture, or ends a sequence before it.
    Leading,
    /// What belongs to the picture before it.
    Trailing,
    /// Nothing that is passed on.
    Useless(Oddity),
}

/// A slice, as far as it tells pictures apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    /// Whether it is the first of its picture (`first_mb_in_slice` 0, or
    /// `first_slice_segment_in_pic_flag`); `None` when its header is cut off.
    pub(super) first: Option<bool>,
    /// An IDR's, of H.265 any random access picture's.
    pub(super) key: bool,
    /// H.264's numbers, where its parameter sets are known.
    pub(super) id: Option<PictureId>,
}

/// How a slice stands to a picture that was begun before it and has its timestamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    /// It is of the same picture.
    Same,
    /// It is of the other field of the same frame.
    OtherField,
    /// It begins another picture.
    Next,
}

/// A picture that was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Picture {
    codec: Codec,
    /// The numbers of the slice that came last.
    id: Option<PictureId>,
    has_both_fields: bool,
}

impl Picture {
    pub(super) fn new(codec: Codec, slice: &Slice) -> Self {
        Self { codec, id: slice.id, has_both_fields: false }
    }

    /// How `slice`, the next in order, stands to it.
    pub(super) fn relation(&self, slice: &Slice) -> Relation {
        let begins = slice.first == Some(true);
        match (self.codec, self.id, slice.id) {
            // H.265 section 7.4.2.4.4: the first slice segment says it.
            (Codec::H265, ..) if begins => Relation::Next,
            (Codec::H265, ..) => Relation::Same,
            (Codec::H264, Some(before), Some(next)) => {
                if !self.has_both_fields && before.is_other_field(&next) {
                    Relation::OtherField
                } else if begins || before != next {
                    // H.264 section 7.4.1.2.4.
                    Relation::Next
                } else {
                    Relation::Same
                }
            }
            // Whether it is another picture or another field cannot be told.
            (Codec::H264 | Codec::Mjpeg, ..) => Relation::Same,
        }
    }

    /// Takes a slice of the same frame.
    pub(super) fn add(&mut self, slice: &Slice, relation: Relation) {
        self.has_both_fields |= relation == Relation::OtherField;
        self.id = slice.id.or(self.id);
    }

    /// It is a field whose other has not come.
    pub(super) fn lacks_a_field(&self) -> bool {
        let is_field = |field: Field| matches!(field, Field::Top | Field::Bottom);
        !self.has_both_fields && self.id.and_then(|id| id.field).is_some_and(is_field)
    }
}

/// What a NAL unit of this beginning is.
pub(super) fn role(codec: Codec, head: &[u8], sets: &ParameterSets) -> Role {
    match codec {
        Codec::H264 => role_h264(head, sets),
        Codec::H265 => role_h265(head),
        Codec::Mjpeg => Role::Useless(Oddity::UnknownNalType),
    }
}

/// H.264 section 7.4.1.2.3, and table 7-1.
fn role_h264(head: &[u8], sets: &ParameterSets) -> Role {
    use h264::NalType;
    let Some(kind) = h264::nal_type(head) else { return Role::Useless(Oddity::EmptyNal) };
    if head[0] & 0x80 != 0 {
        return Role::Useless(Oddity::NalHeader);
    }
    match kind {
        NalType::EndOfSequence | NalType::EndOfStream => Role::Leading,
        NalType::Filler => Role::Useless(Oddity::Filler),
        NalType::PartitionA | NalType::PartitionB | NalType::PartitionC => {
            Role::Useless(Oddity::DataPartition)
        }
        _ if head.len() < 2 => Role::Useless(Oddity::EmptyNal),
        NalType::Slice | NalType::Idr => {
            let start = SliceStart::read(head);
            let sps = start.and_then(|start| sets.sps_of(start.pps));
            Role::Slice(Slice {
                first: start.map(|start| start.first_mb == 0),
                key: kind == NalType::Idr,
                id: sps.and_then(|sps| PictureId::read(head, sps)),
            })
        }
        NalType::Sei => Role::Sei,
        NalType::Sps | NalType::Pps => Role::ParameterSet,
        NalType::Aud => Role::Delimiter,
        // Prefixes, parameter sets and slices of further layers and views, which the pictures of the
        // lowest do without (annexes F and G).
        NalType::Other(14 | 15 | 20 | 21) => Role::Useless(Oddity::OtherLayer),
        NalType::Other(_) => Role::Useless(Oddity::UnknownNalType),
    }
}

/// H.265 section 7.4.2.4.4, and table 7-1.
fn role_h265(head: &[u8]) -> Role {
    use h265::NalType;
    let (Some(kind), Some(second)) = (h265::nal_type(head), head.get(1)) else {
        return Role::Useless(Oddity::EmptyNal);
    };
    match kind {
        NalType::Other(10..=15 | 22..=31 | 41..) => Role::Useless(Oddity::UnknownNalType),
        _ if head[0] & 0x80 != 0 || second & 7 == 0 => Role::Useless(Oddity::NalHeader),
        _ if head[0] & 1 != 0 || second >> 3 != 0 => Role::Useless(Oddity::OtherLayer),
        NalType::Other(38) => Role::Useless(Oddity::Filler),
        // Ends of sequence and of stream have no payload.
        NalType::Other(36 | 37) => Role::Leading,
        _ if head.len() < 3 => Role::Useless(Oddity::EmptyNal),
        NalType::Vps | NalType::Sps | NalType::Pps => Role::ParameterSet,
        NalType::Aud => Role::Delimiter,
        NalType::Sei(39) => Role::Sei,
        NalType::Sei(_) => Role::Trailing,
        NalType::Other(_) => Role::Useless(Oddity::UnknownNalType),
        NalType::Slice(_) | NalType::Bla(_) | NalType::Idr(_) | NalType::Cra => {
            Role::Slice(Slice {
                // Section 7.3.6.1: it is the first bit.
                first: Some(head[2] & 0x80 != 0),
                key: !matches!(kind, NalType::Slice(_)),
                id: None,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_nal_unit_has_its_role() {
        let letter = |role| match role {
            Role::Slice(Slice { key: true, .. }) => 'K',
            Role::Slice(_) => 'S',
            Role::Delimiter => 'D',
            Role::ParameterSet => 'P',
            Role::Sei => 'i',
            Role::Leading => 'l',
            Role::Trailing => 't',
            Role::Useless(Oddity::UnknownNalType) => '?',
            Role::Useless(Oddity::DataPartition) => '|',
            Role::Useless(Oddity::Filler) => 'f',
            Role::Useless(_) => '!',
        };
        let sets = ParameterSets::new(Codec::H264);
        let h264: String =
            (0..32).map(|kind| letter(role(Codec::H264, &[kind, 0x80, 0x80], &sets))).collect();
        assert_eq!(h264, "?S|||KiPPDllf?!!????!!??????????");
        let h265: String =
            (0..64).map(|kind| letter(role(Codec::H265, &[kind << 1, 1, 0x80], &sets))).collect();
        let expected = "SSSSSSSSSS??????KKKKKK??????????PPPDllfit???????????????????????";
        assert_eq!(h265, expected);
        for (codec, head, expected) in [
            (Codec::H264, &[][..], Oddity::EmptyNal),
            (Codec::H264, &[0x65], Oddity::EmptyNal),
            (Codec::H264, &[0xE5, 0x88], Oddity::NalHeader),
            (Codec::H265, &[0x26], Oddity::EmptyNal),
            (Codec::H265, &[0x26, 1], Oddity::EmptyNal),
            (Codec::H265, &[0xA6, 1, 0xAF], Oddity::NalHeader),
            (Codec::H265, &[0x26, 0, 0xAF], Oddity::NalHeader),
            (Codec::H265, &[0x27, 1, 0xAF], Oddity::OtherLayer),
            (Codec::H265, &[0x26, 9, 0xAF], Oddity::OtherLayer),
        ] {
            assert_eq!(role(codec, head, &sets), Role::Useless(expected), "{head:02x?}");
        }
    }

    #[test]
    fn slices_are_told_apart() {
        let id = |frame_num, field| PictureId { frame_num, field, idr: None, order: None };
        let slice = |first, id| Slice { first: Some(first), key: false, id };
        let frame = |first, frame_num| slice(first, Some(id(frame_num, None)));
        let top = |first, frame_num| slice(first, Some(id(frame_num, Some(Field::Top))));
        let bottom = |first, frame_num| slice(first, Some(id(frame_num, Some(Field::Bottom))));
        let unknown = |first| slice(first, None);
        use Codec::{H264, H265};
        use Relation::{Next, OtherField, Same};
        // (coding, slices; how each stands to those before, and whether a field is missing at the end)
        type Case<'a> = (Codec, &'a [Slice], &'a [Relation], bool);
        let rows: &[Case<'_>] = &[
            (H264, &[frame(true, 1), frame(false, 1)], &[Same], false),
            (H264, &[frame(true, 1), frame(true, 1)], &[Next], false),
            (H264, &[frame(true, 1), frame(false, 2)], &[Next], false),
            (H264, &[top(true, 1)], &[], true),
            (H264, &[top(true, 1), top(false, 1)], &[Same], true),
            (H264, &[top(true, 1), bottom(true, 1)], &[OtherField], false),
            (
                H264,
                &[bottom(true, 1), top(true, 1), top(false, 1), bottom(true, 1)],
                &[OtherField, Same, Next],
                false,
            ),
            (H264, &[top(true, 1), bottom(true, 2)], &[Next], false),
            (H264, &[unknown(true), unknown(true), frame(true, 1)], &[Same, Same], false),
            (H265, &[unknown(true), unknown(false)], &[Same], false),
            (H265, &[unknown(true), unknown(true)], &[Next], false),
        ];
        for (codec, slices, expected, lacks_a_field) in rows {
            let mut picture = Picture::new(*codec, &slices[0]);
            let mut relations = Vec::new();
            for slice in &slices[1..] {
                let relation = picture.relation(slice);
                relations.push(relation);
                if relation == Next {
                    picture = Picture::new(*codec, slice);
                    // The rows end with the picture that was begun first.
                    picture.has_both_fields = true;
                } else {
                    picture.add(slice, relation);
                }
            }
            assert_eq!(relations, *expected, "{slices:?}");
            assert_eq!(picture.lacks_a_field(), *lacks_a_field, "{slices:?}");
        }
    }
}
