//! The link by which the first admin is made: on the terminal where there is one, and else in a file,
//! since what a program prints is kept where many may read it (a journal, a container's log).

use std::fs::{self, Permissions};
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use razz_access::Access;
use razz_config::{Server, atomic};

use crate::cli;

/// Who may read the file: its owner.
const MODE: u32 = 0o600;

/// How often to look whether there is an admin, so that the file is not needed any more.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Says where the first admin is made, once, if there is none, and takes the file with the link away
/// once there is one.
pub(crate) async fn offer(access: Arc<Access>, server: Server, listen: SocketAddr) {
    let Some(file) = access.set_up_file() else { return };
    if let Some(token) = access.begin_set_up() {
        let link = link(&server, listen, &token);
        cli::say(&invitation(&link, &file, std::io::stdout().is_terminal()));
    }
    while access.needs_set_up() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // It may not be there.
    let _ = fs::remove_file(file);
}

/// What is printed: the link itself on a terminal only.
fn invitation(link: &str, file: &Path, terminal: bool) -> String {
    if terminal {
        return format!(
            "razz: there is no admin yet; open this link, which is good once, to make one:\n{link}"
        );
    }
    match write(file, link) {
        Ok(()) => format!(
            "razz: there is no admin yet; the link to make one, which is good once, is in {}",
            file.display()
        ),
        Err(error) => format!(
            "razz: there is no admin yet, and the link to make one cannot be written into {} ({error}); \
             use `razz users add NAME --role admin`",
            file.display()
        ),
    }
}

fn write(file: &Path, link: &str) -> std::io::Result<()> {
    atomic::replace(file, format!("{link}\n"), Permissions::from_mode(MODE))
}

/// What stands behind the `#` is sent to no server and stands in no log.
fn link(server: &Server, listen: SocketAddr, token: &str) -> String {
    let host = if listen.ip().is_unspecified() {
        let found = if_addrs::get_if_addrs().unwrap_or_default();
        let mut outer = found.iter().map(|interface| interface.ip());
        outer.find(|ip| !ip.is_loopback() && ip.is_ipv4()).unwrap_or(listen.ip())
    } else {
        listen.ip()
    };
    let at = SocketAddr::new(host, listen.port());
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{at}{}set-up.html#{token}", server.base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use razz_access::testing::Folder;

    #[test]
    fn what_is_captured_does_not_hold_the_link() {
        let folder = Folder::new("set-up-link");
        let (link, file) =
            ("http://10.0.0.5:8003/set-up.html#secret", folder.path("razz.set-up-link"));
        assert!(invitation(link, &file, true).ends_with(link));
        assert!(!file.exists(), "on a terminal nothing is written");
        let said = invitation(link, &file, false);
        assert!(!said.contains("secret") && said.ends_with(&file.display().to_string()), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{link}\n"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, MODE);
        let nowhere = folder.path("nowhere/razz.set-up-link");
        let said = invitation(link, &nowhere, false);
        assert!(!said.contains("secret") && said.contains("razz users add"), "{said}");
    }
}
