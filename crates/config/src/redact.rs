//! Keeps credentials out of everything that is shown: a secret type, and a mask for free text.
//!
//! [`Secret`] is for values that are known to be secret. [`text`] is the second line of defence,
//! for messages whose origin is not ours (a library's error, a log line).

use std::borrow::Cow;
use std::fmt;

/// What stands where a secret stood.
const MASK: &str = "***";

/// A string that shows itself only to who calls [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: to log in with, never to show.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// `text` with the credentials in its URLs masked, with whatever follows the word `authorization` on a
/// line masked as well, and without razz's own tokens and cookies.
///
/// Masks too much rather than too little: in a URL everything up to the last `@` before the next
/// blank or quote goes, since passwords are often pasted without percent-encoding.
pub fn text(text: &str) -> Cow<'_, str> {
    match tokens_masked(text) {
        Some(masked) => Cow::Owned(addresses_masked(&masked).into_owned()),
        None => addresses_masked(text),
    }
}

/// `text` without razz's own tokens and cookies, if it holds any. They are told by what they begin
/// with, and by more characters of base64url than any name has.
fn tokens_masked(text: &str) -> Option<String> {
    const MARKS: [&str; 3] = ["razz_session=", "razz_", "view."];
    const SHORTEST: usize = 43;
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, mark)) = MARKS
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| (at, *mark)))
        .min_by_key(|(at, mark)| (*at, usize::MAX - mark.len()))
    {
        let (before, token) = rest.split_at(at + mark.len());
        let of_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = token.find(|c| !of_token(c)).unwrap_or(token.len());
        out.push_str(before);
        out.push_str(if end >= SHORTEST { MASK } else { &token[..end] });
        rest = &token[end..];
    }
    (out.len() + rest.len() != text.len()).then(|| out + rest)
}

/// `text` with the credentials of URLs and of `authorization` masked.
fn addresses_masked(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !contains_authorization(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match find_authorization(line) {
            Some(end) => {
                push_with_urls_masked(&mut out, &line[..end]);
                out.push_str(": ");
                out.push_str(MASK);
                out.push_str(if line.ends_with('\n') { "\n" } else { "" });
            }
            None => push_with_urls_masked(&mut out, line),
        }
    }
    Cow::Owned(out)
}

const AUTHORIZATION: &str = "authorization";

fn contains_authorization(text: &str) -> bool {
    find_authorization(text).is_some()
}

/// The offset just behind the first `authorization`, in any case.
fn find_authorization(text: &str) -> Option<usize> {
    let word = AUTHORIZATION.as_bytes();
    let at = text.as_bytes().windows(word.len()).position(|w| w.eq_ignore_ascii_case(word))?;
    Some(at + word.len())
}

fn push_with_urls_masked(out: &mut String, mut rest: &str) {
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'))
            .unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        out.push_str(before);
        push_masked_url(out, url);
        rest = tail;
    }
    out.push_str(rest);
}

/// `url` is what follows `scheme://`.
fn push_masked_url(out: &mut String, url: &str) {
    let shown = match url.rfind('@') {
        Some(at) => {
            out.push_str(MASK);
            &url[at..]
        }
        None => url,
    };
    // Some cameras take the credentials in the path or the query: user=admin&password=secret.
    let mut rest = shown;
    while let Some(at) = rest.find('=') {
        let (key, value) = rest.split_at(at + 1);
        let end = value.find(['&', ';', '#', '?']).unwrap_or(value.len());
        out.push_str(key);
        if names_a_secret(&key[..at]) {
            out.push_str(MASK);
            rest = &value[end..];
        } else {
            rest = value;
        }
    }
    out.push_str(rest);
}

/// Whether a key of a query is one that cameras take credentials by.
pub(crate) fn names_a_secret(key: &str) -> bool {
    const NAMES: [&str; 11] = [
        "user", "username", "usr", "login", "password", "passwd", "pass", "pwd", "token", "secret",
        "auth",
    ];
    let start = key.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |i| i + 1);
    NAMES.iter().any(|name| key[start..].eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn tokens_and_cookies_are_masked_and_names_are_not() {
        let secret = "0123456789abcdefghijABCDEFGHIJ_-0123456789a";
        for (text_in, shown) in [
            (
                format!("cookie: a=b; razz_session={secret}; c=d"),
                "cookie: a=b; razz_session=***; c=d",
            ),
            (
                format!("GET /ws/tracking/1?token=view.{secret}.{secret} HTTP/1.1"),
                "GET /ws/tracking/1?token=view.*** HTTP/1.1",
            ),
            (format!("\"razz_{secret}\" and \"razz_{secret}\""), "\"razz_***\" and \"razz_***\""),
            (
                "razz_camera_frames_unchanged_total{camera=\"1\"} 5".to_owned(),
                "razz_camera_frames_unchanged_total{camera=\"1\"} 5",
            ),
            ("over view. The razz_session=none".to_owned(), "over view. The razz_session=none"),
        ] {
            assert_eq!(text(&text_in), shown);
        }
    }

    #[test]
    fn urls_lose_their_credentials_and_nothing_else() {
        for (text_in, shown) in [
            ("no address here, a@b either", "no address here, a@b either"),
            ("rtsp://10.0.0.5/stream1", "rtsp://10.0.0.5/stream1"),
            ("dialling rtsp://u:p@10.0.0.5/s, retry", "dialling rtsp://***@10.0.0.5/s, retry"),
            ("rtsp://u:p@ss/w#rd@host/s", "rtsp://***@host/s"),
            ("(\"rtsp://u:p@h\" and 'rtsp://h2')", "(\"rtsp://***@h\" and 'rtsp://h2')"),
            (
                "rtsp://h/cam?channel=1&user=admin&password=x&sub=2",
                "rtsp://h/cam?channel=1&user=***&password=***&sub=2",
            ),
            ("rtsp://h/user=admin_password=x_channel=1.sdp", "rtsp://h/user=***"),
            ("rtsp://h/a?channel=1_password=x", "rtsp://h/a?channel=1_password=***"),
            ("rtsp://h/é?token=ü", "rtsp://h/é?token=***"),
            ("Authorization: Basic dTpw\nCSeq: 2", "Authorization: ***\nCSeq: 2"),
            ("headers [AUTHORIZATION=Digest x]", "headers [AUTHORIZATION: ***"),
            ("://", "://"),
        ] {
            assert_eq!(text(text_in), shown, "{text_in}");
        }
    }
}
