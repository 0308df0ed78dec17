//! Changes the areas of a camera in the text of a config file.

use razz_analytics::{Anchor, InSide, Shape};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

use super::{EditError, set};
use crate::written::{ANCHORS, SIDES};

/// What an area is to be. Whether it can be so is checked with the whole file.
#[derive(Clone, PartialEq, Debug)]
pub struct AreaEdit {
    /// What people call it.
    pub name: String,
    /// What they called it before, where that was something else.
    pub was: Option<String>,
    /// Its drawing.
    pub shape: Shape,
    /// Whether nothing is detected in it, instead of counted: a zone.
    pub is_mask: bool,
    /// Where an object is.
    pub anchor: Anchor,
    /// The classes that count; empty: all.
    pub classes: Vec<String>,
}

/// Makes the areas of a camera these. Those that stay keep their place and their comments.
pub(in super::super) fn set_areas(
    document: &mut DocumentMut,
    camera: u32,
    areas: &[AreaEdit],
) -> Result<(), EditError> {
    let mut tables = match document.remove("area") {
        None => ArrayOfTables::new(),
        Some(Item::ArrayOfTables(tables)) => tables,
        // As people may write it on one line.
        Some(Item::Value(Value::Array(array))) => inline(array)?,
        Some(_) => return Err(EditError::Form("`area` is no list")),
    };
    let before = |area: &AreaEdit| area.was.clone().unwrap_or_else(|| area.name.clone());
    let stays = |table: &Table| {
        camera_of(table) != Some(camera)
            || areas.iter().any(|area| name_of(table) == Some(before(area).as_str()))
    };
    tables.retain(stays);
    for area in areas {
        let old = |table: &Table| {
            camera_of(table) == Some(camera) && name_of(table) == Some(before(area).as_str())
        };
        let place = tables.iter().position(old);
        match place.and_then(|place| tables.get_mut(place)) {
            Some(table) => apply(table, area),
            None => {
                let mut table = Table::new();
                // A blank line before it, as people write.
                table.decor_mut().set_prefix("\n");
                table.insert("camera", value(i64::from(camera)));
                apply(&mut table, area);
                tables.push(table);
            }
        }
    }
    if !tables.is_empty() {
        document.insert("area", Item::ArrayOfTables(tables));
    }
    Ok(())
}

/// Tables on one line each become tables of their own.
fn inline(array: Array) -> Result<ArrayOfTables, EditError> {
    let table = |item: Value| match item {
        Value::InlineTable(table) => Ok(table.into_table()),
        _ => Err(EditError::Form("`area` has an entry that is no table")),
    };
    array.into_iter().map(table).collect::<Result<_, _>>()
}

fn apply(table: &mut Table, area: &AreaEdit) {
    set(table, "name", Some(Some(area.name.as_str().into())));
    let (points, drawn, side) = match &area.shape {
        Shape::Line { points, inside } => (points, "line", Some(*inside)),
        Shape::Zone { points } if area.is_mask => (points, "mask", None),
        Shape::Zone { points } => (points, "zone", None),
    };
    for key in ["line", "zone", "mask"] {
        set(table, key, Some((key == drawn).then(|| list(points))));
    }
    // What is as it is anyhow is not written.
    let side = side.filter(|side| *side == InSide::Left).map(|_| SIDES[1].into());
    set(table, "in", Some(side));
    let classes = area.classes.iter().map(String::as_str);
    let classes = (!area.classes.is_empty()).then(|| Value::from_iter(classes));
    set(table, "classes", Some(classes));
    let anchor = match area.anchor {
        Anchor::Foot => None,
        Anchor::Center => Some(ANCHORS[1].into()),
        Anchor::Head => Some(ANCHORS[2].into()),
    };
    set(table, "anchor", Some(anchor));
}

/// Points with five decimals: a fiftieth of a pixel in a picture that is 2,000 wide.
fn list(points: &[[f64; 2]]) -> Value {
    let share = |share: f64| (share * 1e5).round() / 1e5;
    Value::from_iter(points.iter().map(|point| Value::from_iter(point.map(share))))
}

