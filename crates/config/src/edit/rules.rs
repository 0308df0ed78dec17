//! Changes the rules in the text of a config file.

use razz_alert::{Direction, Draft};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use super::{EditError, set};
use crate::written::WAYS;

/// Makes the rules these. Those that stay keep their comments; all of them come in the order of `rules`.
pub(in super::super) fn set_rules(
    document: &mut DocumentMut,
    rules: &[Draft],
) -> Result<(), EditError> {
    let before = match document.remove("rule") {
        None => ArrayOfTables::new(),
        Some(Item::ArrayOfTables(tables)) => tables,
        Some(_) => return Err(EditError::Form("`rule` is no list of tables")),
    };
    let mut tables = ArrayOfTables::new();
    for rule in rules {
        let is_it = |table: &&Table| {
            table.get("name").and_then(Item::as_str).map(str::trim) == Some(rule.name.as_str())
        };
        let mut table = before.iter().find(is_it).cloned().unwrap_or_else(|| {
            let mut table = Table::new();
            // A blank line before it, as people write.
            table.decor_mut().set_prefix("\n");
            table
        });
        // Their places in the file before are those of others now.
        table.set_position(None);
        apply(&mut table, rule);
        tables.push(table);
    }
    if !tables.is_empty() {
        document.insert("rule", Item::ArrayOfTables(tables));
    }
    Ok(())
}

fn apply(table: &mut Table, rule: &Draft) {
    set(table, "name", Some(Some(rule.name.as_str().into())));
    set(table, "when", Some(Some(rule.when.as_str().into())));
    set(table, "camera", Some(rule.camera.map(|camera| i64::from(camera.as_u32()).into())));
    set(table, "area", Some(rule.area.as_deref().map(Value::from)));
    let list = |names: &[String]| {
        (!names.is_empty()).then(|| Value::from_iter(names.iter().map(String::as_str)))
    };
    set(table, "classes", Some(list(&rule.classes)));
    let way = match rule.direction {
        None => None,
        Some(Direction::In) => Some(WAYS[1].into()),
        Some(Direction::Out) => Some(WAYS[2].into()),
    };
    set(table, "direction", Some(way));
    let number = |number: f64| match number.fract() == 0.0 && number.abs() < 1e9 {
        true => Value::from(number as i64),
        false => Value::from(number),
    };
    set(table, "above", Some(rule.above.map(number)));
    set(table, "below", Some(rule.below.map(number)));
    // What is so anyhow is not written.
    set(table, "for", Some((rule.for_us > 0).then(|| span(rule.for_us).into())));
    let usual = rule.cooldown_us == 600_000_000;
    set(table, "cooldown", Some((!usual).then(|| span(rule.cooldown_us).into())));
    let schedule = (!rule.schedule.is_always()).then(|| rule.schedule.to_string().into());
    set(table, "schedule", Some(schedule));
    set(table, "notify", Some(list(&rule.notify)));
}

/// As people write it.
fn span(us: i64) -> String {
    match us {
        us if us % 3_600_000_000 == 0 && us > 0 => format!("{}h", us / 3_600_000_000),
        us if us % 60_000_000 == 0 && us > 0 => format!("{}m", us / 60_000_000),
        us => format!("{}s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use razz_alert::When;

    use super::*;

    #[test]
    fn rules_come_and_go_and_keep_their_comments() {
        let file = "[[rule]]\nname = \"Old\"\nwhen = \"appears\"\n\n# The long one.\n[[rule]]\nname = \"Queue\" # at the till\n\
                    when = \"occupancy\"\narea = \"Till\"\nabove = 5\nfor = \"30s\"\n";
        let mut document: DocumentMut = file.parse().unwrap();
        let queue = Draft {
            area: Some("Till".into()),
            above: Some(7.0),
            cooldown_us: 600_000_000,
            for_us: 90_000_000,
            schedule: "mo-fr 8:00-18:00".parse().unwrap(),
            ..Draft::new("Queue", When::Occupancy)
        };
        let fence = Draft {
            area: Some("Fence".into()),
            direction: Some(Direction::Out),
            cooldown_us: 30_500_000,
            notify: vec!["mail".to_owned()],
            ..Draft::new("Fence", When::Crossing)
        };
        set_rules(&mut document, &[queue, fence]).unwrap();
        assert_eq!(
            document.to_string().trim_start(),
            "# The long one.\n[[rule]]\nname = \"Queue\" # at the till\nwhen = \"occupancy\"\narea = \"Till\"\nabove = 7\n\
             for = \"90s\"\nschedule = \"Mo-Fr 08:00-18:00\"\n\n[[rule]]\nname = \"Fence\"\nwhen = \"crossing\"\n\
             area = \"Fence\"\ndirection = \"out\"\ncooldown = \"30.5s\"\nnotify = [\"mail\"]\n"
        );
        set_rules(&mut document, &[]).unwrap();
        assert_eq!(document.to_string().trim(), "");
        let mut document: DocumentMut = "rule = 3".parse().unwrap();
        assert!(set_rules(&mut document, &[]).is_err());
    }
}
