//! The outside of an ONNX file: is it one, is it whole, and what does its metadata say.
//!
//! Read by hand, so that the answer is the same and clear whichever engine comes next, and so that
//! no engine is handed a file that is cut short. An ONNX file is one protobuf message, `ModelProto`
//! (onnx/onnx.proto): field 7 is the graph, field 14 the metadata properties, each a
//! `StringStringEntryProto` (1: key, 2: value).

use std::collections::BTreeMap;

/// Why bytes are not a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Malformed {
    /// Nothing in it.
    Empty,
    /// Not a protobuf message with an ONNX graph.
    NotOnnx,
    /// It begins as a model, and a part of it reaches this many bytes past the end.
    Truncated { missing: u64 },
}

/// What the outside tells.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The metadata properties, e.g. Ultralytics' `names`.
    pub(crate) metadata: BTreeMap<String, String>,
}

const GRAPH: u64 = 7;
const METADATA: u64 = 14;

impl Outline {
    /// Walks the top level of `ModelProto`.
    pub(crate) fn read(data: &[u8]) -> Result<Self, Malformed> {
        if data.is_empty() {
            return Err(Malformed::Empty);
        }
        let mut outline = Self::default();
        let mut graph = false;
        // A file cut inside its first field cannot be told from noise, so ask for a sane start.
        for field in Fields(data) {
            match field {
                Ok((GRAPH, Value::Bytes(_))) => graph = true,
                Ok((METADATA, Value::Bytes(entry))) => {
                    if let Some((key, value)) = string_pair(entry) {
                        outline.metadata.insert(key, value);
                    }
                }
                // ModelProto has fields 1 to 8, 14, 20, 25 and 26; room for newer ones.
                Ok((1..=100, _)) => {}
                Ok(_) => return Err(Malformed::NotOnnx),
                Err(Broken::Short { field: 1..=100, missing }) if begins_as_model(data) => {
                    return Err(Malformed::Truncated { missing });
                }
                Err(_) => return Err(Malformed::NotOnnx),
            }
        }
        if graph {
            Ok(outline)
        } else if begins_as_model(data) {
            // Cut exactly between two fields, before the graph was complete.
            Err(Malformed::Truncated { missing: 1 })
        } else {
            Err(Malformed::NotOnnx)
        }
    }
}

/// Every known writer puts `ir_version` (field 1, a small varint) first.
fn begins_as_model(data: &[u8]) -> bool {
    data.len() >= 2 && data[0] == 0x08 && (1..64).contains(&data[1])
}

pub(crate) fn string_pair(entry: &[u8]) -> Option<(String, String)> {
    let (mut key, mut value) = (None, None);
    for field in Fields(entry) {
        match field.ok()? {
            (1, Value::Bytes(b)) => key = Some(String::from_utf8_lossy(b).into_owned()),
            (2, Value::Bytes(b)) => value = Some(String::from_utf8_lossy(b).into_owned()),
            _ => {}
        }
    }
    Some((key?, value?))
}

/// What a field of a protobuf message holds.
pub(crate) enum Value<'a> {
    /// A number of variable length.
    Number(u64),
    /// A number of 4 or 8 bytes.
    Fixed,
    /// A string, bytes, or another message.
    Bytes(&'a [u8]),
}

/// Why a protobuf message cannot be read.
pub(crate) enum Broken {
    /// A field's value reaches past the end.
    Short { field: u64, missing: u64 },
    /// No protobuf.
    Nonsense,
}

/// The fields of a protobuf message (protobuf.dev/programming-guides/encoding); ends after the
/// first error.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    /// The next field, and all of its bytes; `None` at the end, also where it is broken.
    pub(crate) fn next_whole(&mut self) -> Option<(u64, Value<'a>, &'a [u8])> {
        let before = self.0;
        let (field, value) = self.next()?.ok()?;
        Some((field, value, &before[..before.len() - self.0.len()]))
    }

    fn read(&mut self) -> Result<(u64, Value<'a>), Broken> {
        let tag = self.varint()?;
        let field = tag >> 3;
        let take = match tag & 7 {
            0 => return Ok((field, Value::Number(self.varint()?))),
            1 => 8,
            2 => self.varint()?,
            5 => 4,
            _ => return Err(Broken::Nonsense),
        };
        let have = self.0.len() as u64;
        if take > have {
            return Err(Broken::Short { field, missing: take - have });
        }
        let (value, rest) = self.0.split_at(take as usize);
        self.0 = rest;
        Ok((field, if tag & 7 == 2 { Value::Bytes(value) } else { Value::Fixed }))
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for (i, byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * i).min(63);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err(Broken::Nonsense)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, bytes.len() as u8];
        out.extend_from_slice(bytes);
        out
    }

    fn model() -> Vec<u8> {
        let entry = [field(1, b"names"), field(2, b"{0: 'person'}")].concat();
        [vec![8, 9], field(2, b"writer"), field(7, &[1; 40]), field(14, &entry)].concat()
    }

    #[test]
    fn metadata_is_found() {
        let outline = Outline::read(&model()).unwrap();
        assert_eq!(outline.metadata["names"], "{0: 'person'}");
    }

    #[test]
    fn what_is_no_model_is_told_from_a_torn_one() {
        let model = model();
        for (data, want) in [
            (&b""[..], Malformed::Empty),
            (&[0; 4096][..], Malformed::NotOnnx),
            (&b"this is a text file, not a model\n"[..], Malformed::NotOnnx),
            (&b"\x89PNG\r\n\x1a\n0000"[..], Malformed::NotOnnx),
            (&[0xff; 64][..], Malformed::NotOnnx),
            (&model[..30], Malformed::Truncated { missing: 22 }),
            (&model[..10], Malformed::Truncated { missing: 1 }),
        ] {
            assert_eq!(
                Outline::read(data).map(|_| ()),
                Err(want),
                "{:?}",
                &data[..data.len().min(8)]
            );
        }
    }

    #[test]
    fn no_prefix_panics() {
        let model = model();
        for end in 0..model.len() {
            let _ = Outline::read(&model[..end]);
        }
    }
}
