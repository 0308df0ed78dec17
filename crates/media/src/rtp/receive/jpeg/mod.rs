//! Payloads of MJPEG (RFC 2435) to JPEG files.
//!
//! The packets carry parts of a picture's scan, each with its place in it, and so little of the headers
//! that those are written anew. A picture is handed on when all of it came; one of which a packet is
//! missing is dropped and counted, since what a decoder makes of the rest would be wrong.

mod fragment;
mod tables;

use std::collections::VecDeque;

use bytes::Bytes;
use razz_base::{MonoTime, Size};

use self::fragment::{Fragment, Shape};
use self::tables::KnownTables;
use super::assemble::Unit;
use super::counts::{Counts, Oddity};
use super::source::InOrder;
use super::{MAX_PIECES, MAX_UNIT};
use crate::jpeg::{QuantizationTables, Scan, is_jpeg, marker, write_headers};

/// How long a picture with a marker waits for more of it, while nothing is known of the camera's markers.
const MARKER_UNKNOWN_US: i64 = 8_000;
/// A picture without a marker ends after so much silence.
const SILENCE_US: i64 = 250_000;

/// What the headers take, at most.
const HEADERS: usize = 1024;

/// The picture whose packets are coming.
#[derive(Debug)]
struct Open {
    timestamp: i64,
    shape: Shape,
    tables: QuantizationTables,
    /// Its scan, as far as it came: each part follows the one before.
    parts: Vec<Bytes>,
    bytes: usize,
    /// The parts have the headers too.
    is_file: bool,
    /// The part that came last had a marker.
    marked: bool,
    received: MonoTime,
}

/// What is known of the camera's marker bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Markers {
    /// Nothing yet.
    #[default]
    Unknown,
    /// They end pictures.
    Right,
    /// One came in the middle of a picture.
    Wrong,
}

/// Puts the pictures of one source together.
#[derive(Debug)]
pub(super) struct JpegAssembler {
    /// By the SDP.
    size: Option<Size>,
    tables: KnownTables,
    open: Option<Open>,
    /// The time of the picture that was handed on or dropped last.
    over: Option<i64>,
    /// That one was handed on at its marker, and nothing came since.
    ended_at_marker: bool,
    markers: Markers,
    /// A picture began: what is missing from now on is missed.
    begun: bool,
    /// Packets lost since the last picture that was handed on.
    lost: u32,
    /// A picture was dropped since.
    dropped: bool,
    received: MonoTime,
    ready: VecDeque<Unit>,
}

impl JpegAssembler {
    /// `size` is what the SDP says of the pictures.
    pub(super) fn new(size: Option<Size>) -> Self {
        Self {
            size,
            tables: KnownTables::default(),
            open: None,
            over: None,
            ended_at_marker: false,
            markers: Markers::default(),
            begun: false,
            lost: 0,
            dropped: false,
            received: MonoTime::default(),
            ready: VecDeque::new(),
        }
    }

    /// Another source comes. `dropped`: what came of this one is not handed on.
    pub(super) fn handle_new_source(&mut self, dropped: bool, counts: &mut Counts) {
        if dropped {
            self.open = None;
        }
        self.end_unmarked(counts);
        *self = Self { ready: std::mem::take(&mut self.ready), ..Self::new(self.size) };
    }

    /// Takes the next packet in order.
    pub(super) fn handle(&mut self, packet: InOrder, counts: &mut Counts) {
        let InOrder { lost, jumped, marker, timestamp, payload, received, .. } = packet;
        self.received = self.received.max(received);
        if lost > 0 || jumped {
            self.handle_loss(lost, counts);
        }
        if payload.is_empty() {
            return;
        }
        let taken = match Fragment::parse(payload) {
            Ok(fragment) if fragment.offset == 0 => self.begin(timestamp, fragment, counts),
            Ok(fragment) => self.go_on(timestamp, fragment, counts),
            Err(oddity) => {
                self.give_up(Oddity::JpegIncomplete, counts);
                self.refuse(timestamp, oddity, counts);
                false
            }
        };
        if let Some(open) = self.open.as_mut().filter(|_| taken && marker) {
            open.marked = true;
            if self.markers == Markers::Right {
                self.close();
            }
        }
    }

    /// Packets before the next one are missing: the rest of the picture in hand, unless its marker came.
    fn handle_loss(&mut self, lost: u32, counts: &mut Counts) {
        self.ended_at_marker = false;
        if self.begun {
            self.lost = self.lost.saturating_add(lost);
        }
        match &self.open {
            Some(open) if open.marked && self.markers != Markers::Wrong => {
                let lost = std::mem::take(&mut self.lost);
                self.close();
                (self.lost, self.ended_at_marker) = (lost, false);
            }
            _ => self.give_up(Oddity::JpegIncomplete, counts),
        }
    }

