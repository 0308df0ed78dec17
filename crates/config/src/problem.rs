//! What is wrong with a config file, and where.
//!
//! A problem never quotes the line it stands on: the line may hold a password.

use std::fmt;

/// One thing that is wrong, as one line: file, line, column, what was expected, what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}{}: {message}", Place(*place))]
pub struct ConfigError {
    file: String,
    /// Line and column from 1, columns in characters; `None` where the file as a whole is meant.
    place: Option<(usize, usize)>,
    message: String,
}

struct Place(Option<(usize, usize)>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

impl ConfigError {
    /// A problem with the file as a whole.
    pub(super) fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, message: message.into() }
    }
}

/// Everything that is wrong with a file, from its top down; displayed as one line each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigErrors(Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl ConfigErrors {
    /// What is wrong without where it stands in the file, for who did not write the file: the key,
    /// where one is named, and the message.
    pub fn by_key(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.0.iter().map(|error| {
            let key = error.message.strip_prefix('`').and_then(|rest| rest.split_once('`'));
            (key.map(|(key, _)| key), error.message.as_str())
        })
    }
}

impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// Collects the problems of one file while it is read.
pub(super) struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<ConfigError>,
}

impl<'a> Problems<'a> {
    /// None yet. `file` is how the file is named to the user.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// Notes a problem at byte offset `at` of the text.
    pub(super) fn add(&mut self, at: usize, message: impl Into<String>) {
        let place = Some(line_and_column(self.text, at));
        self.found.push(ConfigError { file: self.file.to_owned(), place, message: message.into() });
    }

    /// The line, from 1, of byte offset `at`.
    pub(super) fn line(&self, at: usize) -> usize {
        line_and_column(self.text, at).0
    }

    /// `value` if nothing was found wrong.
    ///
    /// # Panics
    /// Where `value` is missing though nothing was found wrong: reading forgot to say why.
    pub(super) fn into_result<T>(mut self, value: Option<T>) -> Result<T, ConfigErrors> {
        if self.found.is_empty() {
            return Ok(value.expect("a value is missing only where a problem was noted"));
        }
        self.found.sort_by_key(|error| error.place);
        Err(ConfigErrors(self.found))
    }
}

/// Line and column of byte offset `at`, both from 1, the column in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let text = "a = 1\nnäme = 2\n";
        for (at, place) in
            [(0, (1, 1)), (5, (1, 6)), (6, (2, 1)), (9, (2, 3)), (8, (2, 2)), (99, (3, 1))]
        {
            assert_eq!(line_and_column(text, at), place, "{at}");
        }
    }
}