fn camera_of(table: &dyn TableLike) -> Option<u32> {
    table.get("camera")?.as_integer()?.try_into().ok()
}

fn name_of(table: &Table) -> Option<&str> {
    table.get("name")?.as_str().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
[[camera]]
id = 1
url = \"rtsp://10.0.0.6/s\"

# In front.
[[area]]
camera = 1
name = \"Door\" # the glass one
line = [[0.1, 0.8], [0.6, 0.8]]
in = \"left\"

[[area]]
camera = 2
name = \"Door\"
zone = [[0, 0], [1, 0], [1, 1]]
";

    fn area(name: &str, was: Option<&str>, shape: Shape) -> AreaEdit {
        AreaEdit {
            name: name.to_owned(),
            was: was.map(str::to_owned),
            shape,
            is_mask: false,
            anchor: Anchor::Foot,
            classes: Vec::new(),
        }
    }

    fn line(y: f64, inside: InSide) -> Shape {
        Shape::Line { points: vec![[0.1, y], [0.6, y]], inside }
    }

    fn changed(file: &str, camera: u32, areas: &[AreaEdit]) -> String {
        let mut document: DocumentMut = file.parse().unwrap();
        set_areas(&mut document, camera, areas).unwrap();
        document.to_string()
    }

    #[test]
    fn areas_change_and_the_rest_stays() {
        let door = area("Door", None, line(0.8, InSide::Left));
        assert_eq!(changed(FILE, 1, std::slice::from_ref(&door)), FILE);
        let moved = area("Door", None, line(0.123_456_7, InSide::Right));
        let expected = FILE.replace(
            "line = [[0.1, 0.8], [0.6, 0.8]]\nin = \"left\"",
            "line = [[0.1, 0.12346], [0.6, 0.12346]]",
        );
        assert_eq!(changed(FILE, 1, &[moved]), expected);
        let renamed = area("Gate", Some("Door"), line(0.8, InSide::Left));
        assert_eq!(changed(FILE, 1, &[renamed]), FILE.replacen("\"Door\"", "\"Gate\"", 1));
        let gone = changed(FILE, 1, &[]);
        assert!(!gone.contains("glass") && gone.contains("camera = 2"), "{gone}");
        let zone = Shape::Zone { points: vec![[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]] };
        let mut hall = area("Hall", None, zone);
        (hall.anchor, hall.classes) = (Anchor::Head, vec!["person".to_owned()]);
        let more = changed(FILE, 1, &[door.clone(), hall.clone()]);
        let written = "\n[[area]]\ncamera = 1\nname = \"Hall\"\nzone = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]\n\
                       classes = [\"person\"]\nanchor = \"head\"\n";
        assert_eq!(more, format!("{FILE}{written}"));
        assert_eq!(changed(&more, 2, &[]).matches("[[area]]").count(), 2);
        let mask = |area: AreaEdit| AreaEdit { is_mask: true, ..area };
        let masked = changed(&more, 1, &[door.clone(), mask(hall)]);
        let points = "[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]\n";
        let expected = more.replacen(&format!("zone = {points}"), "", 1);
        assert_eq!(masked, format!("{expected}mask = {points}"));
    }

    #[test]
    fn areas_on_one_line_are_taken_and_a_first_one_is_added() {
        let short = "area = [{camera = 1, name = \"A\", line = [[0, 0], [1, 1]]}]\n";
        let text = changed(short, 1, &[area("A", None, line(0.5, InSide::Right))]);
        assert!(text.contains("[[area]]") && text.contains("[0.6, 0.5]"), "{text}");
        let first =
            changed("[log]\nformat = \"text\"\n", 3, &[area("A", None, line(0.5, InSide::Right))]);
        assert!(
            first.ends_with(
                "\n[[area]]\ncamera = 3\nname = \"A\"\nline = [[0.1, 0.5], [0.6, 0.5]]\n"
            ),
            "{first}"
        );
        let mut document: DocumentMut = "area = 3".parse().unwrap();
        assert!(set_areas(&mut document, 1, &[]).is_err());
    }
}
