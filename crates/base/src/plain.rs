//! Values as bytes, for machines whose state outlives the process.
//!
//! Numbers are little-endian, f64 by their bits; one list of fields writes and reads each type
//! ([`plain_fields`](crate::plain_fields), [`plain_choices`](crate::plain_choices)). A length is believed only as far as
//! there are bytes, so that what is damaged is an error and no more.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::{CameraId, ClassId, Direction, MediaTime, TrackId};

/// What is left to read.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
    times: RangeInclusive<i64>,
}

impl<'a> Reader<'a> {
    /// Reads what lies behind the first `at` bytes. Every i64 is a time, and has to be in `times`.
    pub fn new(bytes: &'a [u8], at: usize, times: RangeInclusive<i64>) -> Self {
        Self { rest: bytes.get(at..).unwrap_or_default(), whole: bytes.len(), times }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes were read, those before the beginning included.
    pub fn offset(&self) -> usize {
        self.whole - self.rest.len()
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }
}

/// A value as bytes.
pub trait Plain: Sized {
    /// Writes it behind `out`.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads it; `None` where that is none.
    fn take(reader: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                reader.bytes().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, f64);

impl Plain for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let time = reader.bytes().map(Self::from_le_bytes)?;
        reader.times.contains(&time).then_some(time)
    }
}

/// Writes and reads structs by the lists of their fields.
#[macro_export]
macro_rules! plain_fields {
    ($($name:ident { $($field:tt),* $(,)? })*) => {$(
        impl $crate::plain::Plain for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::plain::Plain::put(&self.$field, out);)*
            }
            fn take(reader: &mut $crate::plain::Reader<'_>) -> Option<Self> {
                Some(Self { $($field: $crate::plain::Plain::take(reader)?),* })
            }
        }
    )*};
}

/// Writes and reads enums by the numbers of their variants, each with the fields that it has.
#[macro_export]
macro_rules! plain_choices {
    ($($name:ident { $($number:literal $variant:ident { $($field:ident),* })* })*) => {$(
        impl $crate::plain::Plain for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self { $(
                    Self::$variant { $($field),* } => {
                        out.push($number);
                        $($crate::plain::Plain::put($field, out);)*
                    }
                )* }
            }
            fn take(reader: &mut $crate::plain::Reader<'_>) -> Option<Self> {
                match <u8 as $crate::plain::Plain>::take(reader)? {
                    $($number => Some(
                        Self::$variant { $($field: $crate::plain::Plain::take(reader)?),* }
                    ),)*
                    _ => None,
                }
            }
        }
    )*};
}

plain_fields! {
    ClassId { 0 }
    TrackId { 0 }
}

plain_choices! {
    Direction { 0 In {} 1 Out {} }
}

impl Plain for CameraId {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_u32().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Self::new(u32::take(reader)?)
    }
}

impl Plain for MediaTime {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_90k().put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        i64::take(reader).map(Self::from_90k)
    }
}

impl Plain for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        match u8::take(reader)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Plain for Arc<str> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend(self.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let length = u32::take(reader)? as usize;
        let (text, rest) = reader.rest.split_at_checked(length)?;
        let text = std::str::from_utf8(text).ok()?.into();
        reader.rest = rest;
        Some(text)
    }
}

impl<T: Plain> Plain for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        match bool::take(reader)? {
            true => T::take(reader).map(Some),
            false => Some(None),
        }
    }
}

/// How many there are, and each of them: as a `Vec` of them is written.
pub fn put_all<'a, T: Plain + 'a>(all: impl ExactSizeIterator<Item = &'a T>, out: &mut Vec<u8>) {
    (all.len() as u32).put(out);
    all.for_each(|value| value.put(out));
}

impl<T: Plain> Plain for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        (0..u32::take(reader)?).map(|_| T::take(reader)).collect()
    }
}

impl<T: Plain> Plain for VecDeque<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Vec::take(reader).map(Self::from)
    }
}

impl<K: Plain + Ord, V: Plain> Plain for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let entries: Vec<(K, V)> = Vec::take(reader)?;
        Some(entries.into_iter().collect())
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let values: Option<Vec<T>> = (0..N).map(|_| T::take(reader)).collect();
        values?.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Plain),*> Plain for ($($name,)*) {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$index.put(out);)*
            }
            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                Some(($($name::take(reader)?,)*))
            }
        }
    )*};
}

tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

#[cfg(test)]
mod tests {
    use super::*;

    type Everything = (Vec<(u16, bool)>, BTreeMap<u32, f64>, Option<Arc<str>>, [MediaTime; 2]);

    #[test]
    fn values_come_back_and_damage_is_none() {
        let at = MediaTime::from_90k;
        let value: Everything =
            (vec![(7, true)], [(1, 0.1), (2, -0.0)].into(), Some("Tür".into()), [at(5), at(-5)]);
        let mut bytes = vec![9; 3];
        value.put(&mut bytes);
        let read = |bytes: &[u8], times| {
            let mut reader = Reader::new(bytes, 3, times);
            let value = Everything::take(&mut reader);
            value.filter(|_| reader.is_empty()).ok_or(reader.offset())
        };
        assert_eq!(read(&bytes, -5..=5), Ok(value));
        assert_eq!(read(&bytes, -4..=5), Err(bytes.len()), "a time that is none");
        for cut in 3..bytes.len() {
            assert!(read(&bytes[..cut], -5..=5).is_err(), "{cut}");
        }
        assert!(read(&[9, 9, 9, 255, 255, 255, 255], -5..=5).is_err(), "a length without bytes");
    }
}
