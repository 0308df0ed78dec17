//! From a choice to an engine: the candidates in order, which of them work, which is the fastest.

use std::fmt;

use razz_base::MonoTime;

use super::choice::{EngineChoice, EngineOptions, cpu_has_bf16};
use super::onnxruntime::{self, Provider};
use super::{Engine, EngineError, guarded, pure};

/// What a log should say about how a model was loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// How much it matters.
    pub level: NoteLevel,
    /// One line.
    pub text: String,
}

/// How much a note matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteLevel {
    /// All is as it should be.
    Info,
    /// Something that was asked for is not to be had.
    Warning,
}

impl Note {
    pub(crate) fn info(text: impl Into<String>) -> Self {
        Self { level: NoteLevel::Info, text: text.into() }
    }

    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self { level: NoteLevel::Warning, text: text.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What an engine must pass before it is used.
pub trait Trial {
    /// Runs a freshly loaded model for the first time. `false` when what is wrong with it is wrong
    /// with every engine, which ends the search.
    ///
    /// # Errors
    /// When this engine cannot run it.
    fn check(&mut self, engine: &mut dyn Engine) -> Result<bool, EngineError>;

    /// Runs it once more, for the time it takes.
    ///
    /// # Errors
    /// When this engine cannot run it.
    fn run(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError>;
}

/// Timed runs of each of two engines at most, and for how long; the shortest counts.
const TIMED_RUNS: usize = 5;
const TIMED_US: i64 = 1_000_000;
/// Once loading and measuring took so long, what remains is left untried.
const BUDGET_US: i64 = 10_000_000;

/// Loads `model`, the bytes of an ONNX file, into an engine that passes `trial`. Where the choice
/// leaves several and `now` tells the time, the fastest of those that work, by a few runs; else the
/// first. What a log should say is added to `notes`.
///
/// # Errors
/// The failure of each engine that was tried.
pub fn open(
    model: &[u8],
    options: &EngineOptions,
    now: Option<&dyn Fn() -> MonoTime>,
    notes: &mut Vec<Note>,
    trial: &mut dyn Trial,
) -> Result<Box<dyn Engine>, Vec<EngineError>> {
    let candidates = candidates(options.choice).iter().map(|way| Candidate {
        open: Box::new(|| way.open(model, options)),
        last_resort: *way == EngineKind::Rten,
    });
    let engine = select(candidates, now, notes, trial)?;
    if options.precision != engine.precision() {
        notes.push(Note::warning(format!(
            "precision {} is not to be had, since {}; {} computes in {}",
            options.precision,
            if cpu_has_bf16() { "this engine has none" } else { "this CPU has none" },
            engine.name(),
            engine.precision()
        )));
    }
    Ok(engine)
}

/// One way to run a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum EngineKind {
    Ort(Provider),
    Rten,
}

impl EngineKind {
    fn open(self, model: &[u8], options: &EngineOptions) -> Result<Box<dyn Engine>, EngineError> {
        let options = &EngineOptions { threads: options.threads.max(1), ..*options };
        match self {
            Self::Ort(provider) => onnxruntime::open(model, provider, options),
            Self::Rten => pure::open(model, options.threads),
        }
    }
}

/// The ways that a choice leaves, the one that is likely the fastest first.
fn candidates(choice: EngineChoice) -> &'static [EngineKind] {
    const ALL: [EngineKind; 4] = [
        EngineKind::Ort(Provider::Cuda),
        EngineKind::Ort(Provider::OpenVino),
        EngineKind::Ort(Provider::Cpu),
        EngineKind::Rten,
    ];
    match choice {
        EngineChoice::Auto => &ALL,
        EngineChoice::Ort => &ALL[..3],
        EngineChoice::OrtCpu => &[EngineKind::Ort(Provider::Cpu)],
        EngineChoice::OrtOpenVino => &[EngineKind::Ort(Provider::OpenVino)],
        EngineChoice::OrtCuda => &[EngineKind::Ort(Provider::Cuda)],
        EngineChoice::OrtTensorRt => &[EngineKind::Ort(Provider::TensorRt)],
        EngineChoice::Rten => &[EngineKind::Rten],
    }
}

/// An engine to try.
struct Candidate<'a> {
    open: Box<dyn Fn() -> Result<Box<dyn Engine>, EngineError> + 'a>,
    /// Not tried when another works, since it has not been seen to run anything faster.
    last_resort: bool,
}

/// An engine that passed, and the shortest of its timed runs in microseconds.
struct Passed {
    engine: Box<dyn Engine>,
    run_us: Option<i64>,
}

impl Passed {
    /// One more timed run.
    fn run(
        &mut self,
        now: &dyn Fn() -> MonoTime,
        trial: &mut dyn Trial,
    ) -> Result<(), EngineError> {
        let (name, engine) = (self.engine.name().to_owned(), self.engine.as_mut());
        let start = now();
        guarded(&name, || trial.run(engine))?;
        let took_us = now().since_us(start);
        self.run_us = Some(self.run_us.map_or(took_us, |best| best.min(took_us)));
        Ok(())
    }

