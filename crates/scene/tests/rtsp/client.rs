//! A client that reads every byte itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use razz_scene::camera::RtspCamera;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// An interleaved or UDP packet of RTP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rtp {
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn parse_rtp(bytes: &[u8]) -> Rtp {
    assert_eq!(bytes[0], 0x80, "version 2, nothing else");
    assert_eq!(bytes[1] & 0x7F, 96);
    Rtp {
        marker: bytes[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
        timestamp: u32::from_be_bytes(bytes[4..8].try_into().unwrap()),
        ssrc: u32::from_be_bytes(bytes[8..12].try_into().unwrap()),
        payload: bytes[12..].to_vec(),
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: Vec<u8>,
    pub(crate) url: String,
    pub(crate) cseq: u32,
}

pub(crate) enum Item {
    Answer(Answer),
    Data(u8, Vec<u8>),
}

impl Client {
    pub(crate) fn connect(camera: &RtspCamera, mount: &str) -> Self {
        let stream = TcpStream::connect(camera.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, buffer: Vec::new(), url: camera.url(mount).unwrap(), cseq: 0 }
    }

    pub(crate) fn fill(&mut self, least: usize) -> std::io::Result<()> {
        let mut chunk = [0; 65536];
        while self.buffer.len() < least {
            let count = self.stream.read(&mut chunk)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&chunk[..count]);
        }
        Ok(())
    }

    pub(crate) fn item(&mut self) -> std::io::Result<Item> {
        self.fill(4)?;
        if self.buffer[0] == b'$' {
            let length = usize::from(u16::from_be_bytes([self.buffer[2], self.buffer[3]]));
            self.fill(4 + length)?;
            let data: Vec<u8> = self.buffer.drain(..4 + length).collect();
            return Ok(Item::Data(data[1], data[4..].to_vec()));
        }
        let end = loop {
            match self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.fill(self.buffer.len() + 1)?,
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8(head).expect("an answer is text");
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap();
        assert!(status.starts_with("RTSP/1.0 "), "{status:?}");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut answer =
            Answer { status: status[9..12].parse().unwrap(), headers, body: String::new() };
        let length: usize = answer.header("Content-Length").parse().unwrap_or(0);
        self.fill(length)?;
        let body = self.buffer.drain(..length).collect();
        answer.body = String::from_utf8(body).unwrap();
        Ok(Item::Answer(answer))
    }

    pub(crate) fn send(&mut self, method: &str, url: &str, headers: &str) {
        self.cseq += 1;
        let cseq = self.cseq;
        let request = format!("{method} {url} RTSP/1.0\r\nCSeq: {cseq}\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes()).unwrap();
    }

    /// Asks and skips media until the answer is there.
    pub(crate) fn ask(&mut self, method: &str, url: &str, headers: &str) -> Answer {
        self.send(method, url, headers);
        loop {
            if let Item::Answer(answer) = self.item().unwrap() {
                assert_eq!(answer.header("CSeq"), self.cseq.to_string());
                return answer;
            }
        }
    }

    /// SETUP and PLAY over the connection itself; returns the answers.
    pub(crate) fn play(&mut self) -> (Answer, Answer) {
        let url = self.url.clone();
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        let setup = self.ask("SETUP", &format!("{url}/trackID=0"), transport);
        assert_eq!(setup.status, 200, "{setup:?}");
        let session = session_of(&setup);
        let play = self.ask("PLAY", &url, &format!("Session: {session}\r\n"));
        assert_eq!(play.status, 200, "{play:?}");
        (setup, play)
    }

    /// The next RTP packets, and the RTCP between them.
    pub(crate) fn packets(&mut self, count: usize) -> (Vec<Rtp>, Vec<Vec<u8>>) {
        let (mut packets, mut reports) = (Vec::new(), Vec::new());
        while packets.len() < count {
            match self.item().unwrap() {
                Item::Data(0, bytes) => packets.push(parse_rtp(&bytes)),
                Item::Data(1, bytes) => reports.push(bytes),
                Item::Data(channel, _) => panic!("channel {channel}"),
                Item::Answer(answer) => panic!("unasked {answer:?}"),
            }
        }
        (packets, reports)
    }

    /// Packets until `count` pictures are whole.
    pub(crate) fn pictures(&mut self, count: usize) -> Vec<Vec<Rtp>> {
        let mut pictures = vec![Vec::new()];
        while pictures.len() <= count {
            let (packet, _) = self.packets(1);
            let whole = packet[0].marker;
            pictures.last_mut().unwrap().extend(packet);
            if whole {
                pictures.push(Vec::new());
            }
        }
        pictures.pop();
        pictures
    }

    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            match self.item() {
                Ok(_) => {}
                Err(error) => {
                    let kind = error.kind();
                    return !matches!(
                        kind,
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    );
                }
            }
        }
    }
}

pub(crate) fn session_of(answer: &Answer) -> String {
    answer.header("Session").split(';').next().unwrap().to_owned()
}

pub(crate) fn parameter(text: &str, name: &str) -> Option<String> {
    text.split([';', ',']).find_map(|part| part.trim().strip_prefix(name).map(str::to_owned))
}