    /// Takes the first part of a picture; whether it could.
    fn begin(&mut self, timestamp: i64, fragment: Fragment, counts: &mut Counts) -> bool {
        let ended_at_marker = self.open.as_ref().map_or(self.ended_at_marker, |open| open.marked);
        if ended_at_marker && self.markers == Markers::Unknown {
            self.markers = Markers::Right;
        }
        self.end_unmarked(counts);
        self.ended_at_marker = false;
        if self.over == Some(timestamp) {
            counts.add(Oddity::SameTimestamp);
        }
        self.begun = true;
        let Fragment { shape, scan, tables, .. } = fragment;
        let tables = match self.tables.of(shape.quality, tables.as_ref()) {
            Ok((tables, oddity)) => {
                oddity.into_iter().for_each(|oddity| counts.add(oddity));
                tables
            }
            Err(oddity) => {
                self.refuse(timestamp, oddity, counts);
                return false;
            }
        };
        // No scan begins so.
        let is_file = is_jpeg(&scan);
        if is_file {
            counts.add(Oddity::JpegHeadersInside);
        } else if shape.pixels(self.size).is_none() {
            self.refuse(timestamp, Oddity::JpegWithoutSize, counts);
            return false;
        }
        let (bytes, received) = (scan.len(), self.received);
        let parts = vec![scan];
        let marked = false;
        self.open =
            Some(Open { timestamp, shape, tables, parts, bytes, is_file, marked, received });
        true
    }

    /// Takes another part of the picture in hand; whether it could.
    fn go_on(&mut self, timestamp: i64, fragment: Fragment, counts: &mut Counts) -> bool {
        let Some(open) = &mut self.open else {
            // The rest of one that was dropped, or was under way when the camera was asked to play.
            if std::mem::take(&mut self.ended_at_marker) && self.over == Some(timestamp) {
                counts.add(Oddity::MarkerEarly);
                self.markers = Markers::Wrong;
            }
            return false;
        };
        let fits = open.timestamp == timestamp
            && open.bytes == fragment.offset
            && open.shape == fragment.shape;
        if !fits {
            self.give_up(Oddity::JpegIncomplete, counts);
            return false;
        }
        if std::mem::take(&mut open.marked) {
            counts.add(Oddity::MarkerEarly);
            self.markers = Markers::Wrong;
        }
        open.bytes += fragment.scan.len();
        open.received = self.received;
        open.parts.push(fragment.scan);
        if open.bytes > MAX_UNIT || open.parts.len() > MAX_PIECES {
            self.give_up(Oddity::UnitTooLarge, counts);
            return false;
        }
        true
    }

    /// Nothing follows of the picture in hand. With nothing lost it is whole, unless a marker is missing that
    /// this camera sends.
    fn end_unmarked(&mut self, counts: &mut Counts) {
        let Some(open) = &self.open else { return };
        if open.marked || self.markers != Markers::Right {
            self.close();
        } else {
            self.give_up(Oddity::JpegIncomplete, counts);
        }
    }

    /// A part of a picture cannot be used.
    fn refuse(&mut self, timestamp: i64, oddity: Oddity, counts: &mut Counts) {
        counts.add(oddity);
        (self.over, self.ended_at_marker) = (Some(timestamp), false);
        self.dropped = true;
    }

    /// Drops the picture in hand, if there is one.
    fn give_up(&mut self, oddity: Oddity, counts: &mut Counts) {
        if let Some(open) = self.open.take() {
            self.refuse(open.timestamp, oddity, counts);
        }
    }

    /// Hands the picture in hand on, if there is one.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        // What was dropped is missing before it, counted by packets or not.
        let lost_packets = self.lost.max(u32::from(self.dropped));
        (self.lost, self.dropped) = (0, false);
        (self.over, self.ended_at_marker) = (Some(open.timestamp), open.marked);
        let data = self.file(&open);
        let Open { timestamp, received, .. } = open;
        self.ready.push_back(Unit { timestamp, data, lost_packets, received });
    }

    /// The picture as a file.
    fn file(&self, open: &Open) -> Bytes {
        let mut data = Vec::with_capacity(HEADERS + open.bytes);
        if let Some(size) = open.shape.pixels(self.size).filter(|_| !open.is_file) {
            let scan = Scan {
                size,
                half_rows: open.shape.half_rows,
                tables: &open.tables,
                restart_interval: open.shape.restart_interval,
            };
            write_headers(&scan, &mut data);
        }
        open.parts.iter().for_each(|part| data.extend_from_slice(part));
        // Section 3.1.9 leaves the end of the picture away, and many do not.
        if !data.ends_with(&[0xFF, marker::EOI]) {
            data.extend_from_slice(&[0xFF, marker::EOI]);
        }
        data.into()
    }

    /// When the picture in hand ends for want of more.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        let open = self.open.as_ref()?;
        match (self.markers, open.marked) {
            (Markers::Unknown, true) => Some(open.received.plus_us(MARKER_UNKNOWN_US)),
            // The marker comes, or the next picture.
            (Markers::Right, _) => None,
            _ => Some(open.received.plus_us(SILENCE_US)),
        }
    }

    /// Ends the picture in hand if its deadline is past.
    pub(super) fn handle_timeout(&mut self, now: MonoTime) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.close();
        }
    }

    /// Markers end no pictures of this camera.
    pub(super) fn distrust_markers(&mut self) {
        self.markers = Markers::Wrong;
    }

    /// Whether they do not.
    pub(super) fn distrusts_markers(&self) -> bool {
        self.markers == Markers::Wrong
    }

    /// The next picture.
    pub(super) fn poll(&mut self) -> Option<Unit> {
        self.ready.pop_front()
    }

    /// Bytes that are kept.
    pub(super) fn held_bytes(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.bytes)
    }
}

#[cfg(test)]
mod tests;
