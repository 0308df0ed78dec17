//! Ways to people: mail, and what shows messages on their phones. Each is told of alerts alone.

mod apprise;
mod mail;
mod multipart;
mod ntfy;
mod telegram;
#[cfg(test)]
mod tests;

use crate::events::Event;

pub(crate) use self::apprise::Apprise;
pub(crate) use self::mail::Mail;
pub(crate) use self::ntfy::Ntfy;
pub(crate) use self::telegram::Telegram;

/// Longest text, in characters: Telegram takes 1,024 below a picture.
const MAX_TEXT: usize = 900;

/// An alert as people read it.
struct Text<'a> {
    /// The rule.
    title: String,
    /// What is the matter, in a sentence.
    words: String,
    /// Where the app shows it.
    link: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// `None` where the event is no alert.
    fn of(event: &'a Event) -> Option<Self> {
        let alert = event.message.alert.as_ref()?;
        Some(Self {
            title: plain(&alert.rule),
            words: plain(&alert.words),
            link: event.message.link.as_deref(),
        })
    }

    /// The sentence, and the link on a line of its own.
    fn body(&self) -> String {
        match self.link {
            Some(link) => format!("{}\n{link}", self.words),
            None => self.words.clone(),
        }
    }
}

/// One line, and no longer than receivers take.
fn plain(text: &str) -> String {
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(one_line).take(MAX_TEXT).collect()
}
