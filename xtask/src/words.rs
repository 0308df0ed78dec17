//! Plain words: `GLOSSARY.md` says which are not used alone, and where each may stand nevertheless.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::plan::FILE;
use crate::source::{Source, TypeName};

pub(crate) const GLOSSARY: &str = "GLOSSARY.md";

/// The heading above the table.
const HEADING: &str = "## Words not used alone";

/// In the table's last column: tests may use the word.
const TESTS: &str = "tests";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// The name of a struct, enum, trait, union or type alias.
    Type,
    /// The name of a module, its file or its folder.
    Module,
    /// A phrase in a comment or a document, in any case.
    Prose,
}

/// One row of the table.
#[derive(Debug, PartialEq)]
pub(crate) struct Ban {
    words: Vec<String>,
    kind: Kind,
    instead: String,
    /// Folders or files where the word may stand, or [`TESTS`].
    except: Vec<String>,
}

/// A banned word where it stands.
#[derive(Debug, PartialEq)]
struct Finding {
    /// The file, or the folder that has the name.
    at: String,
    line: Option<usize>,
    word: String,
    instead: String,
}

/// Every banned word outside the exceptions, and exceptions that are no longer needed.
pub(crate) fn check(
    root: &Path,
    sources: &[String],
    documents: &[String],
    not_yet: &[String],
) -> io::Result<Vec<String>> {
    let bans = bans(&fs::read_to_string(root.join(GLOSSARY))?)?;
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    for file in sources {
        let text = fs::read_to_string(root.join(file))?;
        let source =
            Source::read(&text).map_err(|error| io::Error::other(format!("{file}: {error}")))?;
        for finding in in_names(&bans, file) {
            if named.insert((finding.at.clone(), finding.word.clone())) {
                found.push(finding);
            }
        }
        in_source(&bans, file, &source, &mut found);
        in_prose(&bans, file, &comments(&text), &mut found);
    }
    for file in documents.iter().filter(|file| *file != GLOSSARY) {
        let text = fs::read_to_string(root.join(file))?;
        in_prose(&bans, file, &paragraphs(&text), &mut found);
    }
    Ok(against_exceptions(&found, not_yet))
}

fn against_exceptions(found: &[Finding], not_yet: &[String]) -> Vec<String> {
    let mut broken: Vec<String> = found
        .iter()
        .filter(|finding| !not_yet.contains(&finding.at))
        .map(|finding| {
            let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
            format!(
                "{}{line}: {GLOSSARY} does not use \"{}\" alone; say {}",
                finding.at, finding.word, finding.instead
            )
        })
        .collect();
    for entry in not_yet {
        if !found.iter().any(|finding| finding.at == *entry) {
            broken.push(format!(
                "{FILE}: words.not_yet: {entry} has no banned word any more; take it out"
            ));
        }
    }
    broken
}

/// The rows of the table in the glossary.
fn bans(glossary: &str) -> io::Result<Vec<Ban>> {
    let bad = |line: &str, why: &str| io::Error::other(format!("{GLOSSARY}: {why}: {line}"));
    let mut bans = Vec::new();
    let table = glossary
        .lines()
        .skip_while(|line| line.trim() != HEADING)
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    for line in table.filter(|line| line.contains("~~")) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [words, kind, instead, except] = cells[..] else {
            return Err(bad(line, "a row of the banned words has four columns"));
        };
        let kind = match kind {
            "type" => Kind::Type,
            "module, file" => Kind::Module,
            "prose" => Kind::Prose,
            _ => {
                return Err(bad(
                    line,
                    "a banned word is of kind `type`, `module, file` or `prose`",
                ));
            }
        };
        bans.push(Ban {
            words: between(words, "~~"),
            kind,
            instead: instead.to_owned(),
            except: if except == TESTS { vec![TESTS.to_owned()] } else { between(except, "`") },
        });
    }
    if bans.is_empty() {
        return Err(io::Error::other(format!("{GLOSSARY} has no rows below \"{HEADING}\"")));
    }
    Ok(bans)
}

/// What stands between pairs of `mark`.
fn between(text: &str, mark: &str) -> Vec<String> {
    text.split(mark).skip(1).step_by(2).map(str::to_owned).collect()
}

