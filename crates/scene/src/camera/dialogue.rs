//! What a camera says, as bytes: answers and requests of its own, with the quirks of
//! [`Area::Dialogue`](super::Area) that show in their text.

use rtsp_types::StatusCode;

use super::quirk::{Quirk, Quirks};

/// The base behind the camera's router, which nobody outside can reach.
pub(crate) const PRIVATE_HOST: &str = "rtsp://192.168.1.2";

/// An answer before it is text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    fn change(&mut self, name: &str, with: impl Fn(&str) -> String) {
        let named = self.headers.iter_mut().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        named.for_each(|(_, value)| *value = with(value));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    fn rename(&mut self, name: &str, to: &str) {
        let named = self.headers.iter_mut().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        named.for_each(|(own, _)| *own = to.to_owned());
    }

    /// Changes what the headers say.
    pub(crate) fn spoil(&mut self, quirks: Quirks) {
        for quirk in quirks.iter() {
            match quirk {
                Quirk::ContentTypeCharset => {
                    self.change("Content-Type", |value| format!("{value}; charset=utf-8"));
                }
                Quirk::ContentTypeLowerCase => self.rename("Content-Type", "Content-type"),
                Quirk::ContentTypeMissing => self.remove("Content-Type"),
                Quirk::HeaderWithoutValue => self.headers.insert(0, ("X-Odd".into(), "".into())),
                Quirk::CseqLowerCase => self.rename("CSeq", "cseq"),
                Quirk::CseqMissing => self.remove("CSeq"),
                Quirk::SessionExtraParameters => {
                    self.change("Session", |value| format!("{value};foo=bar; x"));
                }
                Quirk::SessionTimeoutSpaces => {
                    self.change("Session", |v| v.replace(';', " ; ").replace('=', " = "));
                }
                Quirk::SessionIdOnly => {
                    self.change("Session", |v| v.split(';').next().unwrap_or(v).to_owned());
                }
                Quirk::ContentBaseMissing => self.remove("Content-Base"),
                Quirk::ContentLocation => self.rename("Content-Base", "Content-Location"),
                Quirk::ContentBaseWithoutSlash => {
                    self.change("Content-Base", |v| v.trim_end_matches('/').to_owned());
                }
                Quirk::ContentBasePrivate => self.change("Content-Base", private),
                _ => {
                    self.change("Transport", |value| spoil_transport(quirk, value));
                    self.change("RTP-Info", |value| spoil_rtp_info(quirk, value));
                }
            }
        }
        if quirks.has(Quirk::TransportMissing) {
            self.remove("Transport");
        }
        if quirks.has(Quirk::RtpInfoMissing) {
            self.remove("RTP-Info");
        }
    }

    /// The answer as text (RFC 2326 section 7), as the quirks write it.
    pub(crate) fn to_bytes(&self, quirks: Quirks) -> Vec<u8> {
        let has = |quirk| quirks.has(quirk);
        let version = if has(Quirk::VersionOther) { "2.0" } else { "1.0" };
        let mut text = format!("RTSP/{version} {}", u16::from(self.status));
        if !has(Quirk::ReasonMissing) {
            let reason = match self.status {
                StatusCode::Ok => "OK".to_owned(),
                other => other.to_string(),
            };
            text.push_str(&format!(" {reason}"));
        }
        text.push_str("\r\n");
        if has(Quirk::HeaderWithoutColon) {
            text.push_str("firmware v1.2 build 7\r\n");
        }
        for (name, value) in &self.headers {
            let name =
                if has(Quirk::HeadersLowerCase) { name.to_ascii_lowercase() } else { name.clone() };
            let before = if has(Quirk::SpaceBeforeColon) { " " } else { "" };
            let behind = if has(Quirk::SpaceMissing) || value.is_empty() { "" } else { " " };
            let value = match value.find([';', ',']) {
                Some(at) if has(Quirk::HeadersFolded) => {
                    format!("{}\r\n  {}", &value[..=at], value[at + 1..].trim_start())
                }
                _ => value.clone(),
            };
            text.push_str(&format!("{name}{before}:{behind}{value}\r\n"));
        }
        if !self.body.is_empty() || has(Quirk::ContentLengthZero) {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        if has(Quirk::LineFeedsOnly) {
            text = text.replace("\r\n", "\n");
        }
        text.push_str(&self.body);
        if has(Quirk::BlankLines) {
            text = format!("\r\n\r\n{text}\r\n\r\n");
        }
        text.into_bytes()
    }
}

