//! What one source file says that the checks ask about: its modules, imports, paths and types.
//!
//! Read from the tokens, so comments and strings are never mistaken for code and the bodies of
//! macros are read as well. Nothing is expanded and no type is inferred: a method that is called on
//! a value names no module and is not seen.

use std::collections::BTreeSet;
use std::io;
use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The contents of a file, or of a `mod name { … }` in it.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) children: Vec<Child>,
    pub(crate) imports: Vec<Import>,
    /// Paths of two segments or more, those of imports left out.
    pub(crate) paths: Vec<Path>,
    /// Names of the items that stand in the module itself.
    pub(crate) defines: BTreeSet<String>,
    /// Every type that is declared, also in a function, a macro or a test.
    pub(crate) types: Vec<TypeName>,
    /// Every identifier outside imports and tests.
    pub(crate) identifiers: BTreeSet<String>,
    /// The whole file is compiled for tests only.
    pub(crate) test: bool,
}

/// A `mod` declaration.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    /// What stands in its `#[path = "…"]`.
    pub(crate) file: Option<String>,
    /// The body, where it stands in the same file.
    pub(crate) body: Option<Source>,
    pub(crate) test: bool,
    pub(crate) line: usize,
}

/// One name that a `use` declaration brings in.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: Path,
    /// The name it has here; `*` for everything.
    pub(crate) name: String,
    pub(crate) public: bool,
    /// It stands in the module itself, not in a function.
    pub(crate) of_module: bool,
}

/// A path as it is written, without generic arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

/// The name of a struct, enum, trait, union or type alias where it is declared.
#[derive(Debug)]
pub(crate) struct TypeName {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

impl Source {
    pub(crate) fn read(text: &str) -> io::Result<Self> {
        let tokens = TokenStream::from_str(text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        Ok(Self::of(tokens, false))
    }

    fn of(tokens: TokenStream, test: bool) -> Self {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let test = test || begins_with_cfg_test(&tokens);
        let mut source = Self { test, ..Self::default() };
        source.walk(&tokens, test, true);
        source
    }

    /// `of_module`: these tokens stand in the module itself, not in a group.
    fn walk(&mut self, tokens: &[TokenTree], test: bool, of_module: bool) {
        let mut at = 0;
        while at < tokens.len() {
            at = self.step(tokens, at, test, of_module);
        }
    }

    /// Reads what begins at `at` and answers where the next thing begins.
    fn step(&mut self, tokens: &[TokenTree], at: usize, test: bool, of_module: bool) -> usize {
        if let Some(after) = attributes(tokens, at) {
            let attributes = &tokens[at..after];
            let only_test = !test && attributes_are_test(attributes);
            if matches!(word(tokens, after), Some("mod" | "pub"))
                && let Some(end) =
                    self.module(tokens, after, path_of(attributes), test || only_test)
            {
                return end;
            }
            self.walk_groups(attributes, test || only_test);
            if only_test {
                let end = end_of_item(tokens, after);
                self.walk(&tokens[after..end], true, of_module);
                return end;
            }
            return after;
        }
        if let Some(end) = self.module(tokens, at, None, test) {
            return end;
        }
        match &tokens[at] {
            TokenTree::Group(_) => {
                self.walk_groups(&tokens[at..=at], test);
                at + 1
            }
            TokenTree::Ident(ident) => {
                if *ident == "use" && !is_punct(tokens, at + 1, '<') {
                    return self.import(tokens, at, test, of_module);
                }
                self.declaration(tokens, at, &ident.to_string(), test, of_module);
                if !test {
                    self.identifiers.insert(plain(ident));
                }
                self.path(tokens, at, test)
            }
            _ => at + 1,
        }
    }

    fn walk_groups(&mut self, tokens: &[TokenTree], test: bool) {
        for token in tokens {
            if let TokenTree::Group(group) = token {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.walk(&inner, test, false);
            }
        }
    }

    /// `mod name;` or `mod name { … }`, with or without its visibility before it.
    fn module(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        file: Option<String>,
        test: bool,
    ) -> Option<usize> {
        let at = after_visibility(tokens, at);
        if word(tokens, at) != Some("mod") {
            return None;
        }
        let TokenTree::Ident(name) = tokens.get(at + 1)? else { return None };
        let body = match tokens.get(at + 2)? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Some(Self::of(group.stream(), test))
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => None,
            _ => return None,
        };
        let line = name.span().start().line;
        self.children.push(Child { name: plain(name), file, body, test, line });
        Some(at + 3)
    }

