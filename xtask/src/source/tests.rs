use super::*;

fn read(text: &str) -> Source {
    Source::read(text).expect("Rust")
}

#[test]
fn paths_are_read_wherever_they_stand() {
    for (text, expected) in [
        ("fn f() -> crate::a::B { super::c::d() }", &["crate::a::B", "super::c::d"][..]),
        ("fn f(x: &dyn crate::a::B<self::c::D>) {}", &["crate::a::B", "self::c::D"]),
        ("fn f() { crate::a::b::<crate::c::D>() }", &["crate::a::b", "crate::c::D"]),
        ("fn f() { log!(\"{}\", crate::a::B) }", &["crate::a::B"]),
        ("macro_rules! m { () => { $crate::a::b() }; }", &["crate::a::b"]),
        ("#[arg(parser = crate::a::b)] struct S;", &["crate::a::b"]),
        ("fn f() { ::crate_of_others::b() }", &[]),
        ("// crate::a::B\n/// crate::a::C\nfn f() { \"crate::a::D\"; }", &[]),
        ("#[cfg(test)] fn f() { crate::a::b() }\nfn g() { crate::c::d() }", &["crate::c::d"]),
        ("#[test] fn f() { crate::a::b() }", &[]),
        ("enum E { #[cfg(test)] A(crate::a::B), C(crate::c::D) }", &["crate::c::D"]),
        (
            "#[cfg(test)] impl<A, B> crate::a::T for S<A, B> { } fn f() { crate::c::d() }",
            &["crate::c::d"],
        ),
        ("#[cfg(not(test))] fn f() { crate::a::b() }", &["crate::a::b"]),
        ("#![cfg(test)]\nfn f() { crate::a::b() }", &[]),
    ] {
        let source = read(text);
        let paths: Vec<String> = source
            .paths
            .iter()
            .filter(|path| !path.test)
            .map(|path| path.segments.join("::"))
            .collect();
        assert_eq!(paths, expected, "{text}");
    }
}

#[test]
fn imports_are_read_with_their_names() {
    for (text, expected) in [
        ("use crate::a::B;", &["crate::a::B as B"][..]),
        ("pub(crate) use self::a::B as C;", &["pub self::a::B as C"]),
        (
            "use crate::{a::{self, B}, c::*, d};",
            &["crate::a as a", "crate::a::B as B", "crate::c::* as *", "crate::d as d"],
        ),
        ("use ::url::Url;", &[]),
        ("fn f() { use super::a::B; }", &["super::a::B as B"]),
        ("fn f<'a>() -> impl Sized + use<'a> { }", &[]),
    ] {
        let source = read(text);
        let imports: Vec<String> = source
            .imports
            .iter()
            .map(|import| {
                let public = if import.public { "pub " } else { "" };
                let path = import.path.segments.join("::");
                let all = if import.name == "*" { "::*" } else { "" };
                format!("{public}{path}{all} as {}", import.name)
            })
            .collect();
        assert_eq!(imports, expected, "{text}");
    }
}

#[test]
fn modules_and_types_are_read() {
    let source = read(
        "mod a;\npub(super) mod b { pub struct C; }\n#[cfg(test)]\nmod tests;\n\
         #[cfg(test)]\n#[path = \"odd.rs\"]\nmod odd;\nfn f() { enum D {} }\ntype E = u8;",
    );
    let children: Vec<_> = source
        .children
        .iter()
        .map(|child| (child.name.as_str(), child.line, child.test, child.file.as_deref()))
        .collect();
    assert_eq!(
        children,
        [
            ("a", 1, false, None),
            ("b", 2, false, None),
            ("tests", 4, true, None),
            ("odd", 7, true, Some("odd.rs"))
        ]
    );
    let inside = source.children[1].body.as_ref().expect("a body");
    assert_eq!(inside.types[0].name, "C");
    let types: Vec<_> = source.types.iter().map(|t| (t.name.as_str(), t.line)).collect();
    assert_eq!(types, [("D", 8), ("E", 9)]);
    assert!(source.defines.contains("E") && source.defines.contains("f"));
    assert!(!source.defines.contains("D"));
}
