//! What a process costs, read from `/proc`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;

use crate::clock::Clock;

/// CPU and memory, measured every few seconds.
#[derive(Clone, Default)]
pub struct Usage(Arc<Mutex<Sample>>);

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Of one core; 200 is two cores full.
    pub cpu_percent: f64,
    /// Resident.
    pub memory_bytes: u64,
}

const EVERY: Duration = Duration::from_secs(2);

impl Usage {
    /// The newest measurement.
    pub fn read(&self) -> Sample {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Measures for ever.
    pub async fn watch(self, clock: Clock) {
        let own = std::process::id();
        let (mut cpu_before, mut at) = (cpu_seconds(own).unwrap_or(0.0), clock.mono());
        loop {
            let memory_bytes = resident_bytes(own).unwrap_or(0);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).memory_bytes = memory_bytes;
            tokio::time::sleep(EVERY).await;
            let (cpu, now) = (cpu_seconds(own).unwrap_or(cpu_before), clock.mono());
            let percent = 100.0 * (cpu - cpu_before) / (now.since_us(at) as f64 / 1e6).max(0.001);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).cpu_percent =
                (percent * 10.0).round() / 10.0;
            (cpu_before, at) = (cpu, now);
        }
    }
}

/// Lowers this thread's priority: video is served first. Threads that it starts inherit it.
pub fn yield_to_video() {
    // SAFETY: setpriority takes no pointers; with PRIO_PROCESS and 0 Linux changes the calling
    // thread alone.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
    if outcome != 0 {
        warn!("cannot lower the priority of a thread: {}", std::io::Error::last_os_error());
    }
}

/// What the process has used and holds now.
pub struct Now {
    /// User and system time of all threads.
    pub cpu_seconds: f64,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_files: usize,
    /// Threads, ours and those of libraries.
    pub threads: usize,
}

/// Looks into `/proc`; what cannot be read is 0.
pub fn now() -> Now {
    let entries = |folder| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let own = std::process::id();
    Now {
        cpu_seconds: cpu_seconds(own).unwrap_or(0.0),
        resident_bytes: resident_bytes(own).unwrap_or(0),
        open_files: entries("/proc/self/fd"),
        threads: entries("/proc/self/task"),
    }
}

/// How many files the process may have open, and up to how many it may raise that itself
/// (getrlimit(2)); `None` where it cannot be told.
pub fn open_files() -> Option<(u64, u64)> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live `rlimit`, which the call fills.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (outcome == 0).then_some((limit.rlim_cur, limit.rlim_max))
}

/// Lets the process open as many files as it may. Shells and containers start programs with 1024 for
/// the sake of select(2), which nothing here uses.
///
/// # Errors
/// What the system says; the limit stays as it was.
pub fn raise_open_files() -> std::io::Result<()> {
    let Some((soft, hard)) = open_files() else { return Ok(()) };
    if soft >= hard {
        return Ok(());
    }
    let limit = libc::rlimit { rlim_cur: hard, rlim_max: hard };
    // SAFETY: the pointer is to a live `rlimit`, which the call reads.
    #[allow(unsafe_code)]
    let outcome = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    if outcome == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// User and system time of all threads of process `pid`, in seconds: fields 14 and 15 of
/// `/proc/PID/stat` (proc(5)).
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, the name, may hold spaces; the rest comes after its parenthesis.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / 100.0) // USER_HZ is 100 on every Linux we run on
}

/// How long the processors of this machine have been idle since it was started, all together, in
/// seconds: `idle` and `iowait` of `/proc/stat` (proc(5)). `None` where the process may not use all of
/// them: then they may be idle, and it is out of time all the same.
pub fn idle_seconds() -> Option<f64> {
    let usable = std::thread::available_parallelism().ok()?.get();
    idle_of(&std::fs::read_to_string("/proc/stat").ok()?, usable)
}

fn idle_of(stat: &str, usable: usize) -> Option<f64> {
    let mut lines = stat.lines();
    let mut fields = lines.next()?.strip_prefix("cpu ")?.split_whitespace().skip(3);
    let (idle, waiting): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let processors = lines.take_while(|line| line.starts_with("cpu")).count();
    (processors == usable).then_some((idle + waiting) / 100.0)
}

/// Resident memory of process `pid`: field 2 of `/proc/PID/statm`, in pages of 4 KiB.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// A thread of this process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Its number, as the kernel has it.
    pub id: u32,
    /// The first 15 bytes of its name.
    pub name: String,
    /// What it has used.
    pub cpu_nanos: u64,
}

/// The threads of this process that live: `comm` and the first field of `schedstat` in
/// `/proc/self/task/TID` (proc(5)).
pub fn threads() -> Vec<Thread> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let folder = task.ok()?.path();
        let id = folder.file_name()?.to_str()?.parse().ok()?;
        let name = std::fs::read_to_string(folder.join("comm")).ok()?.trim_end().to_owned();
        let spent = std::fs::read_to_string(folder.join("schedstat")).ok()?;
        let cpu_nanos = spent.split_whitespace().next()?.parse().ok()?;
        Some(Thread { id, name, cpu_nanos })
    };
    tasks.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_are_opened_as_may_be() {
        let (_, hard) = open_files().unwrap();
        raise_open_files().unwrap();
        assert_eq!(open_files(), Some((hard, hard)));
    }

    #[test]
    fn idle_processors_are_known_where_all_of_them_may_be_used() {
        let stat =
            "cpu  10 0 20 3000 50 0 0\ncpu0 5 0 10 1500 25 0 0\ncpu1 5 0 10 1500 25 0 0\nintr 1\n";
        for (stat, usable, known) in
            [(stat, 2, Some(30.5)), (stat, 1, None), ("", 1, None), ("cpu  1 2", 0, None)]
        {
            assert_eq!(idle_of(stat, usable), known, "{stat:?}, {usable}");
        }
    }
}
