//! How a command answers on the terminal: results on stdout, everything else on stderr.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use razz_config::redact;

/// Why a command ends without having done its work.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// Wrong usage, or a file that says what cannot be: exit code 2.
    #[error("{0}")]
    Refused(String),
    /// It went wrong on the way: exit code 1.
    #[error("{0}")]
    Failed(String),
}

/// How `razz COMMAND` ends; what went wrong is said on stderr.
pub fn end(command: &str, outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ Failure::Refused(_)) => refuse(&format!("razz {command}: {error}")),
        Err(error @ Failure::Failed(_)) => fail(&format!("razz {command}: {error}")),
    }
}

/// Says on stderr what a command did otherwise than its user may think.
pub fn note(command: &str, message: &dyn Display) {
    say(&format!("razz {command}: {message}"));
}

/// Says on stderr why the command failed while running. Credentials in the message are masked.
pub fn fail(message: &dyn Display) -> ExitCode {
    say(message);
    ExitCode::from(1)
}

/// Says on stderr what is wrong with usage or config. Credentials in the message are masked.
pub fn refuse(message: &dyn Display) -> ExitCode {
    say(message);
    ExitCode::from(2)
}

/// An answer on stdout.
pub fn print(text: &dyn Display) {
    // When stdout is closed there is nobody left to tell.
    let _ = writeln!(io::stdout(), "{text}");
}

/// A line on stderr, credentials masked.
pub fn say(message: &dyn Display) {
    // When stderr is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{}", redact::text(&message.to_string()));
}
