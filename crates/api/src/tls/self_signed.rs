//! A certificate that this machine signs for itself, for a network without an authority: made at the
//! first start and kept, so that browsers which were told to trust it go on doing so.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use tracing::info;

use super::certified_key;
use razz_config as config;
use razz_observe::clock::Clock;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The longest that all browsers take.
const VALID: Duration = DAY.saturating_mul(825);
/// Made anew at a start when this old.
const RENEW_AFTER: Duration = DAY.saturating_mul(730);

/// The certificate and its key in `folder`, made if they are missing, broken or old.
///
/// # Errors
/// When they cannot be written.
pub(super) fn find_or_make(
    folder: &Path,
    server: &config::Server,
    clock: Clock,
) -> Result<(PathBuf, PathBuf), String> {
    let (cert, key) = paths(folder);
    if certified_key(&cert, &key).is_ok() && age(&cert, clock) < RENEW_AFTER {
        return Ok((cert, key));
    }
    let names = names(server);
    make(names, &cert, &key, clock).map_err(|error| {
        format!(
            "TLS: no certificate can be made in {} ({error}); make that folder writable, or give \
             `cert` and `key` in [server.tls]",
            folder.display()
        )
    })?;
    info!("TLS: {} is made; browsers warn until they are told to trust it", cert.display());
    Ok((cert, key))
}

/// The certificate and its key in `folder`.
pub(super) fn paths(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("razz.cert.pem"), folder.join("razz.key.pem"))
}

fn make(names: Vec<String>, cert: &Path, key: &Path, clock: Clock) -> Result<(), String> {
    let mut params = CertificateParams::new(names).map_err(|error| error.to_string())?;
    params.distinguished_name.push(DnType::CommonName, "razz");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // From yesterday: clocks on a LAN differ.
    let now = date_time_ymd(1970, 1, 1) + Duration::from_micros(clock.wall_us().max(0) as u64);
    params.not_before = now - DAY;
    params.not_after = now + VALID;
    let pair = KeyPair::generate().map_err(|error| error.to_string())?;
    let made = params.self_signed(&pair).map_err(|error| error.to_string())?;
    // The key first: with it alone nothing is found, and both are made anew.
    write(key, &pair.serialize_pem(), 0o600)
        .and_then(|()| write(cert, &made.pem(), 0o644))
        .map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let _ = fs::remove_file(path); // so that the mode is that of a new file
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What has no age is older than anything.
fn age(path: &Path, clock: Clock) -> Duration {
    let made = fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = made.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let now = Duration::from_micros(clock.wall_us().max(0) as u64);
    made.map_or(Duration::MAX, |made| now.saturating_sub(made))
}

/// Every name and address by which browsers may reach this machine.
fn names(server: &config::Server) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    if !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) {
        names.push(host.to_owned());
        names.extend((!host.contains('.')).then(|| format!("{host}.local")));
    }
    let listen = server.listen.ip();
    let link_local = |ip: &IpAddr| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let own = if_addrs::get_if_addrs().unwrap_or_default().into_iter().map(|found| found.ip());
    let addresses = match listen.is_unspecified() {
        true => own.filter(|ip| !link_local(ip)).collect(),
        false => vec![listen],
    };
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.extend(server.advertise.iter().cloned());
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.to_ascii_lowercase()));
    names
}
