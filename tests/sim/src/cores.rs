//! A processor with a few cores that tasks share as Linux lets them: fairly, by their weight.

/// The weights of tasks at nice 0 and nice 10 (`sched_prio_to_weight` in Linux).
pub const NORMAL: f64 = 1024.0;
/// See [`NORMAL`].
pub const NICE_10: f64 = 110.0;

/// One thread.
#[derive(Clone, Copy, Debug)]
struct Task {
    weight: f64,
    /// What it has had, by its weight.
    had: f64,
    /// CPU time that it still wants, in µs.
    wants_us: f64,
}

/// Who gets the cores.
#[derive(Clone, Debug)]
pub struct Processor {
    cores: usize,
    tasks: Vec<Task>,
    used_us: f64,
}

/// The number of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskId(usize);

impl Processor {
    /// With so many cores.
    pub fn new(cores: usize) -> Self {
        Self { cores, tasks: Vec::new(), used_us: 0.0 }
    }

    /// A task that wants nothing yet.
    pub fn add(&mut self, weight: f64) -> TaskId {
        self.tasks.push(Task { weight, had: 0.0, wants_us: 0.0 });
        TaskId(self.tasks.len() - 1)
    }

    /// A task wants so much more.
    pub fn want(&mut self, task: TaskId, us: f64) {
        if self.tasks[task.0].wants_us <= 0.0 {
            // Who slept gets no credit for it.
            let running = self.tasks.iter().filter(|task| task.wants_us > 0.0);
            let least = running.map(|task| task.had).fold(f64::INFINITY, f64::min);
            if least.is_finite() {
                let task = &mut self.tasks[task.0];
                task.had = task.had.max(least);
            }
        }
        self.tasks[task.0].wants_us += us;
    }

    /// Whether a task has had all that it wanted.
    pub fn is_done(&self, task: TaskId) -> bool {
        self.tasks[task.0].wants_us <= 0.0
    }

    /// A task wants nothing any more.
    pub fn cancel(&mut self, task: TaskId) {
        self.tasks[task.0].wants_us = 0.0;
    }

    /// Lets `step_us` pass. `done` hears of each task that has had all that it wanted, and answers what
    /// it wants next.
    pub fn pass(&mut self, step_us: f64, mut done: impl FnMut(TaskId) -> f64) {
        // A task runs on one core at a time.
        let mut ran = vec![0.0; self.tasks.len()];
        for _ in 0..self.cores {
            let mut left_us = step_us;
            while left_us > 1e-6 {
                let runnable = self
                    .tasks
                    .iter()
                    .enumerate()
                    .filter(|(n, task)| task.wants_us > 0.0 && ran[*n] + 1e-6 < step_us);
                let next = runnable.min_by(|a, b| a.1.had.total_cmp(&b.1.had));
                let Some((n, task)) = next else { break };
                let us = task.wants_us.min(left_us).min(step_us - ran[n]);
                let task = &mut self.tasks[n];
                task.wants_us -= us;
                task.had += us * NORMAL / task.weight;
                ran[n] += us;
                left_us -= us;
                self.used_us += us;
                if task.wants_us <= 1e-6 {
                    task.wants_us = 0.0;
                    let more = done(TaskId(n));
                    if more > 0.0 {
                        self.want(TaskId(n), more);
                    }
                }
            }
        }
    }

    /// CPU time used so far, in µs.
    pub fn used_us(&self) -> f64 {
        self.used_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_get_by_their_weight_what_they_want() {
        let mut processor = Processor::new(2);
        let [a, b, c] = [NORMAL, NORMAL, NORMAL].map(|weight| processor.add(weight));
        let low = processor.add(NICE_10);
        for task in [a, b, c, low] {
            processor.want(task, 1e9);
        }
        let mut had = [0.0; 4];
        for _ in 0..10_000 {
            processor.pass(1000.0, |_| 0.0);
        }
        for (had, task) in had.iter_mut().zip([a, b, c, low]) {
            *had = 1e9 - processor.tasks[task.0].wants_us;
        }
        assert!((processor.used_us() - 20e6).abs() < 1.0);
        // 20 s of CPU: 1024 parts each to three, 110 to the last.
        for (had, parts) in had.iter().zip([1024.0, 1024.0, 1024.0, 110.0]) {
            let expected = 20e6 * parts / (3.0 * 1024.0 + 110.0);
            assert!((had - expected).abs() < 0.02 * expected, "{had} instead of {expected}");
        }
        processor.cancel(a);
        assert!(processor.is_done(a) && !processor.is_done(b));
    }
}
