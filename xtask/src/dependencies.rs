//! Which crates stand on which: the plan, and `cargo tree` as its witness.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::plan::{FILE, Plan, Room};

/// What breaks the plan, one line each.
pub(crate) fn check(root: &Path, plan: &Plan) -> io::Result<Vec<String>> {
    let mut broken = Vec::new();
    for (name, room) in &plan.crates {
        let tree =
            cargo(root, &["tree", "--locked", "-e", "normal", "--prefix", "none", "-p", name])?;
        broken.extend(broken_by(plan, name, room, &packages(&tree)));
    }
    Ok(broken)
}

fn broken_by(plan: &Plan, name: &str, room: &Room, beneath: &[&str]) -> Vec<String> {
    let contains = |list: &[String], package: &str| list.iter().any(|entry| entry == package);
    let may_not = |package: &str| -> Option<&'static str> {
        let ours = package == "razz" || package.starts_with("razz-") || package == "xtask";
        if package == name {
            None
        } else if ours && !contains(&room.on, package) {
            Some("the floor plan has no such arrow")
        } else if !contains(&plan.world.packages, package) || contains(&room.besides, package) {
            None
        } else if room.pure {
            Some("it is pure: bytes and times in, values out")
        } else {
            Some("its `besides` does not name it")
        }
    };
    let mut broken: Vec<String> = beneath
        .iter()
        .filter_map(|package| {
            let why = may_not(package)?;
            Some(format!(
                "{name} has {package} beneath it, but {why} (see: cargo tree -p {name} -i {package})"
            ))
        })
        .collect();
    for entry in room.on.iter().chain(&room.besides) {
        if !beneath.contains(&entry.as_str()) {
            broken.push(format!("{FILE}: {name} has no {entry} beneath it any more; take it out"));
        }
    }
    broken
}

/// Compiles the pure crates for a machine without sockets, clocks or threads, where the toolchain
/// has that target.
pub(crate) fn wasm(root: &Path, plan: &Plan) -> io::Result<Vec<String>> {
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
    for (name, _) in plan.crates.iter().filter(|(_, room)| room.pure) {
        arguments.extend(["-p", name]);
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

    fn plan() -> Plan {
        crate::testing::plan(
            r#"
[crates.razz-base]
floor = 0
why = "words that everyone shares"
pure = true
[crates.razz-media]
floor = 1
why = "packets to access units"
on = ["razz-base"]
pure = true
[crates.razz-viewer]
floor = 2
why = "one session, no socket"
on = ["razz-base", "razz-media"]
besides = ["str0m"]
[crates.razz]
floor = 3
why = "plugs the rest together"
on = ["razz-base", "razz-media", "razz-viewer"]
besides = ["str0m", "tokio"]
"#,
        )
    }

    #[test]
    fn arrows_against_the_plan_are_named() {
        let plan = plan();
        for (name, beneath, broken) in [
            ("razz-media", &["razz-media", "razz-base", "bytes"][..], &[][..]),
            ("razz-media", &["razz-base", "razz-viewer"], &["has razz-viewer beneath it"]),
            ("razz-base", &["bytes", "tokio"], &["has tokio beneath it, but it is pure"]),
            (
                "razz-viewer",
                &["razz-base", "razz-media", "str0m", "tokio"],
                &["has tokio beneath it, but its `besides`"],
            ),
            ("razz-viewer", &["razz-base", "str0m"], &["has no razz-media beneath it any more"]),
            ("razz-viewer", &["razz-base", "razz-media"], &["has no str0m beneath it any more"]),
            (
                "razz",
                &["razz-base", "razz-media", "razz-viewer", "str0m", "tokio", "razz-sim", "xtask"],
                &["has razz-sim beneath it", "has xtask beneath it"],
            ),
        ] {
            let lines = broken_by(&plan, name, &plan.crates[name], beneath);
            assert_eq!(lines.len(), broken.len(), "{name}: {lines:?}");
            for (line, expected) in lines.iter().zip(broken) {
                assert!(line.contains(expected), "{line}");
            }
        }
    }
}
