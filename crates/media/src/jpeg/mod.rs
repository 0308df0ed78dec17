//! JPEG pictures (Rec. ITU-T T.81), as cameras send them by RTP: what their headers say, and the headers
//! that RTP leaves out.

mod header;
mod scan;
mod tables;

pub use header::{Header, Scan, is_jpeg, write_headers};
pub use scan::{ScanError, check_scan};
pub use tables::{QuantizationTables, tables_by_quality};

/// The markers that are read or written (table B.1).
pub(crate) mod marker {
    pub(crate) const SOI: u8 = 0xD8;
    pub(crate) const EOI: u8 = 0xD9;
    pub(crate) const APP0: u8 = 0xE0;
    pub(crate) const DQT: u8 = 0xDB;
    pub(crate) const SOF0: u8 = 0xC0;
    pub(crate) const DHT: u8 = 0xC4;
    pub(crate) const DRI: u8 = 0xDD;
    pub(crate) const SOS: u8 = 0xDA;
}
