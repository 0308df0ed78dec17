//! The RTSP client's machine with a socket: it reads, writes and keeps time for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use razz_base::MonoTime;
use razz_observe::clock::Clock;
use razz_rtsp::{Challenge, Client, Event, Output, PacketKind, Pieces, Settings, Transport};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::connection::Connection;
use super::report::Recorder;

/// How long the camera may take to read what we send, which is next to nothing.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// Room for what comes in at a time, in bytes. Packets stay in it until their picture is whole.
const READ_AT_ONCE: usize = 64 << 10;
/// What the system should keep for us of datagrams, in bytes: a key frame comes at one go.
const UDP_BUFFER: usize = 2 << 20;
/// So many packets of one source have to come from another address than the camera's, and none from
/// the camera's, before they are taken for its own.
const STRANGERS_PACKETS: u32 = 16;
/// The largest datagram.
const MAX_DATAGRAM: usize = 1 << 16;

/// What comes of a dialogue.
pub(super) enum Incoming {
    /// Media, or a report about it.
    Packet(PacketKind, Bytes),
    /// Something happened in the session.
    Event(Event),
    /// It is as late as was asked for.
    Time,
    /// The connection is closed.
    Closed,
    /// The connection broke.
    Broken(String),
}

/// A running session. Dropping it says good-bye to the camera, whose sessions may be few.
pub(super) struct Dialogue {
    client: Client,
    connection: Connection,
    recording: Option<Recording>,
    /// The video and how it travels, as the camera says; its sockets where it comes in datagrams.
    video: Option<(usize, Transport)>,
    udp: Option<Udp>,
    /// The audio that was set up for the video's sake.
    audio: Option<usize>,
    audio_udp: Option<Udp>,
    clock: Clock,
    is_described: bool,
    is_closed: bool,
}

impl Dialogue {
    /// Begins a session over a connection.
    pub(super) fn new(
        connection: Connection,
        settings: Settings,
        recorder: Option<Arc<Recorder>>,
        clock: Clock,
    ) -> Self {
        let client = Client::new(clock.mono(), settings);
        let recording = recorder.map(|recorder| {
            recorder.connected(&connection.peer().to_string());
            Recording { recorder, pieces: Pieces::default() }
        });
        let (is_described, is_closed) = (false, false);
        Self {
            client,
            connection,
            recording,
            video: None,
            udp: None,
            audio: None,
            audio_udp: None,
            clock,
            is_described,
            is_closed,
        }
    }

    /// The machine.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What the camera asked us to prove before it closed the connection, where it was never described.
    pub(super) fn hung_up_on(&self) -> Option<Challenge> {
        self.client.challenge().filter(|_| self.is_closed && !self.is_described)
    }

    /// Asks for a medium over the RTSP connection.
    pub(super) fn set_up_tcp(&mut self, media: usize) {
        self.udp = None;
        let transport = Transport::Interleaved { rtp: 0, rtcp: 1 };
        self.client.set_up(self.clock.mono(), media, transport);
    }

    /// Asks for a medium in datagrams.
    pub(super) async fn set_up_udp(&mut self, media: usize) -> io::Result<()> {
        let (udp, client_port) = Udp::bind(self.connection.local().ip()).await?;
        self.udp = Some(udp);
        let transport = Transport::Udp { client_port, server_ports: None };
        self.client.set_up(self.clock.mono(), media, transport);
        Ok(())
    }

    /// Asks for audio to be sent as the video is, and dropped.
    pub(super) async fn set_up_audio(&mut self, media: usize) -> io::Result<()> {
        self.audio = Some(media);
        let transport = match self.video {
            Some((_, Transport::Udp { .. })) => {
                let (udp, client_port) = Udp::bind(self.connection.local().ip()).await?;
                self.audio_udp = Some(udp);
                Transport::Udp { client_port, server_ports: None }
            }
            // The next two channels.
            Some((_, Transport::Interleaved { rtp, rtcp })) => {
                let last = rtp.max(rtcp);
                let rtp = if last < 254 { last + 1 } else { 0 };
                Transport::Interleaved { rtp, rtcp: rtp + 1 }
            }
            None => Transport::Interleaved { rtp: 2, rtcp: 3 },
        };
        self.client.set_up_to_drop(self.clock.mono(), media, transport);
        Ok(())
    }

    /// Whether this medium is the audio that was set up for the video's sake.
    pub(super) fn is_audio(&self, media: usize) -> bool {
        self.audio == Some(media)
    }