    /// Whether it is faster than `other`. Their runs alternate, so that whatever else goes on here
    /// hinders both. The outer error is this one's, the inner one the other's.
    fn beats(
        &mut self,
        other: &mut Self,
        now: &dyn Fn() -> MonoTime,
        trial: &mut dyn Trial,
    ) -> Result<Result<bool, EngineError>, EngineError> {
        let begin = now();
        for _ in 0..TIMED_RUNS {
            self.run(now, trial)?;
            if let Err(error) = other.run(now, trial) {
                return Ok(Err(error));
            }
            if now().since_us(begin) > TIMED_US {
                break;
            }
        }
        Ok(Ok(self.run_us < other.run_us))
    }

    fn time(&self) -> String {
        format!("{} {:.1} ms", self.engine.name(), self.run_us.unwrap_or_default() as f64 / 1000.0)
    }
}

/// The best of `candidates`, as [`open`] says.
fn select<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    now: Option<&dyn Fn() -> MonoTime>,
    notes: &mut Vec<Note>,
    trial: &mut dyn Trial,
) -> Result<Box<dyn Engine>, Vec<EngineError>> {
    let mut errors: Vec<EngineError> = Vec::new();
    let mut best: Option<Passed> = None;
    let mut times: Vec<String> = Vec::new();
    let begin = now.map(|now| now());
    for candidate in candidates {
        if best.is_some() {
            let spent_us = now.zip(begin).map(|(now, begin)| now().since_us(begin));
            if candidate.last_resort || spent_us.is_none_or(|us| us > BUDGET_US) {
                break;
            }
        }
        let mut passed = match candidate.check(trial) {
            Ok((passed, true)) => passed,
            // The model is at fault: this engine is as good as any other to say so.
            Ok((passed, false)) => return Ok(passed.engine),
            Err(error) => {
                // ONNX Runtime's providers share the reason why there is no library.
                if !errors.contains(&error) {
                    errors.push(error);
                }
                continue;
            }
        };
        best = match (best.take(), now) {
            (Some(mut rival), Some(now)) => match passed.beats(&mut rival, now, trial) {
                Ok(Ok(faster)) => {
                    if times.is_empty() {
                        times.push(rival.time());
                    }
                    times.push(passed.time());
                    Some(if faster { passed } else { rival })
                }
                Ok(Err(error)) => {
                    errors.push(error);
                    Some(passed)
                }
                Err(error) => {
                    errors.push(error);
                    Some(rival)
                }
            },
            _ => Some(passed),
        };
    }
    let Some(Passed { engine, .. }) = best else { return Err(errors) };
    let name = engine.name();
    if !times.is_empty() {
        notes.push(Note::info(format!("{}: {name} is used", times.join(", "))));
    }
    for error in &errors {
        let text = format!("{name} is used, since {error}");
        if !error.missing {
            notes.push(Note::warning(text));
        } else if name == pure::NAME {
            // Worth a word, but razz is made to work without. Which providers a library has is not.
            notes.push(Note::info(text));
        }
    }
    Ok(engine)
}

