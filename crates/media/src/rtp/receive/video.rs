//! Packets in order to access units, by how the video is coded.

use bytes::Bytes;
use razz_base::{Codec, MonoTime, Size};

use super::assemble::{Assembler, Unit};
use super::counts::{Counts, Oddity};
use super::depacketize::Depacketizer;
use super::jpeg::JpegAssembler;
use super::source::InOrder;

/// Puts the access units of a source together.
#[derive(Debug)]
pub(super) enum Video {
    /// H.264 and H.265: NAL units.
    Nal { depacketizer: Depacketizer, assembler: Box<Assembler> },
    /// MJPEG: parts of a JPEG's scan.
    Jpeg(Box<JpegAssembler>),
}

impl Video {
    /// `parameter_sets` and `size` are what the SDP says.
    pub(super) fn new(
        codec: Codec,
        clock_rate: u32,
        parameter_sets: &[Bytes],
        size: Option<Size>,
        counts: &mut Counts,
    ) -> Self {
        match codec {
            Codec::H264 | Codec::H265 => Self::Nal {
                depacketizer: Depacketizer::new(codec),
                assembler: Box::new(Assembler::new(codec, clock_rate, parameter_sets, counts)),
            },
            Codec::Mjpeg => Self::Jpeg(Box::new(JpegAssembler::new(size))),
        }
    }

    /// Takes the next packet in order.
    pub(super) fn handle(&mut self, packet: InOrder, counts: &mut Counts) {
        if packet.payload.is_empty() {
            counts.add(if packet.padded { Oddity::PaddingOnly } else { Oddity::EmptyPayload });
        }
        match self {
            Self::Jpeg(assembler) => assembler.handle(packet, counts),
            Self::Nal { depacketizer, assembler } => {
                let InOrder { lost, jumped, marker, timestamp, payload, received, .. } = packet;
                assembler.begin_packet(timestamp, lost, received);
                if lost > 0 || jumped {
                    depacketizer.handle_loss(&mut **assembler);
                }
                if !payload.is_empty() {
                    depacketizer.handle(timestamp, marker, payload, &mut **assembler, counts);
                }
                assembler.end_packet(timestamp, marker, depacketizer.is_unfinished());
            }
        }
    }

    /// Another source takes the place of this one. `dropped`: of this one nothing is handed on any more.
    pub(super) fn handle_new_source(&mut self, codec: Codec, dropped: bool, counts: &mut Counts) {
        match self {
            Self::Jpeg(assembler) => assembler.handle_new_source(dropped, counts),
            Self::Nal { depacketizer, assembler } => {
                *depacketizer = Depacketizer::new(codec);
                assembler.handle_new_source(dropped);
            }
        }
    }

    /// Whether a NAL unit was begun and has not ended: then the picture in hand is surely not over.
    pub(super) fn is_unfinished(&self) -> bool {
        match self {
            Self::Nal { depacketizer, .. } => depacketizer.is_unfinished(),
            Self::Jpeg(_) => false,
        }
    }

    /// When the picture in hand ends for want of more.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        match self {
            Self::Nal { assembler, .. } => assembler.deadline(),
            Self::Jpeg(assembler) => assembler.deadline(),
        }
    }

    /// Ends the picture in hand if its deadline is past.
    pub(super) fn handle_timeout(&mut self, now: MonoTime) {
        match self {
            Self::Nal { assembler, .. } => assembler.handle_timeout(now),
            Self::Jpeg(assembler) => assembler.handle_timeout(now),
        }
    }

    /// A marker means nothing with this camera.
    pub(super) fn distrust_markers(&mut self) {
        match self {
            Self::Nal { assembler, .. } => assembler.distrust_markers(),
            Self::Jpeg(assembler) => assembler.distrust_markers(),
        }
    }

    /// Whether a marker means nothing with this camera.
    pub(super) fn distrusts_markers(&self) -> bool {
        match self {
            Self::Nal { assembler, .. } => assembler.distrusts_markers(),
            Self::Jpeg(assembler) => assembler.distrusts_markers(),
        }
    }

    /// The next access unit.
    pub(super) fn poll(&mut self) -> Option<Unit> {
        match self {
            Self::Nal { assembler, .. } => assembler.poll(),
            Self::Jpeg(assembler) => assembler.poll(),
        }
    }

    /// Bytes that are kept.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Nal { depacketizer, assembler } => {
                depacketizer.held_bytes() + assembler.held_bytes()
            }
            Self::Jpeg(assembler) => assembler.held_bytes(),
        }
    }
}
