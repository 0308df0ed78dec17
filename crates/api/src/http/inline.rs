//! Scripts and styles that stand in a page itself: its policy names them by their digests.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The digests of the scripts and styles that stand in a page itself, as its policy names them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Inline {
    pub(super) scripts: String,
    pub(super) styles: String,
}

impl Inline {
    /// Of a page whose elements `script` and `style` have no attributes.
    pub(super) fn of(page: &str) -> Self {
        let digests = |element: &str| {
            let (open, close) = (format!("<{element}>"), format!("</{element}>"));
            let parts = page.split(&open).skip(1);
            let contents = parts.filter_map(|part| part.split_once(&close));
            contents.map(|(content, _)| of_content(content)).collect()
        };
        Self { scripts: digests("script"), styles: digests("style") }
    }
}

/// A source of a policy (CSP Level 3, section 2.3.1).
fn of_content(content: &str) -> String {
    format!(" 'sha256-{}'", BASE64.encode(digest(&SHA256, content.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_a_page_are_named_by_their_digests() {
        // The example of CSP Level 3, section 8.3.
        let hello = " 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        let page =
            "<style>a</style><script>alert('Hello, world.');</script><script src=\"x\"></script>";
        let inline = Inline::of(page);
        assert_eq!(inline.scripts, hello);
        assert_eq!(inline.styles.matches("sha256-").count(), 1);
        assert_eq!(Inline::of("<script src=\"x\"></script><p>"), Inline::default());
    }
}
