//! Pulling from a server that breaks off, lies, hangs, refuses, or has another file.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;

const BYTES: usize = 300_000;

/// How the server treats one request.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// All of it, whatever part was asked for.
    Whole,
    /// What was asked for.
    Asked,
    /// What was asked for, but only so many bytes of it, then the connection ends.
    BreakAfter(usize),
    /// Likewise, but the connection stays open.
    HangAfter(usize),
    /// Takes the request and says nothing.
    Hang,
    /// Ends the connection without a word.
    Close,
    /// Says that it has so many bytes.
    Lie(usize),
    /// Says nothing about the length, and sends so many bytes more or less than there are.
    Unsaid(isize),
    /// Another file of the same size.
    Wrong,
    /// A status.
    Status(&'static str),
    /// The rest, from another byte than was asked for.
    OtherPart,
    /// A redirection to itself.
    Elsewhere,
}

/// A server that treats each request as its script says; further ones like the last.
struct Server {
    url: String,
    /// The first byte that each request asked for.
    asked: Arc<Mutex<Vec<u64>>>,
    /// Whether a request may never be answered: then it is not waited for as long.
    hangs: bool,
}

impl Server {
    fn start(script: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hangs = script.iter().any(|act| matches!(act, Act::Hang | Act::HangAfter(_)));
        let (script, seen) = (script.to_vec(), Arc::clone(&asked));
        thread::spawn(move || {
            for (i, stream) in listener.incoming().enumerate() {
                let act = script[i.min(script.len() - 1)];
                let seen = Arc::clone(&seen);
                // A hanging connection does not keep the next one waiting.
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let from = asked_from(&stream);
                    seen.lock().unwrap().push(from);
                    // The client may be gone already.
                    let _ = answer(&mut stream, act, from);
                });
            }
        });
        Self { url, asked, hangs }
    }

    fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a request; the first byte that it asks for.
fn asked_from(stream: &TcpStream) -> u64 {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut from = 0;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let line = line.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap();
        }
    }
    from
}

fn answer(stream: &mut TcpStream, act: Act, from: u64) -> io::Result<()> {
    let (data, from) = (content(), from as usize);
    let part = |from: usize| match from {
        0 => format!("HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\n\r\n"),
        _ => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{BYTES}\r\n\r\n",
            BYTES - from,
            BYTES - 1
        ),
    };
    let forever = || thread::sleep(Duration::from_secs(3600));
    match act {
        Act::Whole => {
            write!(stream, "{}", part(0))?;
            stream.write_all(&data)
        }
        Act::Asked => {
            write!(stream, "{}", part(from))?;
            stream.write_all(&data[from..])
        }
        Act::BreakAfter(bytes) | Act::HangAfter(bytes) => {
            write!(stream, "{}", part(from))?;
            stream.write_all(&data[from..from + bytes])?;
            if matches!(act, Act::HangAfter(_)) {
                forever();
            }
            Ok(())
        }
        Act::Hang => {
            forever();
            Ok(())
        }
        Act::Close => Ok(()),
        Act::Lie(length) => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
            stream.write_all(&data)
        }
        Act::Unsaid(more) => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            let length = BYTES.saturating_add_signed(more);
            stream.write_all(&data.iter().copied().cycle().take(length).collect::<Vec<u8>>())
        }
        Act::Wrong => {
            write!(stream, "{}", part(0))?;
            stream.write_all(&vec![7; BYTES])
        }
        Act::Status(status) => {
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\noops")
        }
        Act::OtherPart => {
            write!(stream, "{}", part(from + 1))?;
            stream.write_all(&data[from + 1..])
        }
        Act::Elsewhere => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: /moved.onnx\r\nContent-Length: 0\r\n\r\n"
            )
        }
    }
}

