//! What came of a load: a table for people, JSON for scripts.

use razz_base::MonoTime;
use serde_json::json;

use super::super::quantiles::{Quantiles, rounded};
use super::super::table::table;
use super::peer::Outcome;
use razz_observe::clock::Clock;
use razz_observe::process;
use razz_scene::LinkQuality;

/// What processes had cost at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    at: MonoTime,
    own_cpu_s: f64,
    server: Option<(f64, u64)>,
}

impl Cost {
    /// At this moment.
    pub(super) fn now(server: Option<u32>, clock: Clock) -> Self {
        let server = server
            .and_then(|pid| Some((process::cpu_seconds(pid)?, process::resident_bytes(pid)?)));
        let own_cpu_s = process::cpu_seconds(std::process::id()).unwrap_or_default();
        Self { at: clock.mono(), own_cpu_s, server }
    }

    fn seconds_since(&self, earlier: &Self) -> f64 {
        (self.at.since_us(earlier.at) as f64 / 1e6).max(0.001)
    }

    /// Percent of one core since `earlier`: this process, the server.
    fn percent_since(&self, earlier: &Self) -> (f64, Option<f64>) {
        let seconds = self.seconds_since(earlier);
        let own = 100.0 * (self.own_cpu_s - earlier.own_cpu_s) / seconds;
        let server = self.server.zip(earlier.server);
        (own, server.map(|(now, before)| 100.0 * (now.0 - before.0) / seconds))
    }

    fn memory(&self) -> Option<u64> {
        self.server.map(|(_, memory)| memory)
    }
}

/// Viewers whose frames are looked at together: one on a path of its own, or all that have none.
#[derive(Debug)]
struct Group {
    path: Option<LinkQuality>,
    viewers: usize,
    fps: Quantiles,
    kbps: f64,
    /// Pictures that stood for more than 0.5 s, and the longest that one stood.
    freezes: u32,
    longest_ms: f64,
    /// How much later than the fastest of their viewer frames came.
    late_ms: Quantiles,
}

impl Group {
    fn of(path: Option<LinkQuality>, outcomes: &[&Outcome]) -> Self {
        let seconds = |outcome: &Outcome| outcome.measured_us as f64 / 1e6;
        let kbps = |o: &Outcome| o.measured.bytes as f64 * 8e-3 / seconds(o);
        let late = outcomes.iter().flat_map(|outcome| outcome.timing.late_ms());
        let fps = outcomes.iter().map(|o| o.measured.frames as f64 / seconds(o));
        Self {
            path,
            viewers: outcomes.len(),
            fps: Quantiles::of(fps.collect()),
            kbps: outcomes.iter().map(|o| kbps(o)).sum::<f64>() / outcomes.len().max(1) as f64,
            freezes: outcomes.iter().map(|o| o.timing.freezes).sum(),
            longest_ms: outcomes.iter().map(|o| o.timing.longest_us).max().unwrap_or_default()
                as f64
                / 1e3,
            late_ms: Quantiles::of(late.collect()),
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "path": self.path.map(|path| json!({
                "kbps": path.bottleneck.map(|(bits, _)| bits / 1000),
                "delay_ms": path.delay_us / 1000,
                "jitter_ms": path.jitter_us / 1000,
                "loss_percent": 100.0 * path.loss,
            })),
            "viewers": self.viewers, "fps": self.fps.json(), "kbps": rounded(self.kbps, 0),
            "freezes": self.freezes, "longest_pause_ms": rounded(self.longest_ms, 0),
            "late_ms": self.late_ms.json(),
        })
    }

    fn cells(&self) -> Vec<String> {
        let mut path = "no limit".to_owned();
        if let Some(LinkQuality { loss, delay_us, jitter_us, bottleneck, .. }) = self.path {
            let kbps = bottleneck.map_or(0, |(bits, _)| bits / 1000);
            path = format!("{kbps} kbit/s, {} ms", delay_us / 1000);
            if jitter_us >= 1000 {
                path += &format!(" + {}", jitter_us / 1000);
            }
            if loss > 0.0 {
                path += &format!(", {:.1} % lost", 100.0 * loss);
            }
        }
        vec![
            path,
            self.viewers.to_string(),
            format!("{:.1}", self.fps.p50),
            format!("{:.1}", self.fps.least),
            format!("{:.0}", self.kbps),
            self.freezes.to_string(),
            format!("{:.0}", self.longest_ms),
            format!("{:.1}", self.late_ms.p50),
            format!("{:.1}", self.late_ms.p95),
            format!("{:.1}", self.late_ms.p99),
        ]
    }
}

/// The result of a load.
#[derive(Debug)]
pub(super) struct Report {
    wanted: u32,
    /// Viewers that saw a whole IDR; where viewers leave, those who came in their place count too.
    pub(super) joined: usize,
    failed: usize,
    /// Of those who were watching while measured.
    watching: usize,
    /// Why the first that failed failed.
    pub(super) first_error: Option<String>,
    join_ms: Quantiles,
    /// Whole frames per second of each viewer.
    fps: Quantiles,
    /// How much later than the fastest of each viewer frames came.
    late_ms: Quantiles,
    /// By their paths, where viewers have some.
    groups: Vec<Group>,
    frames: u64,
    broken: u64,
    gaps: u64,
    lost: u64,
    packets: u64,
    mbps: f64,
    own_percent: f64,
    server_percent: Option<f64>,
    server_join_cpu_s: Option<f64>,
    server_memory: Option<(u64, u64)>,
    /// Forged datagrams sent meanwhile.
    forged: u64,
    measured_s: f64,
}