    /// The camera said how it sends a medium.
    pub(super) async fn handle_set_up(&mut self, media: usize, transport: Transport) {
        let udp = if self.is_audio(media) {
            &mut self.audio_udp
        } else {
            self.video = Some((media, transport));
            &mut self.udp
        };
        match (transport, &mut *udp) {
            (Transport::Udp { server_ports, .. }, Some(udp)) => {
                udp.open_path(self.connection.peer().ip(), server_ports).await;
            }
            // It sends over the connection after all.
            (Transport::Interleaved { .. }, udp) => *udp = None,
            (Transport::Udp { .. }, None) => {}
        }
        if let (true, Transport::Interleaved { rtp, rtcp }, Some(recording)) =
            (self.is_audio(media), transport, &self.recording)
        {
            recording.recorder.audio_on(rtp, rtcp);
        }
    }

    /// All is ready to be played.
    pub(super) fn play(&mut self) {
        self.client.play(self.clock.mono());
    }

    /// What comes next, until `deadline` at the latest.
    pub(super) async fn next(&mut self, deadline: MonoTime) -> Incoming {
        let incoming = self.wait(deadline).await;
        self.is_described |= matches!(incoming, Incoming::Event(Event::Described(_)));
        self.is_closed |= matches!(incoming, Incoming::Closed | Incoming::Broken(_));
        if let Some(recording) = &self.recording {
            match &incoming {
                Incoming::Closed => recording.recorder.closed("by the camera"),
                Incoming::Broken(why) => recording.recorder.closed(why),
                Incoming::Packet(..) | Incoming::Event(_) | Incoming::Time => {}
            }
        }
        incoming
    }

    async fn wait(&mut self, deadline: MonoTime) -> Incoming {
        loop {
            while let Some(output) = self.client.poll() {
                match output {
                    Output::Packet(packet) => return Incoming::Packet(packet.kind, packet.data),
                    Output::Event(event) => return Incoming::Event(event),
                    Output::SendRtcp { media, data } => {
                        let audio = self.is_audio(media);
                        if let Some(udp) = if audio { &self.audio_udp } else { &self.udp } {
                            udp.send_rtcp(&data).await;
                        }
                    }
                    Output::Send(bytes) => {
                        if let Some(recording) = &self.recording {
                            recording.recorder.sent(&bytes);
                        }
                        let sent = timeout(WRITE_WITHIN, self.connection.write(&bytes)).await;
                        match sent {
                            Ok(Ok(())) => {}
                            Ok(Err(error)) => return Incoming::Broken(error.to_string()),
                            Err(_) => return Incoming::Broken("the camera reads nothing".into()),
                        }
                    }
                }
            }
            let now = self.clock.mono();
            if now >= deadline {
                return Incoming::Time;
            }
            let due = self.client.deadline().map_or(deadline, |due| due.min(deadline));
            let input = self.client.input();
            if input.capacity() - input.len() < READ_AT_ONCE / 4 {
                input.reserve(READ_AT_ONCE);
            }
            tokio::select! {
                // What the camera sent is taken before time is seen to be up.
                biased;
                read = self.connection.read(self.client.input()) => match read {
                    Ok(0) => return Incoming::Closed,
                    Ok(length) => {
                        if let Some(recording) = &mut self.recording {
                            recording.came(self.client.input(), length);
                        }
                        self.client.handle_input(self.clock.mono());
                    }
                    Err(error) => return Incoming::Broken(error.to_string()),
                },
                (kind, data) = receive(&mut self.udp) => {
                    if let Some(recording) = &self.recording {
                        recording.recorder.datagram(kind, &data);
                    }
                    return Incoming::Packet(kind, data);
                }
                (kind, data) = receive(&mut self.audio_udp) => {
                    if let Some(recording) = &self.recording {
                        recording.recorder.audio_datagram(kind, &data);
                    }
                    self.client.handle_dropped(kind);
                }
                () = tokio::time::sleep(now.until(due)) => {
                    self.client.handle_timeout(self.clock.mono());
                }
            }
        }
    }
}

/// What is written down of a dialogue.
struct Recording {
    recorder: Arc<Recorder>,
    /// Of what came over the connection.
    pieces: Pieces,
}

impl Recording {
    /// The last `length` bytes of `input` have come.
    fn came(&mut self, input: &[u8], length: usize) {
        self.pieces.push(&input[input.len() - length..]);
        self.recorder.came(&mut self.pieces);
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        if let Some(bytes) = self.client.tear_down() {
            self.connection.write_last(&bytes);
        }
    }
}

