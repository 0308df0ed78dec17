use super::*;
use crate::testing::Tree;

/// The arrows of every level, as `folder: from -> to file:line`.
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::new(files);
    let modules = Modules::read(tree.root(), files[0].0).expect("modules");
    let mut lines = Vec::new();
    for level in modules.levels() {
        for arrow in &level.arrows {
            let place = &arrow.places[0];
            let (from, to, file, line) = (&arrow.from, &arrow.to, &place.file, place.line);
            lines.push(format!("{}: {from} -> {to} {file}:{line}", level.name));
        }
    }
    lines
}

#[test]
fn arrows_follow_paths_imports_and_re_exports() {
    for (why, files, expected) in [
        (
            "an import and a path in a body",
            &[
                ("src/lib.rs", "mod a; mod b; mod c;"),
                ("src/a.rs", "\nuse crate::b::B;"),
                ("src/b.rs", "pub struct B; fn f() {\n\n crate::c::g() }"),
                ("src/c.rs", "pub fn g() {}"),
            ][..],
            &["src: a -> b src/a.rs:2", "src: b -> c src/b.rs:3"][..],
        ),
        (
            "a re-export of the root leads to where the item is",
            &[
                ("src/lib.rs", "mod a; mod b; pub use b::B;"),
                ("src/a.rs", "use crate::B;"),
                ("src/b.rs", "pub struct B;"),
            ],
            &["src: a -> b src/a.rs:1"],
        ),
        (
            "so does one of everything",
            &[
                ("src/lib.rs", "mod a; mod b; pub use b::*;"),
                ("src/a.rs", "fn f() { crate::B::new() }"),
                ("src/b.rs", "pub struct B;"),
            ],
            &["src: a -> b src/a.rs:1"],
        ),
        (
            "an item of the root itself",
            &[("src/lib.rs", "mod a; pub struct B;"), ("src/a.rs", "use crate::B;")],
            &["src: a -> lib.rs src/a.rs:1"],
        ),
        (
            "the root that uses what it re-exports",
            &[
                ("src/main.rs", "mod a; pub use a::A; fn main() { A::new() }"),
                ("src/a.rs", "pub struct A;"),
            ],
            &["src: main.rs -> a src/main.rs:1"],
        ),
        (
            "a path that begins with a module of this one",
            &[("src/main.rs", "mod a; fn main() { a::f() }"), ("src/a.rs", "pub fn f() {}")],
            &["src: main.rs -> a src/main.rs:1"],
        ),
        (
            "files of a folder",
            &[
                ("src/lib.rs", "mod a;"),
                ("src/a/mod.rs", "mod b; mod c; mod d; pub use c::C;"),
                ("src/a/b.rs", "use super::C; use super::super::a::d::D;"),
                ("src/a/c.rs", "pub struct C; mod inner { use super::super::d::D; }"),
                ("src/a/d.rs", "pub struct D;"),
            ],
            &[
                "src/a: b -> c src/a/b.rs:1",
                "src/a: b -> d src/a/b.rs:1",
                "src/a: c -> d src/a/c.rs:1",
            ],
        ),
        (
            "a folder beside its file",
            &[
                ("src/lib.rs", "mod a;"),
                ("src/a.rs", "mod b; mod c;"),
                ("src/a/b.rs", "use super::c::C;"),
                ("src/a/c.rs", "pub struct C;"),
            ],
            &["src/a: b -> c src/a/b.rs:1"],
        ),
        (
            "tests do not count",
            &[
                ("src/lib.rs", "mod a; mod b;"),
                ("src/a.rs", "#[cfg(test)] mod tests; #[cfg(test)] mod inner { use crate::b::B; }"),
                ("src/a/tests.rs", "use crate::b::B;"),
                ("src/b.rs", "#![cfg(test)] use crate::a::A;"),
            ],
            &[],
        ),
    ] {
        assert_eq!(arrows(files), expected, "{why}");
    }
}

#[test]
fn a_module_without_a_file_is_an_error() {
    let tree = Tree::new(&[("src/lib.rs", "mod a;")]);
    let error = Modules::read(tree.root(), "src/lib.rs").err().expect("an error");
    assert!(error.to_string().contains("the module a, which has no file"), "{error}");
}