impl Report {
    /// `costs`: before the first joined, when the last was sent for, when measuring began and ended.
    pub(super) fn new(wanted: u32, outcomes: &[Outcome], costs: [Cost; 4], forged: u64) -> Self {
        let [before, joining, steady, end] = costs;
        let watched: Vec<&Outcome> = outcomes.iter().filter(|o| o.measured_us > 0).collect();
        let sum = |of: fn(&Outcome) -> u64| watched.iter().map(|outcome| of(outcome)).sum::<u64>();
        let join_ms = outcomes.iter().filter_map(|o| Some(o.join_us? as f64 / 1e3)).collect();
        let fps = watched.iter().filter(|outcome| outcome.join_us.is_some());
        let fps = fps.map(|o| o.measured.frames as f64 / (o.measured_us as f64 / 1e6)).collect();
        let late_ms = watched.iter().flat_map(|outcome| outcome.timing.late_ms()).collect();
        let (wide, narrow): (Vec<&Outcome>, Vec<_>) =
            watched.iter().partition(|outcome| outcome.path.is_none());
        let mut groups: Vec<Group> = narrow.iter().map(|o| Group::of(o.path, &[o])).collect();
        groups.sort_by_key(|group| group.path.and_then(|path| path.bottleneck));
        if !groups.is_empty() && !wide.is_empty() {
            groups.push(Group::of(None, &wide));
        }
        let (own_percent, server_percent) = end.percent_since(&steady);
        Self {
            wanted,
            joined: outcomes.iter().filter(|outcome| outcome.join_us.is_some()).count(),
            failed: outcomes.iter().filter(|outcome| outcome.error.is_some()).count(),
            watching: watched.len(),
            first_error: outcomes.iter().find_map(|outcome| outcome.error.clone()),
            join_ms: Quantiles::of(join_ms),
            fps: Quantiles::of(fps),
            late_ms: Quantiles::of(late_ms),
            groups,
            frames: sum(|o| o.measured.frames),
            broken: sum(|o| o.measured.broken),
            gaps: sum(|o| o.measured.gaps),
            lost: sum(|o| o.measured.lost),
            packets: sum(|o| o.measured.packets),
            mbps: sum(|o| o.measured.bytes) as f64 * 8e-6 / end.seconds_since(&steady),
            own_percent,
            server_percent,
            server_join_cpu_s: joining.server.zip(before.server).map(|(now, then)| now.0 - then.0),
            server_memory: before.memory().zip(end.memory()),
            forged,
            measured_s: end.seconds_since(&steady),
        }
    }

    /// For scripts.
    pub(super) fn json(&self) -> String {
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        json!({
            "viewers": self.wanted, "joined": self.joined, "failed": self.failed,
            "watching": self.watching, "first_error": self.first_error,
            "join_ms": self.join_ms.json(), "fps": self.fps.json(), "late_ms": self.late_ms.json(),
            "by_path": self.groups.iter().map(Group::json).collect::<Vec<_>>(),
            "frames": self.frames, "broken_frames": self.broken, "gaps": self.gaps,
            "lost_packets": self.lost, "packets": self.packets, "mbps": hundredths(self.mbps),
            "forged_datagrams": self.forged,
            "client_cpu_percent": hundredths(self.own_percent),
            "server": self.server_percent.map(|percent| json!({
                "cpu_percent": hundredths(percent),
                "join_cpu_s": self.server_join_cpu_s.map(hundredths),
                "memory_bytes_before": self.server_memory.map(|(before, _)| before),
                "memory_bytes": self.server_memory.map(|(_, after)| after),
            })),
        })
        .to_string()
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let Quantiles { p50, p95, p99, most, .. } = self.join_ms;
        let mut lines = vec![
            format!(
                "viewers      {} wanted, {} saw a picture, {} failed",
                self.wanted, self.joined, self.failed
            ),
            format!(
                "first frame  p50 {p50:.0} ms, p95 {p95:.0} ms, p99 {p99:.0} ms, last {most:.0} ms after the offer"
            ),
            format!(
                "frames       {} whole, {} with a gap; per viewer and second: p50 {:.1}, least {:.1}",
                self.frames, self.broken, self.fps.p50, self.fps.least
            ),
            format!(
                "lateness     p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms behind the fastest frame of a viewer",
                self.late_ms.p50, self.late_ms.p95, self.late_ms.p99
            ),
            format!("packets      {}, {} never came ({} gaps)", self.packets, self.lost, self.gaps),
            format!("bitrate      {:.1} Mbit/s, all viewers together", self.mbps),
            format!("this client  {:.0} % of a core", self.own_percent),
        ];
        if self.forged > 0 {
            let rate = self.forged as f64 / self.measured_s;
            lines
                .push(format!("flood        {} forged datagrams, {rate:.0} a second", self.forged));
        }
        if let Some(percent) = self.server_percent {
            let per_core = self.watching as f64 / (percent / 100.0).max(0.001);
            lines.push(format!(
                "server       {percent:.0} % of a core, so {per_core:.0} viewers per core; \
                 {:.2} s of CPU while they joined",
                self.server_join_cpu_s.unwrap_or_default()
            ));
        }
        if let Some((before, after)) = self.server_memory {
            let each = after.saturating_sub(before) as f64 / 1e3 / f64::from(self.wanted);
            let mb = after as f64 / 1e6;
            lines
                .push(format!("memory       {mb:.1} MB, {each:.0} kB more per viewer than before"));
        }
        if let Some(error) = &self.first_error {
            lines.push(format!("first error  {error}"));
        }
        if !self.groups.is_empty() {
            let rows: Vec<_> = self.groups.iter().map(Group::cells).collect();
            let header = [
                "path",
                "viewers",
                "fps",
                "least",
                "kbit/s",
                "freezes",
                "longest ms",
                "late p50",
                "p95",
                "p99",
            ];
            lines.extend([String::new(), table(&header, &rows)]);
        }
        lines.join("\n")
    }
}