    fn declaration(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        keyword: &str,
        test: bool,
        of_module: bool,
    ) {
        let is_type = matches!(keyword, "struct" | "enum" | "trait" | "type" | "union");
        let name = match tokens.get(at + 1) {
            Some(TokenTree::Ident(name)) => name,
            Some(TokenTree::Punct(punct)) if keyword == "macro_rules" && punct.as_char() == '!' => {
                let Some(TokenTree::Ident(name)) = tokens.get(at + 2) else { return };
                name
            }
            _ => return,
        };
        if is_type {
            let line = name.span().start().line;
            self.types.push(TypeName { name: plain(name), line, test });
        }
        if of_module && (is_type || matches!(keyword, "fn" | "const" | "static" | "macro_rules")) {
            self.defines.insert(plain(name));
        }
    }

    /// A path that begins at `at`; a single name is stepped over.
    fn path(&mut self, tokens: &[TokenTree], at: usize, test: bool) -> usize {
        // `::name` is a crate of that name; `<T as Trait>::name` names nothing of ours by itself.
        let goes_on = at > 1 && is_colons(tokens, at - 2);
        let line = tokens[at].span().start().line;
        let mut segments = Vec::new();
        let mut next = at;
        while let Some(TokenTree::Ident(ident)) = tokens.get(next) {
            segments.push(plain(ident));
            next += 1;
            if !is_colons(tokens, next) {
                break;
            }
            next += 2;
        }
        if segments.len() > 1 && !goes_on {
            if !test {
                self.identifiers.extend(segments.iter().cloned());
            }
            self.paths.push(Path { segments, line, test });
        }
        next
    }

    fn import(&mut self, tokens: &[TokenTree], at: usize, test: bool, of_module: bool) -> usize {
        let end = tokens[at..]
            .iter()
            .position(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'))
            .map_or(tokens.len(), |length| at + length);
        let public = is_public(tokens, at);
        let mut leaves = Vec::new();
        use_tree(&tokens[at + 1..end], &[], &mut leaves);
        for (segments, name, line) in leaves {
            let path = Path { segments, line, test };
            self.imports.push(Import { path, name, public, of_module });
        }
        (end + 1).min(tokens.len()).max(at + 1)
    }
}

/// The leaves of a `use` declaration: path, the name it has here, line.
fn use_tree(
    tokens: &[TokenTree],
    prefix: &[String],
    leaves: &mut Vec<(Vec<String>, String, usize)>,
) {
    for branch in tokens
        .split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
        .filter(|branch| !branch.is_empty())
    {
        let mut path = prefix.to_vec();
        // `use ::name` is a crate of that name, whatever module is called so.
        if prefix.is_empty() && is_punct(branch, 0, ':') {
            continue;
        }
        let line = branch[0].span().start().line;
        let mut renamed = None;
        let mut at = 0;
        let mut nested = false;
        while let Some(token) = branch.get(at) {
            match token {
                TokenTree::Ident(ident) if *ident == "as" => {
                    renamed = branch.get(at + 1).map(ToString::to_string);
                    break;
                }
                TokenTree::Ident(ident) => path.push(plain(ident)),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    use_tree(&inner, &path, leaves);
                    nested = true;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    leaves.push((path.clone(), "*".to_owned(), line));
                    nested = true;
                }
                _ => {}
            }
            at += 1;
        }
        if nested {
            continue;
        }
        // `use a::b::{self}` brings in `b`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last() {
            let name = renamed.unwrap_or_else(|| last.clone());
            leaves.push((path, name, line));
        }
    }
}