fn content() -> Vec<u8> {
    (0..BYTES as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// A folder that is gone afterwards, and a model that is not in it.
struct Place {
    folder: PathBuf,
    known: Known,
}

impl Place {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("razz-pull-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("whole");
        fs::write(&file, content()).unwrap();
        let sha256 = Box::leak(sha256(&file).unwrap().into_boxed_str());
        fs::remove_file(file).unwrap();
        let known =
            Known { name: "some", bytes: BYTES as u64, sha256, ..razz_config::models::KNOWN[0] };
        Self { folder, known }
    }

    fn part(&self) -> PathBuf {
        self.folder.join(".some.onnx.part")
    }

    fn pull(&self, server: &Server, pauses: usize) -> Result<Pulled, PullError> {
        let source = Source {
            patience: Duration::from_secs(if server.hangs { 2 } else { 20 }),
            pauses: vec![Duration::from_millis(1); pauses],
            ..Source::new(&self.known, Some(&server.url))
        };
        pull(&self.known, &source, &self.folder, &mut |_| ())
    }

    fn is_whole(&self) -> bool {
        let file = fs::read(self.known.file(&self.folder));
        file.is_ok_and(|file| file == content()) && !self.part().exists()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn what_comes_in_the_end_is_whole() {
    use Act::*;
    for (i, (script, asked)) in [
        (&[Asked][..], &[0][..]),
        (&[Unsaid(0)], &[0]),
        (&[Elsewhere, Asked], &[0, 0]),
        (&[BreakAfter(100_000), Asked], &[0, 100_000]),
        (&[BreakAfter(1), BreakAfter(2), BreakAfter(3), Asked], &[0, 1, 3, 6]),
        (&[BreakAfter(0), Close, Asked], &[0, 0, 0]),
        (&[HangAfter(5000), Asked], &[0, 5000]),
        (&[Hang, Asked], &[0, 0]),
        (&[Status("503 Service Unavailable"), Status("429 Too Many Requests"), Asked], &[0, 0, 0]),
        // The server knows no ranges: from the beginning, not appended.
        (&[BreakAfter(5000), Whole], &[0, 5000]),
        (&[BreakAfter(5000), Unsaid(0)], &[0, 5000]),
        (&[Unsaid(-9), Asked], &[0, 299_991]),
        // What it sends is not what was asked for.
        (&[BreakAfter(5000), OtherPart, Asked], &[0, 5000, 0]),
        (&[BreakAfter(5000), Status("416 Range Not Satisfiable"), Asked], &[0, 5000, 0]),
    ]
    .into_iter()
    .enumerate()
    {
        let (place, server) = (Place::new(&format!("whole-{i}")), Server::start(script));
        let pulled = place.pull(&server, 4);
        assert!(matches!(pulled, Ok(Pulled::Fetched)), "{script:?}: {pulled:?}");
        assert!(place.is_whole(), "{script:?}");
        assert_eq!(server.asked(), asked, "{script:?}");
        // And is not fetched again.
        assert!(matches!(place.pull(&server, 0), Ok(Pulled::Present)), "{script:?}");
        assert_eq!(server.asked().len(), asked.len(), "{script:?}");
    }
}

#[test]
fn what_cannot_be_had_is_said() {
    use Act::*;
    for (i, (script, said, kept)) in [
        (&[Status("404 Not Found")][..], "answers 404 Not Found; it is not there any more", 0),
        (&[Status("403 Forbidden")], "answers 403 Forbidden; it does not let everyone in", 0),
        (&[Status("500 Oops")], "it answers 500 Internal Server Error; 0 of 300000 bytes", 0),
        (&[Lie(BYTES + 1)], "has 300001 bytes, not the 300000 bytes", 0),
        (&[Lie(4)], "has 4 bytes, not the 300000 bytes", 0),
        (&[Unsaid(1)], "has more, not the 300000 bytes", 0),
        (&[Wrong], "is not this model: its SHA-256 is ", -1),
        (&[BreakAfter(1000), Close], "; 1000 of 300000 bytes are here, run it again", 1000),
        (&[Hang], "nothing came for 2 s; 0 of 300000 bytes", 0),
        (&[HangAfter(2000), Hang], "nothing came for 2 s; 2000 of 300000 bytes", 2000),
        (&[BreakAfter(9), Wrong], "is not this model: its SHA-256 is ", -1),
    ]
    .into_iter()
    .enumerate()
    {
        let (place, server) = (Place::new(&format!("said-{i}")), Server::start(script));
        let error = place.pull(&server, 1).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(&server.url), "{script:?}: {error}");
        assert!(!error.contains('\n') && !place.known.file(&place.folder).exists(), "{error}");
        let part = fs::metadata(place.part()).map_or(-1, |part| part.len() as i64);
        assert_eq!(part, kept, "{script:?}: {error}");
    }
    let place = Place::new("nobody");
    let nobody =
        Server { url: "http://127.0.0.1:1".to_owned(), asked: Arc::default(), hangs: false };
    let error = place.pull(&nobody, 0).unwrap_err().to_string();
    assert!(
        error.contains("http://127.0.0.1:1/some.onnx: ") && error.contains("refused"),
        "{error}"
    );
}

#[test]
fn what_is_there_already_is_left_alone() {
    let (place, server) = (Place::new("there"), Server::start(&[Act::Asked]));
    fs::write(place.known.file(&place.folder), "somebody's own").unwrap();
    let error = place.pull(&server, 0).unwrap_err();
    assert!(matches!(error, PullError::Taken(_)), "{error}");
    assert_eq!(fs::read(place.known.file(&place.folder)).unwrap(), b"somebody's own");
    assert!(server.asked().is_empty());
}

#[test]
fn two_at_once_do_not_mix() {
    let (place, server) = (Place::new("two"), Server::start(&[Act::Asked]));
    let part = File::create(place.part()).unwrap();
    part.lock().unwrap();
    let error = place.pull(&server, 0).unwrap_err();
    assert!(matches!(error, PullError::UnderWay), "{error}");
    drop(part);
    assert!(matches!(place.pull(&server, 0), Ok(Pulled::Fetched)));
}

#[test]
fn a_part_of_an_earlier_day_is_gone_on_from() {
    for (part, asked) in [
        (content()[..70_000].to_vec(), &[70_000][..]),
        // All of it, only not moved yet.
        (content(), &[]),
        // Longer than the model.
        (vec![0; BYTES + 5], &[0]),
    ] {
        let (place, server) = (Place::new("earlier"), Server::start(&[Act::Asked]));
        fs::write(place.part(), part).unwrap();
        assert!(matches!(place.pull(&server, 0), Ok(Pulled::Fetched)));
        assert!(place.is_whole());
        assert_eq!(server.asked(), asked);
    }
    // A part that was never this model: thrown away, and the next pull begins anew.
    let (place, server) = (Place::new("never"), Server::start(&[Act::Asked]));
    fs::write(place.part(), vec![1; 5000]).unwrap();
    assert!(matches!(place.pull(&server, 0), Err(PullError::Hash { .. })));
    assert!(matches!(place.pull(&server, 0), Ok(Pulled::Fetched)));
    assert!(place.is_whole());
}

#[test]
fn a_mirror_is_a_folder_or_a_file() {
    let known = &razz_config::models::KNOWN[1];
    for (mirror, url) in [
        (None, known.url),
        (Some("https://m.example/models/"), "https://m.example/models/yolox_nano.onnx"),
        (Some("http://m.example/a.onnx"), "http://m.example/a.onnx"),
    ] {
        assert_eq!(Source::new(known, mirror).url, url);
    }
}

#[test]
fn ranges() {
    for (text, range) in [
        ("bytes 100-199/200", Some((100, Some(200)))),
        ("bytes 0-0/1", Some((0, Some(1)))),
        ("bytes 5-9/*", Some((5, None))),
        ("bytes */200", None),
        ("items 1-2/3", None),
        ("bytes x-2/3", None),
        ("", None),
    ] {
        assert_eq!(parse_range(text), range, "{text}");
    }
}
