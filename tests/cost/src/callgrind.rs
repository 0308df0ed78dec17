//! Counts the instructions of a case: valgrind runs this program on a simulated processor, and its
//! tool `callgrind` counts what is executed inside of [`counted_round`].

use std::hint::black_box;
use std::process::Command;

use crate::ONE_CASE;
use crate::cases::Case;

/// The name of [`counted_round`] as callgrind sees it, however the compiler mangles it.
const COUNTED: &str = "*counted_round*";

/// One round of a case: the part that is counted, with what it calls.
#[inline(never)]
pub(crate) fn counted_round(round: &mut dyn FnMut()) {
    round();
    // Keeps the call above from becoming a jump, which callgrind would not see return.
    black_box(());
}

/// What valgrind calls itself, such as `valgrind-3.19.0`.
pub(crate) fn version() -> Result<String, String> {
    let output = Command::new("valgrind").arg("--version").output().map_err(|error| {
        format!("valgrind does not run ({error}); it is the Debian package valgrind")
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Instructions of one round, on average.
pub(crate) fn instructions(case: &Case) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(program)
        .args([ONE_CASE, case.name])
        // The C library copies with one loop everywhere. `rep movsb`, which it chooses by what it
        // believes of the processor's caches, counts as an instruction per byte.
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM")
        .env_remove("LD_PRELOAD")
        .output()
        .map_err(|error| format!("valgrind does not run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = collected(&said).filter(|count| *count > 0 && output.status.success());
    let collected = collected.ok_or_else(|| {
        format!("{} could not be counted ({}):\n{said}", case.name, output.status)
    })?;
    Ok((collected as f64 / f64::from(case.rounds)).round())
}

/// The sum in what callgrind prints at its end.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_found_in_what_callgrind_prints() {
        for (said, expected) in [
            ("==7== Events    : Ir\n==7== Collected : 128733\n==7== \n", Some(128_733)),
            ("==7== Collected : 0\n", Some(0)),
            ("==7== Events    : Ir\n", None),
            ("==7== Collected :\n", None),
        ] {
            assert_eq!(collected(said), expected, "{said}");
        }
    }
}
