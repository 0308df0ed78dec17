//! Cameras behind TLS and behind HTTP: a front before the scene's camera speaks both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use razz_config::{CertificateCheck, Fingerprint};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::BufReader;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// What a front does.
#[derive(Clone, Default)]
struct Manners {
    tls: Option<Arc<ServerConfig>>,
    /// It ends a POST after so many messages.
    ends_posts: bool,
    /// It wants to know who asks before it opens a tunnel.
    asks: bool,
    /// It opens none.
    refuses: bool,
}

/// How often what was asked for came.
#[derive(Default)]
struct Seen {
    gets: AtomicU32,
    posts: AtomicU32,
}

/// A camera's certificate and key.
#[derive(Clone, Debug)]
struct Identity(Arc<CertifiedKey>);

impl Identity {
    fn new(certificate: CertificateDer<'static>, key: &PrivateKeyDer<'static>) -> Self {
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(key).unwrap();
        Self(Arc::new(CertifiedKey::new(vec![certificate], key)))
    }

    /// Self-signed, as most are.
    fn generated() -> Self {
        let made = rcgen::generate_simple_self_signed(["camera.example".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        Self::new(made.cert.der().clone(), &key)
    }

    /// Version 1 of X.509 with RSA, as older cameras make it (`openssl x509 -req -signkey`).
    fn of_an_old_camera() -> Self {
        let pem = include_bytes!("version-1-certificate.pem");
        let certificate = CertificateDer::from_pem_slice(pem).unwrap();
        Self::new(certificate, &PrivateKeyDer::from_pem_slice(pem).unwrap())
    }

    fn config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        Arc::new(config)
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Stands before a camera; answers its port.
async fn front(camera: u16, manners: Manners, seen: Arc<Seen>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The half of a tunnel that a GET has opened, for the POST that comes.
    let tunnel = Arc::new(tokio::sync::Mutex::new(None));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (manners, seen, tunnel) = (manners.clone(), Arc::clone(&seen), Arc::clone(&tunnel));
            tokio::spawn(async move {
                match manners.tls.clone() {
                    None => serve(stream, camera, &manners, &seen, tunnel).await,
                    Some(tls) => match TlsAcceptor::from(tls).accept(stream).await {
                        Ok(stream) => serve(stream, camera, &manners, &seen, tunnel).await,
                        Err(_) => None,
                    },
                }
            });
        }
    });
    port
}

type Half = Arc<tokio::sync::Mutex<Option<tokio::net::tcp::OwnedWriteHalf>>>;

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    camera: u16,
    manners: &Manners,
    seen: &Seen,
    tunnel: Half,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let begin = stream.fill_buf().await.ok()?.to_vec();
    if !begin.starts_with(b"GET ") && !begin.starts_with(b"POST ") {
        let mut there = TcpStream::connect(("127.0.0.1", camera)).await.ok()?;
        tokio::io::copy_bidirectional(&mut stream, &mut there).await.ok()?;
        return None;
    }
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        stream.read_line(&mut head).await.ok().filter(|read| *read > 0)?;
    }
    if head.starts_with("GET ") {
        seen.gets.fetch_add(1, Ordering::Relaxed);
        let answer = match manners {
            Manners { refuses: true, .. } => "404 Not Found\r\n\r\n",
            Manners { asks: true, .. } if !head.contains("Authorization: Basic ") => {
                "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n"
            }
            _ => "200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n",
        };
        stream.write_all(format!("HTTP/1.0 {answer}").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        if !answer.starts_with("200") {
            return None;
        }
        let there = TcpStream::connect(("127.0.0.1", camera)).await.ok()?;
        let (mut from, to) = there.into_split();
        *tunnel.lock().await = Some(to);
        let (_, mut out) = tokio::io::split(stream);
        let mut room = vec![0; 1 << 16];
        loop {
            let read = from.read(&mut room).await.ok().filter(|read| *read > 0)?;
            out.write_all(&room[..read]).await.ok()?;
            out.flush().await.ok()?;
        }
    }
    assert!(head.starts_with("POST ") && head.contains("x-sessioncookie: "), "{head}");
    seen.posts.fetch_add(1, Ordering::Relaxed);
    let mut room = vec![0; 1 << 12];
    loop {
        let read = stream.read(&mut room).await.ok().filter(|read| *read > 0)?;
        let message = STANDARD.decode(&room[..read]).unwrap();
        tunnel.lock().await.as_mut()?.write_all(&message).await.ok()?;
        if manners.ends_posts {
            return None;
        }
    }
}

/// Certificates as they are remembered.
#[derive(Default)]
struct Remembered(Mutex<BTreeMap<String, Fingerprint>>);

impl Certificates for Remembered {
    fn pinned(&self, host: &str) -> Option<Fingerprint> {
        razz_hub::lock(&self.0).get(host).copied()
    }

    fn pin(&self, host: &str, certificate: Fingerprint) {
        razz_hub::lock(&self.0).insert(host.to_owned(), certificate);
    }
}

/// What a camera behind a front comes to.
struct Watched {
    rtsp: RtspCamera,
    seen: Arc<Seen>,
    port: u16,
}

impl Watched {
    async fn new(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mount = Mount::new("camera1", footage(SMALL));
        let options = CameraOptions { seed: Some(7), ..CameraOptions::default() };
        let rtsp = RtspCamera::start(listener, vec![mount], options).unwrap();
        let seen = Arc::new(Seen::default());
        let port = front(port, manners, Arc::clone(&seen)).await;
        Self { rtsp, seen, port }
    }

