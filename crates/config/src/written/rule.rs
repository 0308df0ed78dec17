//! What raises an alert, and where alerts go.

use razz_base::CameraId;

use super::{At, Group, Key, Limit, Table, record};
use crate::document::{FromToml, Inner};
use crate::redact::Secret;

/// Longest name of a rule, in characters.
pub(crate) const MAX_RULE_NAME: usize = razz_alert::MAX_NAME;
/// What a rule may look for.
pub(crate) const WHENS: [&str; razz_alert::When::ALL.len()] = {
    let mut names = [""; razz_alert::When::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = razz_alert::When::ALL[i].as_str();
        i += 1;
    }
    names
};
/// Which way over a line.
pub(crate) const WAYS: [&str; 3] = ["both", "in", "out"];
/// Where alerts may go.
pub(crate) const CHANNELS: [&str; 6] = ["mqtt", "webhook", "mail", "ntfy", "telegram", "apprise"];
/// What `above` and `below` may be.
pub(crate) const ABOVE: (f64, f64) = (0.0, 1e6);
pub(crate) const BELOW: (f64, f64) = (1.0, 1e6);
/// How urgent ntfy is told that it is.
pub(crate) const NTFY_PRIORITY: (i64, i64) = (1, 5);

group! {
    /// What raises an alert; repeat the table for each. The app writes them, and says before how often one would
    /// have. See the guide to alerts.
    Rule = "[[rule]]" {
        /// What people call it; alerts go by it.
        name: String [Limit::Length(MAX_RULE_NAME)] = "",
        /// What it looks for: `"crossing"` of a line, `"enters"`, `"leaves"`, `"dwell"`, `"occupancy"` or
        /// `"absence"` (nobody) in a zone, `"appears"` anywhere in the picture, `"speed"` over a line,
        /// `"camera_offline"`, `"recording_stopped"`.
        when: String [Limit::Words(&WHENS)] = "",
        /// At which camera, by its `id`; without it, at each.
        camera: Option<i64> [Limit::Whole(1, CameraId::FIRST_AD_HOC as i64 - 1)] = "",
        /// At which line or in which zone, by its name.
        area: Option<String> [Limit::Length(super::MAX_AREA_NAME)] = "",
        /// The classes that count; `[]`: all.
        classes: Vec<At<String>> = "[]",
        /// Which way over a line: `"in"`, `"out"` or `"both"`.
        direction: String [Limit::Words(&WAYS)] = r#""both""#,
        /// Of occupancy: more than so many; of dwell: longer than so many seconds; of speed: faster than so many m/s.
        above: Option<f64> [Limit::Number(ABOVE.0, ABOVE.1)] = "",
        /// Of occupancy: fewer than so many.
        below: Option<f64> [Limit::Number(BELOW.0, BELOW.1)] = "",
        /// How long it has to be so, as `"30s"`.
        r#for: String [Limit::Pattern(record::SECONDS)] = r#""0s""#,
        /// After an alert was sent, what happens again for so long is counted with it and sent together afterwards.
        cooldown: String [Limit::Pattern(record::SECONDS)] = r#""10m""#,
        /// When it looks, as `"Mo-Fr 08:00-18:00, Sa 10:00-14:00"`, by the server's time zone; `""`: always.
        schedule: String = r#""""#,
        /// Where its alerts go besides the app: `"mqtt"`, `"webhook"`, `"mail"`, `"ntfy"`, `"telegram"`, `"apprise"`.
        notify: Vec<At<String>> [Limit::Words(&CHANNELS)] = "[]",
    }
}

group! {
    /// Where alerts go: a table for each way, such as `[alert.mail]`. MQTT and webhooks have their own.
    Alert = "[alert]" {
        /// The app's address as people reach it, `https://…`, for links in messages; `""`: none.
        link: String [Limit::Pattern("^$|^https?://.")] = r#""""#,
        /// E-mail; see `[alert.mail]`.
        mail: Inner<Mail> = "",
        /// ntfy; see `[alert.ntfy]`.
        ntfy: Inner<Ntfy> = "",
        /// Telegram; see `[alert.telegram]`.
        telegram: Inner<Telegram> = "",
        /// Apprise; see `[alert.apprise]`.
        apprise: Inner<Apprise> = "",
    }
}

group! {
    /// E-mail, through a server that takes it for delivery.
    Mail = "[alert.mail]" {
        /// `smtps://user:secret@mail.example` (TLS from the start, port 465), `smtp://…` (STARTTLS, port 587, or
        /// nothing but in this machine), or `env:NAME`.
        server: Secret [Limit::Pattern("^(smtps?://.|env:.|credential:.)")] = "",
        /// Whom to.
        to: Vec<At<String>> = "",
        /// Whom from; without it the user of `server`, or the first of `to`.
        from: Option<String> = "",
    }
}

group! {
    /// ntfy, which shows messages on phones: its public server, or one's own.
    Ntfy = "[alert.ntfy]" {
        /// The topic's address, `https://ntfy.example/topic`, or `env:NAME`. Whoever knows it can read along.
        url: Secret [Limit::Pattern("^(https?://.|env:.|credential:.)")] = "",
        /// An access token, or `env:NAME`.
        token: Option<Secret> = "",
        /// How urgent, 1 to 5.
        priority: i64 [Limit::Whole(NTFY_PRIORITY.0, NTFY_PRIORITY.1)] = "4",
        /// Whether pictures are sent along.
        snapshots: bool = "true",
    }
}

group! {
    /// A chat of Telegram, by a bot.
    Telegram = "[alert.telegram]" {
        /// The bot's token, or `env:NAME`.
        token: Secret = "",
        /// The chat's number, or `@channel`.
        chat: String = "",
        /// Where Telegram is asked.
        api: String [Limit::Pattern("^https?://.")] = r#""https://api.telegram.org""#,
        /// Whether pictures are sent along.
        snapshots: bool = "true",
    }
}

group! {
    /// An Apprise server of one's own, which passes messages on to a hundred services.
    Apprise = "[alert.apprise]" {
        /// Its address, `http://apprise:8000/notify/KEY`, or `env:NAME`.
        url: Secret [Limit::Pattern("^(https?://.|env:.|credential:.)")] = "",
    }
}
