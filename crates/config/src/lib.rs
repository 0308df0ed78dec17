//! Reads `razz.toml`. Settings are written, then resolved: `written.rs` declares the keys,
//! `resolve.rs` checks the values, `resolved.rs` holds what the parts of the server get.
//!
//! Reading opens nothing but the file and the credentials that it names: no socket, no model, no
//! camera.

pub mod atomic;
mod base;
mod camera_networks;
mod certificate;
mod document;
mod edit;
mod file;
mod hosts;
mod model;
pub mod models;
mod network;
mod problem;
pub mod redact;
#[cfg(test)]
mod reference;
mod resolve;
mod resolved;
mod schema;
mod secret_reference;
mod source;
#[cfg(test)]
mod tests;
mod written;

use std::path::Path;
use std::{env, fs, str};

use toml::de::DeTable;

pub use self::base::Base;
pub use self::camera_networks::{CameraNetworks, Forbidden};
pub use self::certificate::{CertificateCheck, Fingerprint, NoCheck};
pub use self::document::closest;
pub use razz_base::Transport;

pub use self::edit::{AreaEdit, CameraEdit, DetectorEdit, EditError, WrittenFps};
pub use self::file::{ConfigFile, WriteError};
pub use self::model::{MissingModel, ModelChoice};
pub use self::network::Network;
pub use self::problem::ConfigErrors;
use self::problem::{ConfigError, Problems};
pub use self::resolved::{
    Access, Acme, Alert, Apprise, Area, Camera, Channel, Collector, Compat, Config, Decoder,
    Detector, Disk, EmbedderChoice, LogFormat, Mail, Mqtt, Ntfy, Record, Server, Telegram,
    Telemetry, Tls, Tracker, TrackerKind, Turn, Viewers, Webhook,
};
pub use self::schema::schema;
pub use self::source::{Source, SourceError};
use self::written::Written;

impl Config {
    /// Reads the file at `path`; paths in it are relative to its folder, `env:NAME` is looked up
    /// in the environment, `credential:NAME` in the folder of systemd's credentials.
    ///
    /// # Errors
    /// Everything that is wrong with it, one line each, none with a credential.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        Self::load_text(path).map(|(config, _)| config)
    }

    /// As [`Config::load`], with the file's text.
    fn load_text(path: &Path) -> Result<(Self, String), ConfigErrors> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| {
            let message = format!("cannot be read ({error}); name the file with --config");
            ConfigError::whole_file(&file, message)
        })?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            let message = format!("line {line} is not UTF-8; save the file as UTF-8");
            ConfigError::whole_file(&file, message)
        })?;
        Ok((Self::parse_beside(text, path)?, text.to_owned()))
    }

    /// Reads `text` as if it stood in the file at `path`.
    fn parse_beside(text: &str, path: &Path) -> Result<Self, ConfigErrors> {
        let base_dir = path.parent().unwrap_or(Path::new(""));
        let file = path.display().to_string();
        Self::parse(text, &file, base_dir, &|name| env::var(name).ok())
    }

    /// Reads `text`. `file_name` is for messages, `base_dir` is what relative paths start from,
    /// `env` looks up environment variables.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        file_name: &str,
        base_dir: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigErrors> {
        let mut problems = Problems::new(file_name, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            problems.add(at, format!("not valid TOML: {}", error.message().replace('\n', ", ")));
        }
        if !errors.is_empty() {
            // What was read behind a syntax error is guesswork.
            return problems.into_result(None);
        }
        let written = Written::read(document.get_ref(), &mut problems);
        let config = written.and_then(|w| resolve::resolve(w, base_dir, env, &mut problems));
        problems.into_result(config)
    }
}