impl Ban {
    /// The words of this row that count in `file`.
    fn words_in<'a>(&'a self, file: &str, test: bool) -> impl Iterator<Item = &'a String> {
        let excepted = self.except.iter().any(|except| {
            (except == TESTS && (test || is_test_file(file)))
                || file.strip_prefix(except.as_str()).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || except.ends_with('/')
                })
        });
        self.words.iter().filter(move |_| !excepted)
    }
}

fn is_test_file(file: &str) -> bool {
    file.split('/').any(|part| {
        part == "tests" || part == "benches" || part == "tests.rs" || part.ends_with("_tests.rs")
    })
}

/// Names of the file and of the folders above it.
fn in_names(bans: &[Ban], file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for ban in bans.iter().filter(|ban| ban.kind == Kind::Module) {
        for word in ban.words_in(file, false) {
            let mut length = 0;
            for part in file.split('/') {
                length += part.len();
                if part.strip_suffix(".rs").unwrap_or(part) == word {
                    found.push(Finding {
                        at: file[..length].to_owned(),
                        line: None,
                        word: word.clone(),
                        instead: ban.instead.clone(),
                    });
                }
                length += 1;
            }
        }
    }
    found
}

/// Names of types, and of modules whose body stands in this file.
fn in_source(bans: &[Ban], file: &str, source: &Source, found: &mut Vec<Finding>) {
    let mut look = |kind: Kind, name: &str, line: usize, test: bool| {
        for ban in bans.iter().filter(|ban| ban.kind == kind) {
            for word in ban.words_in(file, test).filter(|word| *word == name) {
                found.push(Finding {
                    at: file.to_owned(),
                    line: Some(line),
                    word: word.clone(),
                    instead: ban.instead.clone(),
                });
            }
        }
    };
    for TypeName { name, line, test } in &source.types {
        look(Kind::Type, name, *line, *test);
    }
    for child in source.children.iter().filter(|child| child.body.is_some()) {
        look(Kind::Module, &child.name, child.line, child.test);
    }
    for body in source.children.iter().filter_map(|child| child.body.as_ref()) {
        in_source(bans, file, body, found);
    }
}

fn in_prose(bans: &[Ban], file: &str, texts: &[(usize, String)], found: &mut Vec<Finding>) {
    for ban in bans.iter().filter(|ban| ban.kind == Kind::Prose) {
        for word in ban.words_in(file, false) {
            for (line, _) in texts.iter().filter(|(_, text)| has_phrase(text, word)) {
                found.push(Finding {
                    at: file.to_owned(),
                    line: Some(*line),
                    word: word.clone(),
                    instead: ban.instead.clone(),
                });
            }
        }
    }
}

/// Whole words only, in any case.
fn has_phrase(text: &str, phrase: &str) -> bool {
    let text = text.to_lowercase();
    let ends = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    text.match_indices(phrase).any(|(at, _)| {
        ends(text[..at].chars().next_back()) && ends(text[at + phrase.len()..].chars().next())
    })
}

/// Every comment of whole lines as one text, with the line where it begins.
fn comments(source: &str) -> Vec<(usize, String)> {
    let lines = source.lines().map(|line| {
        let comment = line.trim_start().strip_prefix("//")?;
        Some(comment.trim_start_matches(['/', '!']).trim())
    });
    joined(lines)
}

/// Every paragraph of a document as one text, with the line where it begins.
fn paragraphs(document: &str) -> Vec<(usize, String)> {
    joined(document.lines().map(|line| (!line.trim().is_empty()).then(|| line.trim())))
}

