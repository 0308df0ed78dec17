//! Plays a report again: a server on this machine says what the camera said, at the times at which it
//! said it, to the client as it is now. Nothing of the camera is needed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use razz_config::{Source, SourceError, Transport};
use razz_hub::lock;
use razz_rtsp::{Piece, Pieces};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};

use super::{Line, Report, ReportError, What};

/// A request of ours that does not come in this time is passed over.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);
/// What the client is told where it needs credentials: the report has none, and nobody checks.
const NOBODY: &str = "user:password@";

/// A report that is being played. Dropping it ends that.
pub struct Replay {
    source: Source,
    differences: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

/// Why a report cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is none.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The address in it is none.
    #[error("its address is none: {0}")]
    Address(#[from] SourceError),
    /// No port for it.
    #[error("no port on this machine: {0}")]
    Port(#[from] std::io::Error),
}

impl Replay {
    /// Begins to play; the client has yet to connect.
    ///
    /// # Errors
    /// When nothing can be played.
    pub async fn start(report: &Report) -> Result<Self, ReplayError> {
        let connections = connections(report);
        if connections.is_empty() {
            return Err(ReportError::Empty.into());
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let here = format!("127.0.0.1:{}", listener.local_addr()?.port());
        let source = source(report, &here)?;
        let differences = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&differences);
        let task = tokio::spawn(async move {
            let mut rest = VecDeque::from(connections);
            // What is left of a connection when the client makes another goes with it.
            let mut playing = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let Some(lines) = rest.pop_front() else {
                    tell(&told, "razz connects once more than it did");
                    continue;
                };
                let (here, told) = (here.clone(), Arc::clone(&told));
                playing.spawn(async move {
                    // A client that hangs up is its own business.
                    let _ = play(stream, lines, &here, &told).await;
                });
            }
        });
        Ok(Self { source, differences, task })
    }

    /// Where the client finds the camera.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What the client did otherwise than in the report.
    pub fn differences(&self) -> Vec<String> {
        lock(&self.differences).clone()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The lines of each connection, in the order in which they were made.
fn connections(report: &Report) -> Vec<Vec<Line>> {
    let mut connections: Vec<Vec<Line>> = Vec::new();
    for line in &report.lines {
        match (&line.what, connections.last_mut()) {
            (What::Connected(_), _) => connections.push(Vec::new()),
            (What::Found(_), _) | (_, None) => {}
            (_, Some(lines)) => lines.push(line.clone()),
        }
    }
    connections
}

/// The camera's address with this machine in it.
fn source(report: &Report, here: &str) -> Result<Source, SourceError> {
    let url = &report.header.url;
    let behind = url.split_once("://").map_or("", |(_, rest)| rest);
    let path = behind.find(['/', '?']).map_or("", |at| &behind[at..]);
    let known = if report.header.credentials { NOBODY } else { "" };
    let transport = match report.header.transport.as_str() {
        "udp" => Transport::Udp,
        // TLS and HTTP were taken off when it was written.
        _ => Transport::Tcp,
    };
    Source::new(&format!("rtsp://{known}{here}{path}"), None, None, transport)
}

fn tell(differences: &Mutex<Vec<String>>, what: impl Into<String>) {
    let mut differences = lock(differences);
    let what = what.into();
    if !differences.contains(&what) {
        differences.push(what);
    }
}

/// Where datagrams of a medium go: the client's ports for RTP and RTCP, and the socket to send from.
type Destination = (UdpSocket, [u16; 2]);

/// One connection.
struct Connection<'c> {
    stream: TcpStream,
    pieces: Pieces,
    /// The number of a request in the report, and the one it has now.
    numbers: BTreeMap<String, String>,
    /// Where datagrams of each medium go, by the address that it was set up at.
    udp: Vec<(String, Option<Destination>)>,
    told: &'c Mutex<Vec<String>>,
}

async fn play(
    stream: TcpStream,
    lines: Vec<Line>,
    here: &str,
    told: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection {
        stream,
        pieces: Pieces::default(),
        numbers: BTreeMap::new(),
        udp: vec![],
        told,
    };
    let mut last = lines.first().map_or(0, |line| line.t);
    for line in lines {
        if !matches!(line.what, What::Sent(_)) {
            let pause = u64::try_from(line.t - last).unwrap_or(0);
            connection.read_for(Duration::from_micros(pause)).await?;
        }
        last = line.t;
        match line.what {
            What::Sent(request) => connection.expect(&request).await?,
            What::Came(message) => {
                let message = connection.renumbered(&at_home(&message, here));
                let bytes: Vec<u8> = message.chars().map(|c| c as u32 as u8).collect();
                connection.stream.write_all(&bytes).await?;
            }
            What::Packet(packet) => {
                let data = packet.bytes();
                let [high, low] = (data.len() as u16).to_be_bytes();
                let head = [b'$', packet.channel, high, low];
                connection.stream.write_all(&[&head[..], &data].concat()).await?;
            }
            What::Skipped(packet) => connection.stream.write_all(&packet.bytes()).await?,
            What::Datagram(packet) => {
                let medium = connection.udp.get(usize::from(packet.channel / 2));
                if let Some((_, Some((socket, ports)))) = medium {
                    let port = ports[usize::from(packet.channel % 2)];
                    // A client that has closed its port has had enough.
                    let _ = socket.send_to(&packet.bytes(), ("127.0.0.1", port)).await;
                }
            }
            What::Closed(_) => return Ok(()),
            What::Connected(_) | What::Found(_) => {}
        }
    }
    // The report ends here, the session did not.
    loop {
        connection.read_for(Duration::from_secs(3600)).await?;
    }
}

impl Connection<'_> {
    /// Reads what comes meanwhile, and keeps it.
    async fn read_for(&mut self, pause: Duration) -> std::io::Result<()> {
        let pause = sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return Ok(()),
                read = self.read() => read?,
            }
        }
    }

    async fn read(&mut self) -> std::io::Result<()> {
        let mut room = BytesMut::with_capacity(4096);
        if self.stream.read_buf(&mut room).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.pieces.push(&room);
        Ok(())
    }

    /// The next message of the client.
    async fn message(&mut self) -> std::io::Result<Bytes> {
        loop {
            match self.pieces.pop() {
                Some(Piece::Message(bytes)) => return Ok(bytes),
                Some(_) => {}
                None => self.read().await?,
            }
        }
    }

    /// Waits for a request like the one in the report.
    async fn expect(&mut self, recorded: &str) -> std::io::Result<()> {
        let wanted = recorded.split(' ').next().unwrap_or_default();
        let Ok(message) = timeout(REQUEST_WITHIN, self.message()).await else {
            tell(self.told, format!("razz did not send {wanted}, which it did then"));
            return Ok(());
        };
        let message = String::from_utf8_lossy(&message?).into_owned();
        let sent = message.split(' ').next().unwrap_or_default();
        if sent != wanted {
            tell(self.told, format!("razz sent {sent} where it sent {wanted} then"));
        }
        if let (Some(then), Some(now)) = (header(recorded, "CSeq"), header(&message, "CSeq")) {
            self.numbers.insert(then.to_owned(), now.to_owned());
        }
        if sent == "SETUP" {
            let address = message.split(' ').nth(1).unwrap_or_default();
            let udp = udp_of(&message).await;
            match self.udp.iter_mut().find(|(own, _)| own == address) {
                Some((_, own)) => *own = udp,
                None => self.udp.push((address.to_owned(), udp)),
            }
        }
        Ok(())
    }

    /// An answer with the number that its request has now.
    fn renumbered(&self, message: &str) -> String {
        let Some(then) = header(message, "CSeq") else { return message.to_owned() };
        let now = self.numbers.get(then).map_or(then, String::as_str);
        let mut lines = message.split("\r\n").map(|line| match line.split_once(':') {
            Some((name, value))
                if name.trim().eq_ignore_ascii_case("CSeq") && value.trim() == then =>
            {
                format!("{name}: {now}")
            }
            _ => line.to_owned(),
        });
        let first = lines.next().unwrap_or_default();
        lines.fold(first, |text, line| text + "\r\n" + &line)
    }
}

/// Where a client wants datagrams (RFC 2326 section 12.39).
async fn udp_of(request: &str) -> Option<Destination> {
    let transport = header(request, "Transport")?;
    let ports = transport.split(';').find_map(|part| part.trim().strip_prefix("client_port="))?;
    let (rtp, rtcp) = ports.split_once('-')?;
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.ok()?;
    Some((socket, [rtp.parse().ok()?, rtcp.parse().ok()?]))
}

fn header<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let head = message.split("\r\n\r\n").next()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A camera that refers elsewhere refers to here: the report has what was said there as well.
fn at_home(message: &str, here: &str) -> String {
    let Some(location) = header(message, "Location") else { return message.to_owned() };
    let Some((_, rest)) = location.split_once("://") else { return message.to_owned() };
    let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    message.replacen(location, &format!("rtsp://{here}{path}"), 1)
}