async fn receive(udp: &mut Option<Udp>) -> (PacketKind, Bytes) {
    match udp {
        Some(udp) => udp.receive().await,
        None => std::future::pending().await,
    }
}

/// Two sockets with neighbouring ports, the first even (RFC 3550 section 11).
struct Udp {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    rtp_buffer: BytesMut,
    rtcp_buffer: BytesMut,
    /// Where the packets come from, and their SSRC.
    source: Option<(SocketAddr, u32)>,
    /// Who else sends packets, with which SSRC, and how many, while none came from the camera.
    stranger: Option<(IpAddr, u32, u32)>,
    peer: Option<IpAddr>,
    server_rtcp: Option<SocketAddr>,
}

impl Udp {
    /// At the address that the connection goes out from; answers RTP's port too.
    async fn bind(local: IpAddr) -> io::Result<(Self, u16)> {
        for _ in 0..64 {
            let rtp = UdpSocket::bind((local, 0)).await?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind((local, port + 1)).await
            {
                // The system gives what it allows; less is no error.
                let _ = socket2::SockRef::from(&rtp).set_recv_buffer_size(UDP_BUFFER);
                let udp = Self {
                    rtp,
                    rtcp,
                    rtp_buffer: BytesMut::new(),
                    rtcp_buffer: BytesMut::new(),
                    source: None,
                    stranger: None,
                    peer: None,
                    server_rtcp: None,
                };
                return Ok((udp, port));
            }
        }
        Err(io::Error::other("no two neighbouring UDP ports are free"))
    }

    /// Sends something to where the packets will come from, so that firewalls between let them in.
    async fn open_path(&mut self, peer: IpAddr, server_ports: Option<(u16, u16)>) {
        self.peer = Some(peer);
        let Some((rtp, rtcp)) = server_ports else { return };
        self.server_rtcp = Some((peer, rtcp).into());
        // An RTP packet without payload, and an empty receiver report.
        let _ = self.rtp.send_to(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], (peer, rtp)).await;
        self.send_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 0]).await;
    }

    async fn send_rtcp(&self, data: &[u8]) {
        if let Some(to) = self.server_rtcp {
            // Nobody listening there is no fault of the session.
            let _ = self.rtcp.send_to(data, to).await;
        }
    }

    async fn receive(&mut self) -> (PacketKind, Bytes) {
        loop {
            self.rtp_buffer.reserve(MAX_DATAGRAM);
            self.rtcp_buffer.reserve(MAX_DATAGRAM);
            tokio::select! {
                received = self.rtp.recv_buf_from(&mut self.rtp_buffer) => {
                    let data = self.rtp_buffer.split().freeze();
                    if let Ok((_, from)) = received && self.is_ours(from, &data) {
                        return (PacketKind::Rtp, data);
                    }
                }
                received = self.rtcp.recv_buf_from(&mut self.rtcp_buffer) => {
                    let data = self.rtcp_buffer.split().freeze();
                    let known = self.source.map(|(source, _)| source.ip()).or(self.peer);
                    if let Ok((_, from)) = received && known == Some(from.ip()) {
                        self.server_rtcp = Some(from);
                        return (PacketKind::Rtcp, data);
                    }
                }
            }
        }
    }

    /// Whether an RTP packet is the camera's: from where the others come, or from elsewhere with their
    /// SSRC. Cameras send from other ports than they say; relays from other addresses, which are
    /// believed where nothing comes from the camera itself.
    fn is_ours(&mut self, from: SocketAddr, packet: &[u8]) -> bool {
        let Some(ssrc) = packet.get(8..12) else { return false };
        let ssrc = u32::from_be_bytes([ssrc[0], ssrc[1], ssrc[2], ssrc[3]]);
        let ours = match (self.source, self.stranger) {
            (Some((source, own)), _) => source.ip() == from.ip() || own == ssrc,
            (None, _) if self.peer == Some(from.ip()) => true,
            (None, Some((ip, own, count))) if ip == from.ip() && own == ssrc => {
                self.stranger = Some((ip, own, count + 1));
                count >= STRANGERS_PACKETS
            }
            (None, _) => {
                self.stranger = Some((from.ip(), ssrc, 1));
                false
            }
        };
        if ours {
            self.source = Some((from, ssrc));
        }
        ours
    }
}
