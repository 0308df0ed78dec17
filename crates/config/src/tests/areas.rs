//! Lines and zones.

use razz_analytics::{Anchor, InSide, Shape};

use super::{CAMERA, complaints, parse};

fn with(lines: &str) -> String {
    format!("{CAMERA}[[area]]\n{lines}")
}

#[test]
fn a_line_and_a_zone_are_read() {
    let door = "camera = 1\nname = \" Door \"\nline = [[0.1, 0.8], [0.6, 0.8]]\nin = \"left\"\n";
    let hall = "[[area]]\ncamera = 1\nname = \"Hall\"\nzone = [[0, 0], [1, 0], [1, 1]]\n\
                classes = [\"person\"]\nanchor = \"head\"\n";
    let config = parse(&format!("{}{hall}", with(door))).unwrap();
    let [door, hall] = &config.areas[..] else { panic!("two areas") };
    let points = vec![[0.1, 0.8], [0.6, 0.8]];
    assert_eq!((door.name.as_str(), door.camera.as_u32()), ("Door", 1));
    assert_eq!(door.shape, Shape::Line { points, inside: InSide::Left });
    assert_eq!((door.anchor, door.classes.len()), (Anchor::Foot, 0));
    assert_eq!(hall.shape, Shape::Zone { points: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]] });
    assert_eq!((hall.anchor, &hall.classes[..]), (Anchor::Head, &["person".to_owned()][..]));
}

#[test]
fn a_mask_belongs_to_its_camera_and_is_no_area_of_a_rule() {
    let tree =
        "camera = 1\nname = \"Tree\"\nmask = [[0, 0], [1, 0], [1, 1]]\nclasses = [\"bird\"]\n";
    let config = parse(&with(tree)).unwrap();
    let [mask] = &config.cameras[0].masks[..] else { panic!("one mask") };
    assert_eq!(mask.shape, Shape::Zone { points: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]] });
    assert_eq!((mask.name.as_str(), config.areas.len()), ("Tree", 0));
    let rule = "[[rule]]\nname = \"Seen\"\nwhen = \"enters\"\ncamera = 1\narea = \"Tree\"\n";
    let found = complaints(&format!("{}{rule}", with(tree)));
    assert!(
        found[0].contains("\"Tree\", and that is a mask, in which nothing is seen"),
        "{found:?}"
    );
}

#[test]
fn what_is_wrong_with_an_area_is_said_where_it_stands() {
    let named = |rest: &str| with(&format!("camera = 1\nname = \"Door\"\n{rest}"));
    let line = "line = [[0.1, 0.8], [0.6, 0.8]]\n";
    for (text, place, said) in [
        (
            named(""),
            "4:1",
            "area \"Door\" expects one of three: `line` with two points or more, `zone`",
        ),
        (named(&format!("{line}zone = [[0, 0], [1, 0], [1, 1]]")), "4:1", "expects one of three"),
        (
            named("line = [[192, 864], [1152, 864]]"),
            "7:8",
            "give shares of its width and height, 0 to 1",
        ),
        (named("line = [[0.1, 0.8]]"), "7:8", "1 points are not enough: a line needs 2 or more"),
        (
            named("line = 7"),
            "7:8",
            "`line` expects a list of points, such as [[0.1, 0.8], [0.6, 0.8]]",
        ),
        (named(&format!("{line}in = \"up\"")), "8:6", "`in` expects one of \"right\", \"left\""),
        (named(&format!("{line}classes = [\"\"]")), "8:12", "expects names of classes"),
        (with(&format!("camera = 7\nname = \"Door\"\n{line}")), "5:10", "no camera has that `id`"),
        (with(&format!("camera = 0\nname = \"Door\"\n{line}")), "5:10", "expects a camera's `id`"),
        (
            with(&format!("camera = 1\nname = \"\"\n{line}")),
            "6:8",
            "expects one line of 1 to 60 characters",
        ),
        (
            format!("{0}\n[[area]]\ncamera = 1\nname = \"Door\"\n{line}", named(line)),
            "11:8",
            "the area on line 6 of the same camera is called \"Door\" as well",
        ),
    ] {
        let found = complaints(&text);
        let fits = |line: &String| line.contains(said) && line.starts_with(&format!("{place}:"));
        assert!(found.iter().any(fits), "{text}\n{found:?}");
    }
    let many: String =
        (0..33).map(|n| format!("[[area]]\ncamera = 1\nname = \"{n}\"\n{line}")).collect();
    let found = complaints(&format!("{CAMERA}{many}"));
    assert!(found[0].contains("camera 1 has more than 32 areas"), "{found:?}");
}
