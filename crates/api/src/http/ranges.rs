//! Parts of files, as browsers and players ask for them.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

/// What is read at once, in bytes.
const CHUNK: usize = 256 << 10;

/// Something that has a length and can be read anywhere.
pub(super) trait ReadAt: Send + Sync + 'static {
    /// Reads what stands at `at`, as much of it as fits or is at hand; 0 behind the end.
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for std::fs::File {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, out, at)
    }
}

/// What a `Range` header asks for of so many bytes (RFC 9110 section 14.2). Several ranges, and units that are not bytes,
/// are answered with the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Range {
    Whole,
    Part(u64, u64),
    Beyond,
}

fn byte_range(header: &str, all: u64) -> Range {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Range::Whole;
    };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), _) if first >= all => Range::Beyond,
        (Ok(first), Ok(last)) if last >= first => Range::Part(first, last.min(all - 1)),
        (Ok(first), Err(_)) if last.trim().is_empty() => Range::Part(first, all - 1),
        (Err(_), Ok(0)) if first.trim().is_empty() => Range::Beyond,
        (Err(_), Ok(count)) if first.trim().is_empty() => {
            Range::Part(all.saturating_sub(count), all - 1)
        }
        _ => Range::Whole,
    }
}

/// Answers with the part of `file`, which has `all` bytes, that the request wants. `headers` say what it is.
pub(super) fn answer(
    request: &HeaderMap,
    file: impl ReadAt,
    all: u64,
    headers: &[(&'static str, String)],
) -> Response {
    let range = request.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, first, end) = match range.map(|range| byte_range(range, all)) {
        None | Some(Range::Whole) => (StatusCode::OK, 0, all),
        Some(Range::Part(first, last)) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Some(Range::Beyond) => {
            let said = [(header::CONTENT_RANGE, format!("bytes */{all}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, said).into_response();
        }
    };
    let mut answer = (
        status,
        [
            (header::CONTENT_LENGTH, (end - first).to_string()),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        Body::from_stream(bytes(file, first, end)),
    )
        .into_response();
    let range = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| (header::CONTENT_RANGE.as_str(), format!("bytes {first}-{}/{all}", end - 1)));
    for (name, value) in headers.iter().cloned().chain(range) {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// From `first` up to `end`.
fn bytes(file: impl ReadAt, first: u64, end: u64) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((Arc::new(file), first), move |(file, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let reading = Arc::clone(&file);
        // Files are read, and the runtime's threads have sockets to serve.
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK.min((end - at) as usize)];
            let mut count = 0;
            while count < chunk.len() {
                match reading.read_at(at + count as u64, &mut chunk[count..])? {
                    0 => break,
                    read => count += read,
                }
            }
            chunk.truncate(count);
            io::Result::Ok(chunk)
        });
        let chunk = read.await.map_err(io::Error::other)??;
        if chunk.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let next = at + chunk.len() as u64;
        Ok(Some((Bytes::from(chunk), (file, next))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_ranges() {
        for (header, expected) in [
            ("bytes=0-", Range::Part(0, 99)),
            ("bytes=10-19", Range::Part(10, 19)),
            ("bytes=10-1000", Range::Part(10, 99)),
            ("bytes=-30", Range::Part(70, 99)),
            ("bytes=-300", Range::Part(0, 99)),
            ("bytes=100-", Range::Beyond),
            ("bytes=-0", Range::Beyond),
            ("bytes=9-3", Range::Whole),
            ("bytes=0-1,5-6", Range::Whole),
            ("seconds=1-2", Range::Whole),
            ("bytes=a-b", Range::Whole),
        ] {
            assert_eq!(byte_range(header, 100), expected, "{header}");
        }
    }
}
