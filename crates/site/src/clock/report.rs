//! A camera's sender reports: which RTP time its clock showed what at (RFC 3550 section 6.4.1).

use std::collections::VecDeque;

use super::nominal_us;

/// Reports that the line goes through: at one every five seconds, what a quartz does over 100 s is a line.
const MOST_REPORTS: usize = 20;

/// A report further than this from the line needs the next one to confirm it.
const OUTLIER_US: f64 = 50_000.0;

/// How far timestamps may run from 90 kHz: cameras that say 25 and send 21 frames a second run 17 % slow.
const RATE_RANGE: [f64; 2] = [0.6, 1.6];

/// A line whose reports scatter by more than this (root of the mean square) says nothing of the rate: some servers pair
/// the time of sending with the RTP time of the last packet, up to a frame or a whole second older.
const SCATTER_US: f64 = 10_000.0;

/// Reports, and seconds between the first and the last, that a rate takes at least.
const FEWEST: (usize, f64) = (8, 30.0);

/// What became of a report.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reported {
    /// It is on the line.
    Fits,
    /// It is not; the next one will tell.
    Unconfirmed,
    /// It confirms the one before: the camera's clock was set by so many µs.
    Stepped(i64),
    /// It cannot be used: RTP time or clock ran backwards.
    Refused,
}

/// The line from RTP time to the camera's clock.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReportLine {
    /// (RTP time, camera's clock in UTC µs), oldest first.
    reports: VecDeque<(i64, i64)>,
    unconfirmed: VecDeque<(i64, i64)>,
}

/// A line through reports, around their middle.
#[derive(Clone, Copy)]
struct Fit {
    rtp: f64,
    clock_us: f64,
    /// Camera's µs per nominal µs of RTP time.
    rate: f64,
    scatter_us: f64,
    span_s: f64,
}

impl Fit {
    fn at(&self, origin: (i64, i64), rtp: i64) -> f64 {
        self.clock_us + self.rate * (nominal_us(rtp - origin.0) - self.rtp)
    }
}

impl ReportLine {
    /// Takes a report: at the RTP time `rtp_extended` the camera's clock showed `clock_us`.
    pub fn handle_report(&mut self, rtp_extended: i64, clock_us: i64) -> Reported {
        let report = (rtp_extended, clock_us);
        let Some(last) = self.reports.back().copied() else {
            self.reports.push_back(report);
            return Reported::Fits;
        };
        if rtp_extended <= last.0 {
            return Reported::Refused;
        }
        let off_us = clock_us as f64 - self.expected(rtp_extended);
        if off_us.abs() <= OUTLIER_US {
            self.unconfirmed.clear();
            self.push(report);
            return Reported::Fits;
        }
        self.unconfirmed.push_back(report);
        if self.unconfirmed.len() > 3 {
            self.unconfirmed.pop_front();
        }
        if let [.., before, _] = *self.unconfirmed.make_contiguous()
            && before.0 < report.0
        {
            let before_off_us = before.1 as f64 - self.expected(before.0);
            let slope_of_line = (off_us - before_off_us).abs() <= OUTLIER_US;
            // Two with the line's slope: a step. Three in a line of their own: another rate.
            if slope_of_line || (self.unconfirmed.len() == 3 && self.unconfirmed_make_a_line()) {
                self.reports = std::mem::take(&mut self.unconfirmed);
                if slope_of_line {
                    self.reports = [before, report].into();
                }
                return Reported::Stepped(off_us.round() as i64);
            }
        }
        Reported::Unconfirmed
    }

    /// How fast the camera's clock runs against nominal RTP time, where enough reports agree on it.
    pub fn rate(&self) -> Option<f64> {
        let fit = fit(self.reports.iter().copied())?;
        let enough = self.reports.len() >= FEWEST.0 && fit.span_s >= FEWEST.1;
        let sane = (RATE_RANGE[0]..RATE_RANGE[1]).contains(&fit.rate);
        (enough && sane && fit.scatter_us <= SCATTER_US).then_some(fit.rate)
    }

    /// What the camera's clock showed at an RTP time, by the line; `None` without a report.
    pub fn clock_us(&self, rtp_extended: i64) -> Option<i64> {
        (!self.reports.is_empty()).then(|| self.expected(rtp_extended).round() as i64)
    }

