//! Who may stand on whom: the table, and `cargo tree` as its witness.

use std::io;
use std::path::Path;
use std::process::Command;

/// One crate of the house.
struct Room {
    name: &'static str,
    /// Our own crates that may be beneath it, directly or not.
    on: &'static [&'static str],
    /// Pure: bytes and times in, values out. No sockets, no runtime, no codecs, no models.
    pure: bool,
    /// What it may have beneath it though only the roof may otherwise.
    besides: &'static [&'static str],
}

const BASE: &str = "razz-base";
const MEDIA: &str = "razz-media";
const TRACK: &str = "razz-track";
const ENGINE: &str = "razz-engine";
const VISION: &str = "razz-vision";
const SCENE: &str = "razz-scene";
const VIEWER: &str = "razz-viewer";

/// Ground floor first. Crates of tests, fuzzing and xtask are in no `on`: nothing that ships has
/// them beneath it.
const ROOMS: [Room; 8] = [
    Room { name: BASE, on: &[], pure: true, besides: &[] },
    Room { name: MEDIA, on: &[BASE], pure: true, besides: &[] },
    Room { name: TRACK, on: &[BASE], pure: true, besides: &[] },
    Room { name: ENGINE, on: &[BASE, MEDIA, TRACK], pure: true, besides: &[] },
    Room { name: VISION, on: &[BASE, MEDIA], pure: false, besides: &[] },
    Room { name: SCENE, on: &[BASE, MEDIA], pure: false, besides: &[] },
    // A peer connection as a state machine: no socket, no clock, yet keys and certificates.
    Room { name: VIEWER, on: &[BASE, MEDIA], pure: false, besides: &["str0m"] },
    Room {
        name: ROOF,
        on: &[BASE, MEDIA, TRACK, ENGINE, VISION, SCENE, VIEWER],
        pure: false,
        besides: &[],
    },
];

/// The one crate with an async runtime.
const ROOF: &str = "razz";

/// What a pure crate must not have beneath it.
const WORLDLY: [&str; 13] = [
    "tokio",
    "mio",
    "socket2",
    "async-std",
    "smol",
    "retina",
    "str0m",
    "axum",
    "hyper",
    "openh264",
    "ort",
    "rten",
    "quinn-udp",
];

/// What only the roof may have beneath it.
const ROOF_ONLY: [&str; 7] = ["tokio", "mio", "retina", "str0m", "axum", "hyper", "ureq"];

/// What breaks the table, one line each.
pub(crate) fn dependencies(root: &Path) -> io::Result<Vec<String>> {
    let mut broken = Vec::new();
    for room in &ROOMS {
        let tree = cargo(
            root,
            &["tree", "--locked", "-e", "normal", "--prefix", "none", "-p", room.name],
        )?;
        broken.extend(room.broken_by(&packages(&tree)));
    }
    Ok(broken)
}

impl Room {
    fn broken_by(&self, beneath: &[&str]) -> Vec<String> {
        let may_not = |name: &str| -> Option<&'static str> {
            let ours = name == "razz" || name.starts_with("razz-") || name == "xtask";
            if name == self.name {
                None
            } else if ours && !self.on.contains(&name) {
                Some("the floor plan has no such edge")
            } else if self.pure && WORLDLY.contains(&name) {
                Some("it is pure: bytes and times in, values out")
            } else if self.name != ROOF
                && ROOF_ONLY.contains(&name)
                && !self.besides.contains(&name)
            {
                Some("only the roof (crate razz) speaks to the world")
            } else {
                None
            }
        };
        beneath
            .iter()
            .filter_map(|name| {
                let why = may_not(name)?;
                let room = self.name;
                Some(format!(
                    "{room} has {name} beneath it, but {why} (see: cargo tree -p {room} -i {name})"
                ))
            })
            .collect()
    }
}

/// Compiles the pure crates for a machine without sockets, clocks or threads, where the toolchain
/// has that target.
pub(crate) fn wasm(root: &Path) -> io::Result<Vec<String>> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(root)
        .output()?;
    let folder = String::from_utf8_lossy(&libraries.stdout).trim().to_owned();
    if !libraries.status.success() || !Path::new(&folder).exists() {
        println!(
            "floor plan: {TARGET} is not installed; cargo tree alone vouches for the pure crates"
        );
        return Ok(Vec::new());
    }
    let mut arguments = vec!["check", "--quiet", "--locked", "--target", TARGET];
    for room in ROOMS.iter().filter(|room| room.pure) {
        arguments.extend(["-p", room.name]);
    }
    match cargo(root, &arguments) {
        Ok(_) => Ok(Vec::new()),
        Err(error) => Ok(vec![format!("the pure crates do not compile for {TARGET}: {error}")]),
    }
}

/// The distinct package names in the output of `cargo tree --prefix none`, in its order.
fn packages(tree: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in tree.lines() {
        if let Some(name) = line.split_whitespace().next()
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Runs cargo and answers what it prints; its own complaint is the error.
fn cargo(root: &Path, arguments: &[&str]) -> io::Result<String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root).output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("cargo {}: {complaint}", arguments.join(" "))));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
razz-engine v0.1.0 (/src/razz/crates/engine)
razz-base v0.1.0 (/src/razz/crates/base)
bytes v1.12.0
thiserror v2.0.18
thiserror-impl v2.0.18 (proc-macro)

razz-media v0.1.0 (/src/razz/crates/media)
bytes v1.12.0 (*)
";

    #[test]
    fn a_tree_is_read_as_names() {
        assert_eq!(
            packages(TREE),
            ["razz-engine", "razz-base", "bytes", "thiserror", "thiserror-impl", "razz-media"]
        );
        assert_eq!(packages(""), [""; 0]);
    }

    fn room(name: &str) -> &'static Room {
        ROOMS.iter().find(|room| room.name == name).expect("a room of the table")
    }

    #[test]
    fn edges_against_the_plan_are_named() {
        for (name, beneath, broken) in [
            (
                ENGINE,
                &["razz-engine", "razz-base", "razz-media", "razz-track", "bytes"][..],
                &[][..],
            ),
            (MEDIA, &["razz-media", "razz-base", "razz-track"], &["razz-track"]),
            (TRACK, &["razz-media"], &["razz-media"]),
            (BASE, &["bytes", "mio"], &["mio"]),
            (ENGINE, &["tokio", "socket2", "tokio-util"], &["tokio", "socket2"]),
            (VISION, &["openh264", "ort", "rten", "tokio"], &["tokio"]),
            (SCENE, &["razz-vision", "rtsp-types", "hyper"], &["razz-vision", "hyper"]),
            (VIEWER, &["str0m", "razz-media", "tokio", "mio"], &["tokio", "mio"]),
            (
                ROOF,
                &["razz-sim", "xtask", "razz-fuzz", "tokio", "razz-scene"],
                &["razz-sim", "xtask", "razz-fuzz"],
            ),
        ] {
            let lines = room(name).broken_by(beneath);
            assert_eq!(lines.len(), broken.len(), "{name}: {lines:?}");
            for (line, culprit) in lines.iter().zip(broken) {
                assert!(line.starts_with(&format!("{name} has {culprit} beneath it")), "{line}");
            }
        }
    }

    #[test]
    fn every_room_stands_on_rooms_below_it() {
        for (index, room) in ROOMS.iter().enumerate() {
            for below in room.on {
                assert!(
                    ROOMS[..index].iter().any(|r| r.name == *below),
                    "{} on {below}",
                    room.name
                );
            }
        }
    }
}
