//! A small house in which everything holds, and what happens when one thing in it is broken.

use super::*;
use crate::testing::Tree;
use crate::write;

const PLAN: &str = r#"
[limits]
largest_crate_percent = 60
longest_file = 20
long_file = 10
table_from_modules = 3
[clock]
readers = ["crates/b/src/clock.rs"]
[world]
packages = ["tokio"]
[circles.not_yet]
[words]
not_yet = [
]
[crates.razz-a]
floor = 0
why = "values"

[crates.razz-b]
floor = 1
why = "the roof"
on = ["razz-a"]

[crates.razz-b.modules]
clock = []
look = ["clock"]
show = ["look"]
# behind the table
"#;

const GLOSSARY: &str = "\
## Words not used alone
| word | kind | say instead | but in |
|---|---|---|---|
| ~~Way~~ | type | `Route` | – |
| ~~util~~ | module, file | its role | – |
| ~~who is told~~ | prose | subscribers | – |
";

/// Files that hold with [`PLAN`].
fn house() -> Tree {
    let filler = "// filler\n".repeat(8);
    Tree::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]"),
        ("GLOSSARY.md", GLOSSARY),
        (FILE, PLAN),
        ("crates/a/Cargo.toml", "[package]\nname = \"razz-a\""),
        ("crates/a/src/lib.rs", &filler),
        ("crates/b/Cargo.toml", "[package]\nname = \"razz-b\""),
        ("crates/b/src/main.rs", "mod clock;\nmod look;\nmod show;\nfn main() { show::all() }\n"),
        ("crates/b/src/clock.rs", "pub fn now() { Instant::now() }\n"),
        ("crates/b/src/look.rs", "use crate::clock;\npub fn at() {}\n"),
        ("crates/b/src/show.rs", "use crate::look;\npub fn all() {}\n"),
    ])
}

fn broken(tree: &Tree) -> Vec<String> {
    let plan = Plan::open(tree.root()).expect("a plan");
    let house = House::read(tree.root(), &plan).expect("a house");
    house.broken(tree.root(), &plan).expect("checks")
}

fn text(tree: &Tree) -> String {
    let plan = Plan::open(tree.root()).expect("a plan");
    House::read(tree.root(), &plan).expect("a house").text(&plan)
}

#[test]
fn a_house_that_holds_is_shown() {
    let tree = house();
    assert_eq!(broken(&tree), [""; 0]);
    let text = text(&tree);
    for line in [
        "  floor 1\n    razz-b               9            9   52.9 %   a: the roof\n",
        "    look → clock\n    show → look\n",
        "The largest crate is razz-b with 52.9 % of the lines; 60 % is the most.\n",
        "The longest module cycle is 0.\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn what_is_planted_is_found() {
    for (why, file, planted, expected) in [
        (
            "a circle",
            "crates/b/src/clock.rs",
            "use crate::show;\npub fn now() { Instant::now() }\n",
            &[
                "razz-b: the table has no arrow clock -> show; crates/b/src/clock.rs:1 (crate::show)",
                "crates/b/src: a circle of clock, look, show\n    clock -> show; crates/b/src/clock.rs:1 (crate::show)\n    look -> clock; crates/b/src/look.rs:1 (crate::clock)\n    show -> look; crates/b/src/show.rs:1 (crate::look)",
            ][..],
        ),
        (
            "a wrong arrow",
            "crates/b/src/show.rs",
            "use crate::look;\n\nfn all() { crate::clock::now() }\n",
            &[
                "razz-b: the table has no arrow show -> clock; crates/b/src/show.rs:3 (crate::clock::now)",
            ],
        ),
        (
            "an arrow that is gone",
            "crates/b/src/show.rs",
            "pub fn all() {}\n",
            &[
                "xtask/floor-plan.toml: [crates.razz-b.modules] allows show -> look, which nothing uses",
            ],
        ),
        (
            "a module that the table does not know",
            "crates/b/src/main.rs",
            "mod clock;\nmod look;\nmod show;\nmod more { }\n",
            &["xtask/floor-plan.toml: [crates.razz-b.modules] has no line for the module more"],
        ),
        (
            "a banned type",
            "crates/b/src/show.rs",
            "use crate::look;\nstruct Way;\n",
            &["crates/b/src/show.rs:2: GLOSSARY.md does not use \"Way\" alone; say `Route`"],
        ),
        (
            "a banned file",
            "crates/a/src/util.rs",
            "",
            &["crates/a/src/util.rs: GLOSSARY.md does not use \"util\" alone; say its role"],
        ),
        (
            "a banned phrase",
            "crates/b/README.md",
            "# b\n\nSays who\nis told.\n",
            &["crates/b/README.md:3: GLOSSARY.md does not use \"who is told\" alone"],
        ),
        (
            "a clock read",
            "crates/b/src/show.rs",
            "use crate::look;\npub fn all() { Instant::now() }\n",
            &["crates/b/src/show.rs:2 calls Instant::now"],
        ),
        (
            "a crate that is not in the plan",
            "crates/c/Cargo.toml",
            "[package]\nname = \"razz-c\"",
            &["xtask/floor-plan.toml: [crates.razz-c] is missing"],
        ),
    ] {
        let tree = house();
        tree.write(file, planted);
        let lines = broken(&tree);
        assert_eq!(lines.len(), expected.len(), "{why}: {lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{why}: {line}");
        }
    }
}