/// The address as the camera knows it behind its router.
pub(crate) fn private(address: &str) -> String {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    format!("{PRIVATE_HOST}/{path}")
}

/// Changes the parameters of `Transport` (RFC 2326 section 12.39).
fn spoil_transport(quirk: Quirk, value: &str) -> String {
    let change = |name: &str, with: &dyn Fn(&str) -> Option<String>| {
        let parameters = value.split(';').filter_map(|parameter| match parameter.split_once('=') {
            Some((own, old)) if own == name => with(old),
            _ => Some(parameter.to_owned()),
        });
        parameters.collect::<Vec<_>>().join(";")
    };
    let ssrc = |hex: &str| u32::from_str_radix(hex, 16).unwrap_or(0);
    match quirk {
        Quirk::ChannelSingle => change("interleaved", &|channels| {
            channels.split('-').next().map(|first| format!("interleaved={first}"))
        }),
        Quirk::ChannelsUnnamed => change("interleaved", &|_| None),
        Quirk::TransportSsrcSpaces => change("ssrc", &|hex| Some(format!(" ssrc= {hex} "))),
        Quirk::TransportSsrcDecimal => change("ssrc", &|hex| Some(format!("ssrc={}", ssrc(hex)))),
        Quirk::TransportSsrcWrong => {
            change("ssrc", &|hex| Some(format!("ssrc={:08X}", ssrc(hex) ^ 0x0F0F_0F0F)))
        }
        Quirk::TransportModeUnquoted => change("mode", &|_| Some("mode=play".to_owned())),
        Quirk::TransportUnknownParameters => format!("{value};;x-odd=1;append"),
        Quirk::ServerPortMissing => change("server_port", &|_| None),
        Quirk::SourceOther => format!("{value};source=10.1.2.3"),
        _ => value.to_owned(),
    }
}

/// Changes what `RTP-Info` promises (RFC 2326 section 12.33).
fn spoil_rtp_info(quirk: Quirk, value: &str) -> String {
    let change = |name: &str, with: &dyn Fn(u32) -> Option<String>| {
        let parameters = value.split(';').filter_map(|parameter| match parameter.split_once('=') {
            Some((own, old)) if own == name => {
                with(old.parse().unwrap_or(0)).map(|new| format!("{own}={new}"))
            }
            _ => Some(parameter.to_owned()),
        });
        parameters.collect::<Vec<_>>().join(";")
    };
    let sequence =
        |by: u16| change("seq", &|old| Some(u16::to_string(&(old as u16).wrapping_add(by))));
    match quirk {
        Quirk::RtpInfoSeqMissing => change("seq", &|_| None),
        Quirk::RtpInfoSeqTooLarge => change("seq", &|old| Some((old + 65536).to_string())),
        Quirk::RtpInfoSeqWrong => sequence(0u16.wrapping_sub(20_000)),
        Quirk::RtpInfoSeqAhead => sequence(1000),
        Quirk::RtpInfoTimeWrong => {
            change("rtptime", &|old| Some(old.wrapping_add(3600 * 90_000).to_string()))
        }
        Quirk::RtpInfoTimeTooLarge => {
            change("rtptime", &|old| Some((u64::from(old) + (1 << 32)).to_string()))
        }
        Quirk::RtpInfoSeveralUrls => {
            let audio = value.replace("trackID=0", "trackID=1");
            let audio = audio.split(";seq").next().unwrap_or("");
            format!("{audio};seq=1;rtptime=2,{value}")
        }
        _ => value.to_owned(),
    }
}

/// A request of the camera to its client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ServerRequest {
    pub(crate) method: &'static str,
    /// Only 200 will do.
    pub(crate) wants_ok: bool,
}

