//! Classes by numbers of our own: a class is a number in one model's list only, and facts outlive models.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use razz_base::{ClassId, ClassNames, Track, TrackFrame};
use razz_hub::lock;
use razz_store::tracks::{self, Recorded};

/// What classes are called. A number is given once and kept in the database; clones share the numbers that are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// All of them, in the order of their numbers: the same list for everybody who writes to a database.
    names: Arc<Mutex<Vec<Arc<str>>>>,
    /// Those that were asked for here.
    numbers: HashMap<Arc<str>, ClassId>,
    /// The numbers of the classes of the list that was asked for last.
    last: Option<(ClassNames, Vec<ClassId>)>,
}

impl Names {
    /// From the names in the order of their numbers.
    pub(crate) fn new(names: Vec<Arc<str>>) -> Self {
        Self { names: Arc::new(Mutex::new(names)), ..Self::default() }
    }

    /// The number of a class, which it gets if it has none.
    pub(crate) fn number(&mut self, name: &str) -> ClassId {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let mut names = lock(&self.names);
        let place = names.iter().position(|known| **known == *name).unwrap_or_else(|| {
            names.push(name.into());
            names.len() - 1
        });
        // There are 65,535 of them before this is wrong; no model has a thousand.
        let number = ClassId(u16::try_from(place).unwrap_or(u16::MAX));
        self.numbers.insert(Arc::clone(&names[place]), number);
        number
    }

    /// What a class is called.
    pub(crate) fn name(&self, class: ClassId) -> Arc<str> {
        let name = lock(&self.names).get(usize::from(class.0)).cloned();
        name.unwrap_or_else(|| "unknown".into())
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<Arc<str>> {
        lock(&self.names).clone()
    }

    /// A live frame as the record has it, with these numbers.
    pub(crate) fn of_live(&mut self, frame: &TrackFrame, names: &ClassNames) -> TrackFrame {
        self.numbered(tracks::as_stored(frame), names)
    }

    /// A recorded frame, with these numbers.
    pub(crate) fn of_recorded(&mut self, recorded: &Recorded) -> TrackFrame {
        self.numbered(recorded.frame.clone(), &recorded.classes)
    }

    fn numbered(&mut self, mut frame: TrackFrame, names: &ClassNames) -> TrackFrame {
        let is_known = |(last, _): &(ClassNames, _)| last.is_same(names);
        let (_, numbers) = match self.last.take().filter(is_known) {
            Some(last) => self.last.insert(last),
            None => {
                let numbers = names.iter().map(|name| self.number(name)).collect();
                self.last.insert((names.clone(), numbers))
            }
        };
        let number = |class: ClassId| {
            numbers.get(usize::from(class.0)).copied().unwrap_or(ClassId(u16::MAX))
        };
        // Most are the same, and then nothing is to be copied.
        if frame.tracks.iter().any(|track| number(track.class) != track.class) {
            let numbered = frame.tracks.iter().map(|track| {
                let class = number(track.class);
                Track { class, ..track.clone() }
            });
            frame.tracks = numbered.collect();
        }
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
        // Whoever else writes to the same database gives no number twice.
        let mut beside = names.clone();
        assert_eq!(beside.number("dog"), ClassId(2));
        assert_eq!((names.number("bus"), names.number("dog")), (ClassId(3), ClassId(2)));
        let mut again = Names::new(names.all());
        assert_eq!(again.number("person"), ClassId(1));
        assert_eq!((&*again.name(ClassId(1)), &*again.name(ClassId(9))), ("person", "unknown"));
    }
}