#[test]
fn sizes_have_limits() {
    let tree = house();
    tree.write("crates/a/tests/long.rs", &"// filler\n".repeat(15));
    assert!(text(&tree).contains("Files of more than 10 lines: 1\n  15 crates/a/tests/long.rs\n"));
    tree.write("crates/a/tests/long.rs", &"// filler\n".repeat(21));
    let lines = broken(&tree);
    assert_eq!(
        lines,
        [
            "razz-a holds 76.3 % of the Rust lines in crates/; at most 60 % may stand in one crate",
            "crates/a/tests/long.rs has 21 lines; at most 20 may stand in one file",
        ]
    );
    tree.write(FILE, &PLAN.replace("long_file", "too_large_not_yet = [\"razz-b\"]\nlong_file"));
    assert!(broken(&tree)[1].contains("razz-b is no longer too large"), "{:?}", broken(&tree));
}

#[test]
fn exceptions_are_for_what_they_name_and_only_shrink() {
    let tree = house();
    tree.write("crates/b/src/look.rs", "use crate::clock;\nuse crate::show;\nstruct Way;\n");
    let table = PLAN.replace("look = [\"clock\"]", "look = [\"clock\", \"show\"]");
    tree.write(FILE, &table);
    assert_eq!(broken(&tree).len(), 2, "a circle and a word: {:?}", broken(&tree));

    let excepted = table
        .replace("[circles.not_yet]", "[circles.not_yet]\n\"crates/b/src\" = [\"look\", \"show\"]")
        .replace("not_yet = [\n", "not_yet = [\n    \"crates/b/src/look.rs\",\n");
    tree.write(FILE, &excepted);
    assert_eq!(broken(&tree), [""; 0]);
    assert!(text(&tree).contains("The longest module cycle is 2.\n  crates/b/src: look, show\n"));

    let wider = excepted.replace("[\"look\", \"show\"]", "[\"clock\", \"look\", \"show\"]");
    tree.write(FILE, &wider);
    let lines = broken(&tree);
    assert!(lines[0].contains("clock of crates/b/src stands in no circle any more"), "{lines:?}");

    tree.write("crates/b/src/look.rs", "use crate::clock;\n");
    tree.write(FILE, &excepted);
    let lines = broken(&tree);
    assert_eq!(lines.len(), 4, "an arrow, two members, a word: {lines:?}");
    assert_eq!(written(&tree), PLAN, "what is no longer needed is taken out");
}

#[test]
fn the_table_is_written_from_the_code() {
    let tree = house();
    tree.write("crates/b/src/show.rs", "use crate::{clock, look};\n");
    let expected = PLAN.replace("show = [\"look\"]", "show = [\"clock\", \"look\"]");
    assert_eq!(written(&tree), expected);

    let start = PLAN.find("\n[crates.razz-b.modules]").expect("a table");
    let end = PLAN.find("# behind").expect("a comment");
    tree.write(FILE, &format!("{}{}", &PLAN[..start], &PLAN[end..]));
    assert!(broken(&tree)[0].contains("[crates.razz-b.modules] is missing"));
    assert_eq!(written(&tree), expected, "a table that was missing");
}

/// The plan as `--write` leaves it, with which nothing may be broken.
fn written(tree: &Tree) -> String {
    let plan = Plan::open(tree.root()).expect("a plan");
    let house = House::read(tree.root(), &plan).expect("a house");
    let broken = house.broken(tree.root(), &plan).expect("checks");
    let text = std::fs::read_to_string(tree.root().join(FILE)).expect("a plan");
    let text = write::rewritten(&text, &plan, &house, &broken);
    tree.write(FILE, &text);
    assert_eq!(self::broken(tree), [""; 0], "{text}");
    text
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    for (crates, expected) in [
        ("[crates.a]\nfloor = 1\nwhy = \"x\"\non = [\"b\"]", "a stands on b, which has no entry"),
        (
            "[crates.a]\nfloor = 1\nwhy = \"x\"\non = [\"b\"]\n[crates.b]\nfloor = 1\nwhy = \"x\"",
            "a on floor 1 stands on b on floor 1; it must be a lower one",
        ),
        ("[crates.a]\nfloor = 1\nwhy = \" \"", "a has no reason"),
        ("[crates.a]\nfloor = 1\nwhy = \"x\"\nbesides = [\"png\"]", "a besides png, which"),
        (
            "[crates.a]\nfloor = 1\nwhy = \"x\"\npure = true\nbesides = [\"tokio\"]",
            "a is pure, so it has nothing besides",
        ),
    ] {
        let lines = crate::testing::plan(crates).contradictions();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(expected), "{lines:?}");
    }
}
