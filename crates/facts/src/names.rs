//! Classes by numbers of our own: a class is a number in one model's list only, and facts outlive models.

use std::collections::HashMap;
use std::sync::Arc;

use razz_base::{ClassId, ClassNames, Track, TrackFrame};
use razz_store::tracks;

/// What classes are called. A number is given once and kept in the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, ClassId>,
}

impl Names {
    /// From the names in the order of their numbers.
    pub(crate) fn new(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut all = Self::default();
        for name in names {
            all.add(name);
        }
        all
    }

    fn add(&mut self, name: Arc<str>) -> ClassId {
        // There are 65,535 of them before this is wrong; no model has a thousand.
        let number = ClassId(u16::try_from(self.names.len()).unwrap_or(u16::MAX));
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// The number of a class, which it gets if it has none.
    pub(crate) fn number(&mut self, name: &str) -> ClassId {
        match self.numbers.get(name) {
            Some(number) => *number,
            None => self.add(name.into()),
        }
    }

    /// What a class is called.
    pub(crate) fn name(&self, class: ClassId) -> Arc<str> {
        let name = self.names.get(usize::from(class.0));
        name.cloned().unwrap_or_else(|| "unknown".into())
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn all(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The frame as the record has it, with these numbers.
    pub(crate) fn of_frame(&mut self, frame: &TrackFrame, names: &ClassNames) -> TrackFrame {
        let mut frame = tracks::as_stored(frame);
        let tracks = frame.tracks.iter().map(|track| {
            let class = self.number(names.name(track.class));
            Track { class, ..track.clone() }
        });
        frame.tracks = tracks.collect();
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_keeps_its_number_whatever_the_model() {
        let mut names = Names::default();
        assert_eq!((names.number("car"), names.number("person")), (ClassId(0), ClassId(1)));
        assert_eq!(names.number("car"), ClassId(0));
        let mut again = Names::new(names.all().to_vec());
        assert_eq!(again.number("person"), ClassId(1));
        assert_eq!((&*again.name(ClassId(1)), &*again.name(ClassId(9))), ("person", "unknown"));
    }
}
