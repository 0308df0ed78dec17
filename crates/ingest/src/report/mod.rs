//! Reports of cameras: what was said between razz and a camera, as one file that can be attached to an
//! issue and played again. It has the whole dialogue with credentials masked, and of the media packets
//! their lengths and first bytes: enough to see what they are, nothing to see in them.
//!
//! A file has a JSON object a line, the first of which is the [`Header`], each other one a [`Line`].

mod record;
pub mod replay;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use self::record::Recorder;

/// The format's version.
const VERSION: u32 = 1;
/// The longest report that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// What a report is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The format's version.
    pub razz_report: u32,
    /// The razz that wrote it.
    pub razz: String,
    /// The camera's address, credentials masked.
    pub url: String,
    /// `tcp`, `udp` or `http`.
    pub transport: String,
    /// Whether razz was given a user name and a password.
    pub credentials: bool,
}

/// Something that happened, and when: µs since the report began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub t: i64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A connection was made, to this address.
    Connected(String),
    /// A message of ours.
    Sent(String),
    /// A message of the camera's. Each character is a byte (ISO 8859-1), so that nothing is lost.
    Came(String),
    /// A media packet over the connection.
    Packet(Packet),
    /// A media packet over UDP; its channel is 0 for RTP, 1 for RTCP, 2 and 3 for those of audio.
    Datagram(Packet),
    /// Bytes over the connection that belong to neither message nor packet; without a channel.
    Skipped(Packet),
    /// The camera closed the connection, or it broke.
    Closed(String),
    /// What razz made of it, as `razz doctor --json` shows it.
    Found(serde_json::Value),
}

/// The beginning of something longer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// Of the connection (RFC 2326 section 10.12).
    #[serde(default)]
    pub channel: u8,
    /// How long it was, in bytes.
    pub length: usize,
    /// Its first bytes, in hexadecimal.
    pub begin: String,
}

/// A report.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// What it is of.
    pub header: Header,
    /// What happened, in order.
    pub lines: Vec<Line>,
}

/// What is wrong with a report.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing of the kind.
    #[error(
        "it is no report: its first line is not one that `razz doctor --camera … --report` writes"
    )]
    NoReport,
    /// By another razz.
    #[error("it is of version {0}, and this razz reads version {VERSION}; take a newer razz")]
    Newer(u32),
    /// Too long.
    #[error("it is longer than {MAX_BYTES} bytes, which no report is")]
    TooLong,
    /// A line that is none.
    #[error("line {line}: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        error: String,
    },
    /// There was no connection.
    #[error("it has no connection to the camera, so there is nothing to replay")]
    Empty,
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        if text.len() > MAX_BYTES {
            return Err(ReportError::TooLong);
        }
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().ok_or(ReportError::NoReport)?;
        let version = serde_json::from_str::<serde_json::Value>(first).ok();
        let version = version.and_then(|value| value.get("razz_report")?.as_u64());
        match version {
            None => return Err(ReportError::NoReport),
            Some(version) if version > u64::from(VERSION) => {
                return Err(ReportError::Newer(u32::try_from(version).unwrap_or(u32::MAX)));
            }
            Some(_) => {}
        }
        let header = serde_json::from_str(first).map_err(|_| ReportError::NoReport)?;
        let line = |(at, line): (usize, &str)| {
            serde_json::from_str(line)
                .map_err(|error| ReportError::Line { line: at + 1, error: error.to_string() })
        };
        Ok(Self { header, lines: lines.map(line).collect::<Result<_, _>>()? })
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = json(&self.header);
        for line in &self.lines {
            let _ = write!(text, "\n{}", json(line));
        }
        text.push('\n');
        text
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text and numbers always serialise")
}

impl Packet {
    /// The first `kept` bytes of `data`.
    fn of(channel: u8, data: &[u8], kept: usize) -> Self {
        let begin = base16ct::lower::encode_string(&data[..kept.min(data.len())]);
        Self { channel, length: data.len(), begin }
    }

    /// As many bytes as there were, the unknown ones of no meaning.
    fn bytes(&self) -> Vec<u8> {
        /// No start code, no marker of anything.
        const UNKNOWN: u8 = 0xAA;
        /// The longest datagram or interleaved packet, and more than is skipped at once.
        const MOST: usize = 1 << 16;
        // What is no hexadecimal says nothing.
        let mut bytes = base16ct::mixed::decode_vec(&self.begin).unwrap_or_default();
        bytes.resize(self.length.min(MOST), UNKNOWN);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_refused_with_its_line() {
        let header = r#"{"razz_report":1,"razz":"0.1.0","url":"rtsp://h/s","transport":"tcp","credentials":false}"#;
        for (text, expected) in [
            (String::new(), ReportError::NoReport),
            ("hello".to_owned(), ReportError::NoReport),
            ("{}".to_owned(), ReportError::NoReport),
            (r#"{"razz_report":1}"#.to_owned(), ReportError::NoReport),
            (header.replace(":1,", ":2,"), ReportError::Newer(2)),
        ] {
            assert_eq!(Report::parse(&text).unwrap_err(), expected, "{text}");
        }
        for bad in ["x", r#"{"t":1}"#, r#"{"t":1,"said":"x"}"#, r#"{"sent":"x"}"#] {
            let error = Report::parse(&format!("{header}\n\n{bad}\n")).unwrap_err();
            assert!(matches!(error, ReportError::Line { line: 3, .. }), "{bad}: {error}");
        }
        let fine =
            format!("{header}\n{}", r#"{"t":5,"packet":{"channel":2,"length":4,"begin":"80"}}"#);
        let report = Report::parse(&fine).unwrap();
        assert_eq!(report.to_text().trim_end(), fine);
        let What::Packet(packet) = &report.lines[0].what else { panic!("{report:?}") };
        assert_eq!(packet.bytes(), [0x80, 0xAA, 0xAA, 0xAA]);
    }
}
