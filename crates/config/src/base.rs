//! The folder of an address in which clients see razz (`server.base`).

use std::fmt;

/// Folders that razz has itself, and paths of its that could be taken for one.
const OWN: [&str; 7] = ["api", "assets", "healthz", "metrics", "readyz", "whep", "ws"];

/// A folder as it stands in an address: it begins and ends with a slash, and needs no escapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base(String);

impl Base {
    /// Reads a folder.
    ///
    /// # Errors
    /// Says what is wrong with it, without the name of the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "/" {
            return Ok(Self::default());
        }
        let names: Vec<&str> = text.trim_matches('/').split('/').collect();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let fine =
            |name: &&str| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain);
        if !names.iter().all(fine) {
            return Err("expects the folder of an address, such as \"/razz/\": names of letters, \
                        digits and - . _ ~ between slashes, without a host name"
                .to_owned());
        }
        let whole = format!("/{}/", names.join("/"));
        if whole != text {
            return Err(format!("expects a slash at the beginning and at the end: \"{whole}\""));
        }
        if OWN.contains(&names[0]) {
            let name = names[0];
            return Err(format!(
                "cannot begin with \"/{name}\": razz has a path of that name itself"
            ));
        }
        Ok(Self(whole))
    }

    /// With both slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the slash at its end: what stands before the paths of the API. Empty where there is no
    /// folder.
    pub fn prefix(&self) -> &str {
        self.0.trim_end_matches('/')
    }

    /// Whether there is no folder.
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// What is left of a path when the folder is taken off; `None` where it is not in the folder.
    pub fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.prefix()).filter(|rest| rest.starts_with('/'))
    }
}

impl Default for Base {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_a_slash_at_both_ends_and_need_no_escapes() {
        for text in ["/", "/razz/", "/home/razz/", "/r_a-z.z~2/", "/API/"] {
            assert_eq!(Base::parse(text).unwrap().as_str(), text);
        }
        let folder = "expects the folder of an address";
        let slashes = "expects a slash at the beginning and at the end: \"/razz/\"";
        for (text, reason) in [
            ("razz", slashes),
            ("/razz", slashes),
            ("razz/", slashes),
            ("//razz/", slashes),
            ("/razz//", slashes),
            ("", folder),
            ("//", folder),
            ("/a//b/", folder),
            ("/./", folder),
            ("/../", folder),
            ("/a/../b/", folder),
            ("/.well-known/", folder),
            ("/a b/", folder),
            ("/a%20b/", folder),
            ("/k\u{e4}se/", folder),
            ("/razz/?x", folder),
            ("/razz/#x", folder),
            ("/a;b/", folder),
            ("/a\\b/", folder),
            ("http://cameras.example.org/razz/", folder),
            ("/api/", "cannot begin with \"/api\": razz has a path of that name itself"),
            ("/ws/razz/", "cannot begin with \"/ws\": "),
        ] {
            let error = Base::parse(text).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }

    #[test]
    fn the_folder_is_taken_off_whole_or_not_at_all() {
        for (base, path, rest) in [
            ("/razz/", "/razz/", Some("/")),
            ("/razz/", "/razz/api/cameras", Some("/api/cameras")),
            ("/razz/", "/razz//x", Some("//x")),
            ("/razz/", "/razz/razz/", Some("/razz/")),
            ("/razz/", "/razz", None),
            ("/razz/", "/razzle/", None),
            ("/razz/", "/", None),
            ("/razz/", "/api/razz/", None),
            ("/a/b/", "/a/b/c", Some("/c")),
            ("/a/b/", "/a/c", None),
            ("/", "/api", Some("/api")),
        ] {
            assert_eq!(Base::parse(base).unwrap().strip(path), rest, "{base} {path}");
        }
    }
}