impl Candidate<'_> {
    /// Loads the model and runs it once; whether the model itself is fine.
    fn check(&self, trial: &mut dyn Trial) -> Result<(Passed, bool), EngineError> {
        guarded("engine", || {
            let mut engine = (self.open)()?;
            let fits = trial.check(engine.as_mut())?;
            Ok((Passed { engine, run_us: None }, fits))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::super::{Port, Precision, Tensor};
    use super::*;

    /// How an engine of the tests behaves.
    #[derive(Clone, Copy)]
    enum Acts {
        /// A run takes so many microseconds.
        Works(i64),
        /// It loads, runs so often, and fails then.
        Breaks(usize),
        /// It cannot be loaded.
        Broken,
        /// It is not there.
        Missing,
    }

    /// An engine that moves the clock by the time it takes.
    struct Fake {
        name: &'static str,
        acts: Acts,
        runs: usize,
        clock: Arc<AtomicI64>,
    }

    impl Engine for Fake {
        fn name(&self) -> &str {
            self.name
        }

        fn precision(&self) -> Precision {
            Precision::F32
        }

        fn batch(&self) -> usize {
            1
        }

        fn inputs(&self) -> &[Port] {
            &[]
        }

        fn outputs(&self) -> &[Port] {
            &[]
        }

        fn run(
            &mut self,
            _: &[Tensor<'_>],
            read: &mut dyn FnMut(&[Tensor<'_>]),
        ) -> Result<(), EngineError> {
            self.runs += 1;
            match self.acts {
                Acts::Works(us) => self.clock.fetch_add(us, Ordering::Relaxed),
                Acts::Breaks(after) if self.runs > after => {
                    return Err(EngineError::new(self.name, "broke"));
                }
                _ => self.clock.fetch_add(1, Ordering::Relaxed),
            };
            read(&[]);
            Ok(())
        }
    }

    /// Runs and says whether the model is fine.
    struct Once(bool);

    impl Trial for Once {
        fn check(&mut self, engine: &mut dyn Engine) -> Result<bool, EngineError> {
            self.run(engine).map(|()| self.0)
        }

        fn run(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError> {
            engine.run(&[], &mut |_| ())
        }
    }

    fn candidate(name: &'static str, acts: Acts, clock: &Arc<AtomicI64>) -> Candidate<'static> {
        let clock = Arc::clone(clock);
        Candidate {
            last_resort: name == pure::NAME,
            open: Box::new(move || match acts {
                Acts::Broken => Err(EngineError::new(name, "no driver")),
                Acts::Missing => Err(EngineError::missing("ort", "no library")),
                _ => Ok(Box::new(Fake { name, acts, runs: 0, clock: Arc::clone(&clock) })),
            }),
        }
    }

    #[test]
    fn the_fastest_that_works_is_used_and_the_log_says_why() {
        use Acts::{Breaks, Broken, Missing, Works};
        const MS: i64 = 1000;
        let none = "rten is used, since ort: no library";
        for (actss, timed, name, said) in [
            // Without a clock: the first that works, and no word about what a library lacks.
            (vec![("a", Missing), ("b", Works(9)), ("c", Works(1))], false, "b", vec![]),
            (
                vec![("a", Works(20 * MS)), ("b", Works(17_300)), ("rten", Works(1))],
                true,
                "b",
                vec!["a 20.0 ms, b 17.3 ms: b is used"],
            ),
            (
                vec![("a", Works(10 * MS)), ("b", Works(42 * MS)), ("c", Works(9 * MS))],
                true,
                "c",
                vec!["a 10.0 ms, b 42.0 ms, c 9.0 ms: c is used"],
            ),
            // Nothing to compare: nothing is measured.
            (vec![("a", Missing), ("b", Works(9 * MS)), ("rten", Works(1))], true, "b", vec![]),
            // Loading took all the time there is.
            (vec![("a", Works(BUDGET_US + 1)), ("b", Works(1))], true, "a", vec![]),
            (
                vec![("a", Broken), ("b", Works(9))],
                true,
                "b",
                vec!["WARNING b is used, since a: no driver"],
            ),
            (
                vec![("a", Breaks(1)), ("b", Works(9))],
                true,
                "b",
                vec!["WARNING b is used, since a: broke"],
            ),
            (
                vec![("a", Works(9)), ("b", Breaks(2))],
                true,
                "a",
                vec!["WARNING a is used, since b: broke"],
            ),
            (vec![("a", Missing), ("b", Missing), ("rten", Works(9))], true, "rten", vec![none]),
            (vec![("a", Missing), ("rten", Works(9))], false, "rten", vec![none]),
        ] {
            let clock = Arc::new(AtomicI64::new(0));
            let now = || MonoTime::from_us(clock.load(Ordering::Relaxed));
            let now: Option<&dyn Fn() -> MonoTime> = if timed { Some(&now) } else { None };
            let mut notes = Vec::new();
            let candidates: Vec<_> =
                actss.iter().map(|(name, acts)| candidate(name, *acts, &clock)).collect();
            let engine = select(candidates, now, &mut notes, &mut Once(true)).unwrap();
            let texts: Vec<String> = notes
                .iter()
                .map(|note| match note.level {
                    NoteLevel::Info => note.to_string(),
                    NoteLevel::Warning => format!("WARNING {note}"),
                })
                .collect();
            assert_eq!((engine.name(), texts), (name, said.iter().map(|s| (*s).into()).collect()));
        }
    }

    #[test]
    fn a_bad_model_is_not_tried_everywhere() {
        let clock = Arc::new(AtomicI64::new(0));
        let actss = [("a", Acts::Works(7)), ("b", Acts::Works(7))];
        let candidates = actss.map(|(name, acts)| candidate(name, acts, &clock));
        let engine = select(candidates, None, &mut Vec::new(), &mut Once(false)).unwrap();
        assert_eq!((engine.name(), clock.load(Ordering::Relaxed)), ("a", 7));
    }

    #[test]
    fn every_failure_is_named_once_when_nothing_works() {
        let clock = Arc::new(AtomicI64::new(0));
        let actss = [("a", Acts::Missing), ("b", Acts::Missing), ("c", Acts::Broken)];
        let candidates = actss.map(|(name, acts)| candidate(name, acts, &clock));
        let errors = select(candidates, None, &mut Vec::new(), &mut Once(true)).err().unwrap();
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, ["ort: no library", "c: no driver"]);
    }
}