impl ServerRequest {
    /// What a camera with these quirks asks while it plays.
    pub(crate) fn of(quirks: Quirks) -> Option<Self> {
        let methods = [
            (Quirk::AsksOptions, "OPTIONS", true),
            (Quirk::AsksGetParameter, "GET_PARAMETER", true),
            (Quirk::AsksSetParameter, "SET_PARAMETER", true),
            (Quirk::AsksAnnounce, "ANNOUNCE", true),
            (Quirk::AsksUnknown, "X-PROBE", false),
            (Quirk::AsksRedirect, "REDIRECT", false),
        ];
        let found = methods.into_iter().find(|(quirk, _, _)| quirks.has(*quirk));
        found.map(|(_, method, wants_ok)| Self { method, wants_ok })
    }

    /// As text. `session` and `url` are those of the session, `sdp` what DESCRIBE would answer.
    pub(crate) fn to_bytes(self, cseq: u32, session: &str, url: &str, sdp: &str) -> Vec<u8> {
        let method = self.method;
        let (uri, headers, body) = match method {
            "OPTIONS" => ("*", String::new(), ""),
            "SET_PARAMETER" => {
                (url, "Content-Type: text/parameters\r\n".to_owned(), "position: 7\r\n")
            }
            "ANNOUNCE" => (url, "Content-Type: application/sdp\r\n".to_owned(), sdp),
            "REDIRECT" => (url, format!("Location: {url}\r\n"), ""),
            _ => (url, String::new(), ""),
        };
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        format!(
            "{method} {uri} RTSP/1.0\r\nCSeq: {cseq}\r\nSession: {session}\r\n{headers}{length}\r\n{body}"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer::new(StatusCode::Ok)
            .header("CSeq", "3")
            .header("Session", "1234;timeout=60")
            .header("Content-Type", "application/sdp")
            .header("Content-Base", "rtsp://127.0.0.1:8554/camera1/")
            .header(
                "Transport",
                "RTP/AVP/TCP;unicast;interleaved=0-1;server_port=6-7;ssrc=0000000A;mode=\"PLAY\"",
            )
            .header("RTP-Info", "url=rtsp://127.0.0.1/camera1/trackID=0;seq=100;rtptime=5000")
    }

    fn text(quirk: Quirk) -> String {
        let mut answer = answer();
        answer.spoil(quirk.into());
        String::from_utf8(answer.to_bytes(quirk.into())).unwrap()
    }

    #[test]
    fn an_answer_without_quirks_is_as_the_standard_writes_it() {
        let bytes = answer().body("v=0\r\n".to_owned()).to_bytes(Quirks::NONE);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1234;timeout=60\r\n"));
        assert!(text.ends_with("rtptime=5000\r\nContent-Length: 5\r\n\r\nv=0\r\n"), "{text}");
    }

    #[test]
    fn each_quirk_shows_in_the_answers_text() {
        for (quirk, has, has_not) in [
            (Quirk::ContentTypeCharset, "Content-Type: application/sdp; charset=utf-8\r\n", "\n\n"),
            (Quirk::ContentTypeLowerCase, "Content-type: application/sdp", "Content-Type"),
            (Quirk::ContentTypeMissing, "CSeq", "Content-Type"),
            (Quirk::HeaderWithoutValue, "\r\nX-Odd:\r\n", "\n\n"),
            (Quirk::HeaderWithoutColon, "OK\r\nfirmware v1.2 build 7\r\n", "\n\n"),
            (Quirk::HeadersFolded, "Session: 1234;\r\n  timeout=60\r\n", "1234;timeout"),
            (Quirk::LineFeedsOnly, "OK\nCSeq: 3\n", "\r"),
            (Quirk::SpaceBeforeColon, "CSeq : 3\r\n", "CSeq:"),
            (Quirk::SpaceMissing, "CSeq:3\r\n", "CSeq: "),
            (Quirk::HeadersLowerCase, "transport: ", "Transport"),
            (Quirk::CseqLowerCase, "cseq: 3\r\n", "CSeq"),
            (Quirk::CseqMissing, "Session", "CSeq"),
            (Quirk::ContentLengthZero, "Content-Length: 0\r\n", "\n\n"),
            (Quirk::ReasonMissing, "RTSP/1.0 200\r\n", "OK"),
            (Quirk::VersionOther, "RTSP/2.0 200 OK", "1.0"),
            (Quirk::SessionExtraParameters, "Session: 1234;timeout=60;foo=bar; x\r\n", "\n\n"),
            (Quirk::SessionTimeoutSpaces, "Session: 1234 ; timeout = 60\r\n", "timeout="),
            (Quirk::SessionIdOnly, "Session: 1234\r\n", "timeout"),
            (Quirk::ChannelSingle, ";interleaved=0;", "0-1"),
            (Quirk::ChannelsUnnamed, "unicast;server_port", "interleaved"),
            (Quirk::TransportMissing, "CSeq", "Transport"),
            (Quirk::TransportSsrcSpaces, "; ssrc= 0000000A ;", "ssrc=0"),
            (Quirk::TransportSsrcDecimal, ";ssrc=10;", "0000000A"),
            (Quirk::TransportSsrcWrong, ";ssrc=0F0F0F05;", "0000000A"),
            (Quirk::TransportModeUnquoted, ";mode=play\r\n", "PLAY"),
            (Quirk::TransportUnknownParameters, "\"PLAY\";;x-odd=1;append\r\n", "\n\n"),
            (Quirk::ServerPortMissing, "interleaved=0-1;ssrc", "server_port"),
            (Quirk::SourceOther, ";source=10.1.2.3\r\n", "\n\n"),
            (Quirk::ContentBaseMissing, "CSeq", "Content-Base"),
            (Quirk::ContentBaseWithoutSlash, "Base: rtsp://127.0.0.1:8554/camera1\r\n", "a1/\r"),
            (Quirk::ContentBasePrivate, "Base: rtsp://192.168.1.2/camera1/\r\n", "8554"),
            (Quirk::ContentLocation, "Content-Location: rtsp://127.0.0.1:8554/", "Content-Base"),
            (Quirk::RtpInfoMissing, "CSeq", "RTP-Info"),
            (Quirk::RtpInfoSeqMissing, "trackID=0;rtptime=5000", "seq="),
            (Quirk::RtpInfoSeqTooLarge, ";seq=65636;", "seq=100"),
            (Quirk::RtpInfoSeqWrong, ";seq=45636;", "seq=100"),
            (Quirk::RtpInfoSeqAhead, ";seq=1100;", "seq=100;"),
            (Quirk::RtpInfoTimeWrong, ";rtptime=324005000\r\n", "rtptime=5000"),
            (Quirk::RtpInfoTimeTooLarge, ";rtptime=4294972296\r\n", "rtptime=5000"),
            (Quirk::RtpInfoSeveralUrls, "trackID=1;seq=1;rtptime=2,url=rtsp://127", "\n\n"),
            (Quirk::BlankLines, "\r\n\r\nRTSP/1.0 200", "\n\n"),
        ] {
            let text = text(quirk);
            assert!(text.contains(has) && !text.contains(has_not), "{quirk:?}: {text}");
            let plain = String::from_utf8(answer().to_bytes(Quirks::NONE)).unwrap();
            assert_ne!(text, plain, "{quirk:?}");
        }
    }

    #[test]
    fn requests_of_the_camera() {
        for (quirk, begins, ends, wants_ok) in [
            (Quirk::AsksOptions, "OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n", "Session: 1\r\n\r\n", true),
            (Quirk::AsksGetParameter, "GET_PARAMETER rtsp://h/c RTSP", "Session: 1\r\n\r\n", true),
            (
                Quirk::AsksSetParameter,
                "SET_PARAMETER rtsp://h/c",
                "13\r\n\r\nposition: 7\r\n",
                true,
            ),
            (Quirk::AsksAnnounce, "ANNOUNCE rtsp://h/c RTSP", "-Length: 5\r\n\r\nv=0\r\n", true),
            (Quirk::AsksUnknown, "X-PROBE rtsp://h/c RTSP", "Session: 1\r\n\r\n", false),
            (Quirk::AsksRedirect, "REDIRECT rtsp://h/c", "Location: rtsp://h/c\r\n\r\n", false),
        ] {
            let request = ServerRequest::of(quirk.into()).unwrap();
            let text =
                String::from_utf8(request.to_bytes(9, "1", "rtsp://h/c", "v=0\r\n")).unwrap();
            assert!(text.starts_with(begins) && text.ends_with(ends), "{text}");
            assert_eq!(request.wants_ok, wants_ok, "{quirk:?}");
        }
        assert_eq!(ServerRequest::of(Quirk::BlankLines.into()), None);
    }
}