fn joined<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> Vec<(usize, String)> {
    let mut texts: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in lines.enumerate() {
        match (line, texts.last_mut()) {
            (Some(line), Some((_, text))) if goes_on => {
                text.push(' ');
                text.push_str(line);
            }
            (Some(line), _) => texts.push((index + 1, line.to_owned())),
            (None, _) => {}
        }
        goes_on = line.is_some();
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# Glossary
| word | ~~stream~~ |

## Words not used alone

| word | kind | say instead | but in |
|---|---|---|---|
| ~~Way~~, ~~Told~~ | type | `Sender`, `Route` | – |
| ~~Row~~ | type | what a row holds | tests |
| ~~util~~, ~~live~~ | module, file | its role in the flow | `crates/old/src` |
| ~~who is told~~ | prose | \"subscribers\" | – |

## Names in code
- `get_` ~~nothing~~
";

    fn found(file: &str, text: &str) -> Vec<String> {
        let bans = bans(TABLE).expect("a table");
        let mut found = in_names(&bans, file);
        in_source(&bans, file, &Source::read(text).expect("Rust"), &mut found);
        in_prose(&bans, file, &comments(text), &mut found);
        let line = |finding: &Finding| finding.line.map_or("name".into(), |l: usize| l.to_string());
        found.iter().map(|f| format!("{} {} {}", f.at, line(f), f.word)).collect()
    }

    #[test]
    fn the_table_of_the_glossary_is_read() {
        let bans = bans(TABLE).expect("a table");
        assert_eq!(bans.len(), 4);
        assert_eq!(bans[0].words, ["Way", "Told"]);
        assert_eq!((bans[1].kind, &bans[1].except[..]), (Kind::Type, &[TESTS.to_owned()][..]));
        assert_eq!(bans[2].except, ["crates/old/src"]);
        for broken in ["# Glossary", "## Words not used alone\n| ~~Way~~ | tpye | x | – |"] {
            assert!(super::bans(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn banned_words_are_found_where_they_are_names() {
        let none: &[&str] = &[];
        for (file, text, expected) in [
            (
                "crates/a/src/b.rs",
                "struct Way;\nenum Told {}",
                &["crates/a/src/b.rs 1 Way", "crates/a/src/b.rs 2 Told"][..],
            ),
            ("crates/a/src/b.rs", "struct Ways; fn f(way: u8) { Way::new() }", none),
            ("crates/a/src/b.rs", "fn f() { type Row = u8; }", &["crates/a/src/b.rs 1 Row"]),
            (
                "crates/a/src/b.rs",
                "#[cfg(test)]\nmod tests { type Row = u8; struct Way; }",
                &["crates/a/src/b.rs 2 Way"],
            ),
            ("crates/a/tests/b.rs", "type Row = u8;", none),
            ("crates/a/src/live.rs", "", &["crates/a/src/live.rs name live"]),
            ("crates/a/src/util/x.rs", "", &["crates/a/src/util name util"]),
            ("crates/a/src/alive.rs", "mod live;", none),
            ("crates/a/src/b.rs", "mod util { }", &["crates/a/src/b.rs 1 util"]),
            ("crates/old/src/live.rs", "", none),
            ("crates/older/src/live.rs", "", &["crates/older/src/live.rs name live"]),
            (
                "crates/a/src/b.rs",
                "\n/// Counts those Who is\n/// told.\nfn f() {}",
                &["crates/a/src/b.rs 2 who is told"],
            ),
            (
                "crates/a/src/b.rs",
                "// who is told,\n\n// and what",
                &["crates/a/src/b.rs 1 who is told"],
            ),
            ("crates/a/src/b.rs", "// who is\n\n// told, who is tolden", none),
        ] {
            assert_eq!(found(file, text), expected, "{file}: {text}");
        }
    }

    #[test]
    fn exceptions_only_shrink() {
        let finding = |at: &str| Finding {
            at: at.to_owned(),
            line: None,
            word: "live".to_owned(),
            instead: "its role".to_owned(),
        };
        let found = [finding("a/live.rs"), finding("b/live.rs")];
        let check = |not_yet: &[&str]| {
            let not_yet: Vec<String> = not_yet.iter().map(ToString::to_string).collect();
            against_exceptions(&found, &not_yet)
        };
        assert_eq!(check(&["a/live.rs", "b/live.rs"]), [""; 0]);
        assert!(check(&["a/live.rs"])[0].starts_with("b/live.rs: GLOSSARY.md"));
        let gone = check(&["a/live.rs", "b/live.rs", "c/live.rs"]);
        assert!(gone[0].contains("c/live.rs has no banned word any more"), "{gone:?}");
    }
}