    /// Reports on the line.
    pub fn len(&self) -> usize {
        self.reports.len()
    }

    /// Whether there is no report yet.
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    fn push(&mut self, report: (i64, i64)) {
        self.reports.push_back(report);
        if self.reports.len() > MOST_REPORTS {
            self.reports.pop_front();
        }
    }

    fn expected(&self, rtp: i64) -> f64 {
        let Some(&origin) = self.reports.front() else { return 0.0 };
        if let Some(fit) = fit(self.reports.iter().copied()).filter(|_| self.reports.len() >= 3) {
            return fit.at(origin, rtp) + origin.1 as f64;
        }
        let last = self.reports.back().copied().unwrap_or(origin);
        last.1 as f64 + nominal_us(rtp - last.0)
    }

    fn unconfirmed_make_a_line(&self) -> bool {
        fit(self.unconfirmed.iter().copied()).is_some_and(|fit| {
            (RATE_RANGE[0]..RATE_RANGE[1]).contains(&fit.rate) && fit.scatter_us <= SCATTER_US
        })
    }
}

/// Least squares relative to the first report.
fn fit(reports: impl Iterator<Item = (i64, i64)> + Clone) -> Option<Fit> {
    let origin = reports.clone().next()?;
    let points = reports.map(|(rtp, us)| (nominal_us(rtp - origin.0), (us - origin.1) as f64));
    let count = points.clone().count() as f64;
    let (x, y) = points.clone().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let (xx, xy) = points
        .clone()
        .fold((0.0, 0.0), |(xx, xy), p| (xx + (p.0 - x).powi(2), xy + (p.0 - x) * (p.1 - y)));
    if xx <= 0.0 {
        return None;
    }
    let rate = xy / xx;
    let squares: f64 = points.clone().map(|p| (p.1 - y - rate * (p.0 - x)).powi(2)).sum();
    let span_us = points.last().map_or(0.0, |p| p.0);
    Some(Fit {
        rtp: x,
        clock_us: y,
        rate,
        scatter_us: (squares / count).sqrt(),
        span_s: span_us / 1e6,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 1_700_000_000_000_000;

    /// Report `n` of one every five seconds, by a clock that runs `rate` times as fast as timestamps say.
    fn report(n: i64, rate: f64, off_us: i64) -> (i64, i64) {
        (1000 + n * 450_000, DAY + (n as f64 * 5e6 * rate) as i64 + off_us)
    }

    #[test]
    fn a_line_has_the_rate_of_its_reports() {
        for rate in [1.0, 1.0005, 0.9995, 1.19] {
            let mut line = ReportLine::default();
            for n in 0..30 {
                let (rtp, us) = report(n, rate, n % 3 * 1000);
                line.handle_report(rtp, us);
            }
            let found = line.rate().unwrap();
            assert!((found - rate).abs() < 60e-6, "{rate}: {found}");
        }
    }

    #[test]
    fn one_report_that_is_off_needs_the_next_to_confirm_it() {
        let mut line = ReportLine::default();
        let mut say = |n, off_us| {
            let (rtp, us) = report(n, 1.0, off_us);
            line.handle_report(rtp, us)
        };
        assert_eq!(say(0, 0), Reported::Fits);
        assert_eq!(say(1, 20_000), Reported::Fits);
        // One track's report off by 317.8 ms, once.
        assert_eq!(say(2, 317_800), Reported::Unconfirmed);
        assert_eq!(say(3, 0), Reported::Fits);
        // Set back by two seconds.
        assert_eq!(say(4, -2_000_000), Reported::Unconfirmed);
        assert!(
            matches!(say(5, -2_001_000), Reported::Stepped(us) if (us + 2_000_000).abs() < 30_000)
        );
        assert_eq!(say(6, -2_000_000), Reported::Fits);
        assert_eq!(say(6, -2_000_000), Reported::Refused);
    }

    #[test]
    fn reports_that_scatter_say_nothing_of_the_rate() {
        let mut line = ReportLine::default();
        for n in 0..40 {
            let (rtp, us) = report(n, 1.0, n * 17 % 45 * 1000);
            line.handle_report(rtp, us);
        }
        assert_eq!(line.rate(), None);
        assert!(line.clock_us(report(40, 1.0, 0).0).is_some());
    }
}