/// The end of the attributes that begin at `at`, doc comments among them.
fn attributes(tokens: &[TokenTree], mut at: usize) -> Option<usize> {
    let start = at;
    while is_punct(tokens, at, '#') {
        let group = if is_punct(tokens, at + 1, '!') { at + 2 } else { at + 1 };
        match tokens.get(group) {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Bracket => {
                at = group + 1;
            }
            _ => break,
        }
    }
    (at > start).then_some(at)
}

fn attributes_are_test(tokens: &[TokenTree]) -> bool {
    tokens.iter().any(|token| match token {
        TokenTree::Group(group) => {
            let text = group.stream().to_string().replace(' ', "");
            text == "test" || text.starts_with("cfg(test)") || text.starts_with("cfg(all(test")
        }
        _ => false,
    })
}

fn begins_with_cfg_test(tokens: &[TokenTree]) -> bool {
    let end = attributes(tokens, 0).unwrap_or(0);
    (0..end)
        .any(|at| is_punct(tokens, at, '!') && attributes_are_test(&tokens[at..(at + 2).min(end)]))
}

/// The text of `#[path = "…"]`.
fn path_of(attributes: &[TokenTree]) -> Option<String> {
    attributes.iter().find_map(|token| {
        let TokenTree::Group(group) = token else { return None };
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let [TokenTree::Ident(key), TokenTree::Punct(_), TokenTree::Literal(value)] = &inner[..]
        else {
            return None;
        };
        (*key == "path").then(|| value.to_string().trim_matches('"').to_owned())
    })
}

/// Where the item, field, variant, arm or statement that begins at `at` ends.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let first = after_visibility(tokens, at);
    let by_semicolon = match word(tokens, first) {
        Some("use" | "static" | "type" | "let") => true,
        Some("const") => !matches!(word(tokens, first + 1), Some("fn" | "unsafe" | "async")),
        _ => false,
    };
    let item = by_semicolon
        || matches!(
            word(tokens, first),
            Some(
                "fn" | "struct"
                    | "enum"
                    | "union"
                    | "trait"
                    | "impl"
                    | "mod"
                    | "unsafe"
                    | "async"
                    | "const"
                    | "extern"
                    | "macro_rules"
            )
        );
    for (offset, token) in tokens[at..].iter().enumerate() {
        let end = at + offset + 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return end,
            TokenTree::Punct(punct) if punct.as_char() == ',' && !item => return end,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !by_semicolon => {
                return end;
            }
            _ => {}
        }
    }
    tokens.len()
}

fn after_visibility(tokens: &[TokenTree], at: usize) -> usize {
    if word(tokens, at) != Some("pub") {
        return at;
    }
    match tokens.get(at + 1) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => at + 2,
        _ => at + 1,
    }
}

/// Whether `pub` or `pub(…)` stands right before `at`.
fn is_public(tokens: &[TokenTree], at: usize) -> bool {
    (1..=2).any(|back| {
        at.checked_sub(back).is_some_and(|from| {
            word(tokens, from) == Some("pub") && after_visibility(tokens, from) == at
        })
    })
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(first))
        if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && is_punct(tokens, at + 1, ':')
}

/// The identifier at `at`, where one of the words that the reader asks about stands there.
fn word(tokens: &[TokenTree], at: usize) -> Option<&'static str> {
    let TokenTree::Ident(ident) = tokens.get(at)? else { return None };
    [
        "pub",
        "mod",
        "use",
        "static",
        "type",
        "let",
        "const",
        "fn",
        "struct",
        "enum",
        "union",
        "trait",
        "impl",
        "unsafe",
        "async",
        "extern",
        "macro_rules",
    ]
    .into_iter()
    .find(|known| *ident == known)
}

/// The name without its `r#`.
fn plain(ident: &proc_macro2::Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests;