    /// Twenty frames, or what is said instead and what to do.
    async fn look(
        &self,
        scheme: &str,
        transport: Transport,
        certificate: CertificateCheck,
        known: &Arc<Remembered>,
    ) -> Result<(), (String, String)> {
        let url = format!("{scheme}://127.0.0.1:{}/camera1", self.port);
        let (user, password) = (Some(Secret::new("anna")), Some(Secret::new("p")));
        let source = Source::new(&url, user, password, transport).unwrap();
        let source = Source { certificate, ..source };
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let listener = Listener::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let context = RunContext::new(CameraId::new(1).unwrap());
        let sink = Arc::clone(&listener) as Arc<dyn Sink>;
        let times = Arc::new(probe::FromZero);
        let certificates = Arc::clone(known) as Arc<dyn Certificates>;
        let intake = Intake::new(
            source,
            context,
            sink,
            times,
            certificates,
            Decodable::default(),
            Clock::start(),
        );
        let enough = async {
            while count.load(Ordering::Relaxed) < 20 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        match timeout(WITHIN, intake.try_once(enough)).await.expect("frames, or a reason") {
            None => Ok(()),
            Some((error, advice)) => Err((error, advice.join(" "))),
        }
    }
}

const BOTH: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

#[tokio::test]
async fn the_certificate_that_a_camera_shows_first_is_the_one_that_is_taken() {
    for (name, identity, versions) in [
        ("self-signed", Identity::generated(), BOTH),
        ("TLS 1.2", Identity::generated(), &[&rustls::version::TLS12][..]),
        ("TLS 1.3", Identity::generated(), &[&rustls::version::TLS13][..]),
        ("version 1, RSA", Identity::of_an_old_camera(), BOTH),
        ("version 1, RSA, TLS 1.2", Identity::of_an_old_camera(), &[&rustls::version::TLS12][..]),
    ] {
        let tls = Some(identity.config(versions));
        let camera = Watched::new(Manners { tls, ..Manners::default() }).await;
        let known = Arc::new(Remembered::default());
        let look = || camera.look("rtsps", Transport::Tcp, CertificateCheck::Pinned, &known);
        assert_eq!(look().await, Ok(()), "{name}");
        let host = format!("127.0.0.1:{}", camera.port);
        let pinned = known.pinned(&host).unwrap_or_else(|| panic!("{name}: nothing pinned"));
        assert_eq!(look().await, Ok(()), "{name}, again");

        let other = Fingerprint([7; 32]);
        known.pin(&host, other);
        let (error, advice) = look().await.unwrap_err();
        assert!(error.contains("another certificate") && error.contains("pinned"), "{error}");
        assert!(advice.contains(&format!("certificate = \"{pinned}\"")), "{advice}");
        assert_eq!(known.pinned(&host), Some(other), "{name}: a refused one is not remembered");

        for (taken, fits) in [(pinned, true), (other, false)] {
            let exactly = CertificateCheck::Exactly(taken);
            let looked = camera.look("rtsps", Transport::Tcp, exactly, &known).await;
            assert_eq!(looked.is_ok(), fits, "{name}: {looked:?}");
        }
        camera.rtsp.stop();
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_where_it_is_checked() {
    let tls = Some(Identity::generated().config(BOTH));
    let camera = Watched::new(Manners { tls, ..Manners::default() }).await;
    let known = Arc::new(Remembered::default());
    let looked = camera.look("rtsps", Transport::Tcp, CertificateCheck::Checked, &known).await;
    let (error, advice) = looked.unwrap_err();
    assert!(error.contains("authorities"), "{error}");
    assert!(advice.contains("certificate = \"sha256:"), "{advice}");
    camera.rtsp.stop();
}

#[tokio::test]
async fn what_is_not_encrypted_is_told_from_what_is() {
    let known = Arc::new(Remembered::default());
    let plain = Watched::new(Manners::default()).await;
    let looked = plain.look("rtsps", Transport::Tcp, CertificateCheck::Pinned, &known).await;
    let (error, advice) = looked.unwrap_err();
    assert!(error.contains("no encrypted connection"), "{error}");
    assert!(advice.contains("port"), "{advice}");
    plain.rtsp.stop();
}

#[tokio::test]
async fn rtsp_goes_through_http_and_https() {
    for (scheme, tls) in [("rtsp", None), ("rtsps", Some(Identity::generated().config(BOTH)))] {
        for (ends_posts, asks) in [(false, false), (true, false), (false, true)] {
            let manners = Manners { tls: tls.clone(), ends_posts, asks, refuses: false };
            let camera = Watched::new(manners).await;
            let known = Arc::new(Remembered::default());
            let looked = camera.look(scheme, Transport::Http, CertificateCheck::Pinned, &known);
            assert_eq!(looked.await, Ok(()), "{scheme}, ends POSTs {ends_posts}, asks {asks}");
            let count = |count: &AtomicU32| count.load(Ordering::Relaxed);
            assert_eq!(count(&camera.seen.gets), if asks { 2 } else { 1 });
            let posts = count(&camera.seen.posts);
            // DESCRIBE, SETUP and PLAY went out.
            assert!(if ends_posts { posts >= 3 } else { posts == 1 }, "{posts} POSTs");
            camera.rtsp.stop();
        }
    }
}

#[tokio::test]
async fn a_camera_that_carries_nothing_by_http_is_said_to() {
    let known = Arc::new(Remembered::default());
    let camera = Watched::new(Manners { refuses: true, ..Manners::default() }).await;
    let looked = camera.look("rtsp", Transport::Http, CertificateCheck::Pinned, &known).await;
    let (error, advice) = looked.unwrap_err();
    assert!(error.contains("RTSP over HTTP: 404"), "{error}");
    assert!(advice.contains("transport"), "{advice}");
    camera.rtsp.stop();
}
