use super::super::rtcp;
use super::*;

/// A path with a queue in front of its narrowest place, and a peer that reports ten times a second.
struct Path {
    bits_per_second: i64,
    delay_us: i64,
    /// Delays each packet by up to so much; none overtakes another.
    jitter_us: i64,
    /// Of 100 packets so many are lost.
    loss: u64,
    queue_us: i64,
    free_at: i64,
    last: i64,
    dice: u64,
    arrived: Vec<(u16, Option<i64>)>,
}

impl Path {
    fn of(bits_per_second: i64) -> Self {
        Self {
            bits_per_second,
            delay_us: 30_000,
            jitter_us: 0,
            loss: 0,
            queue_us: 300_000,
            free_at: 0,
            last: 0,
            dice: 1,
            arrived: Vec::new(),
        }
    }

    fn throw(&mut self, below: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.dice >> 33) % below
    }

    fn carry(&mut self, number: u16, at: i64, bytes: usize) {
        let (lost, jitter) = (self.throw(100) < self.loss, self.throw(1 + self.jitter_us as u64));
        let starts = self.free_at.max(at);
        if lost || starts - at > self.queue_us {
            self.arrived.push((number, None));
            return;
        }
        self.free_at = starts + (bytes + HEADERS) as i64 * 8_000_000 / self.bits_per_second;
        self.last = self.last.max(self.free_at + self.delay_us + jitter as i64);
        self.arrived.push((number, Some(self.last)));
    }

    /// A report on the packets that have arrived by `now`, and on those lost before them.
    fn report(&mut self, now: i64, estimator: &mut Estimator) {
        let done = self.arrived.iter().rposition(|(_, at)| at.is_some_and(|at| at <= now));
        let Some(done) = done else { return };
        let told: Vec<_> = self.arrived.drain(..=done).collect();
        let first = told.iter().find_map(|(_, at)| *at).unwrap_or(now);
        let reference = first / 64_000;
        let mut packet = vec![0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        packet.extend(told[0].0.to_be_bytes());
        packet.extend((told.len() as u16).to_be_bytes());
        packet.extend(&(reference as u32).to_be_bytes()[1..]);
        packet.push(0);
        for chunk in told.chunks(7) {
            let of = |n: usize| chunk.get(n).is_some_and(|(_, at)| at.is_some());
            let bits = (0..7).fold(0, |bits, n| bits << 2 | if of(n) { 2 } else { 0 });
            packet.extend((0xC000u16 | bits).to_be_bytes());
        }
        let mut at = reference * 256;
        for tick in told.iter().filter_map(|(_, at)| at.map(|at| at / 250)) {
            packet.extend(((tick - at) as i16).to_be_bytes());
            at = tick;
        }
        packet.resize(packet.len().next_multiple_of(4), 0);
        let words = (packet.len() / 4 - 1) as u16;
        packet[2..4].copy_from_slice(&words.to_be_bytes());
        rtcp::read(&packet, |message| {
            if let rtcp::Message::Arrivals(arrivals) = message {
                estimator.arrived(MonoTime::from_us(now), &arrivals);
            }
        });
    }
}

/// Sends frames of so many bytes thirty times a second, over `path`, for `seconds`.
fn frames(
    estimator: &mut Estimator,
    path: &mut Path,
    from_s: f64,
    seconds: f64,
    bytes: usize,
) -> u64 {
    let ticks = |s: f64| (s * 1000.0) as i64;
    for ms in ticks(from_s)..ticks(from_s + seconds) {
        let now = ms * 1000;
        if ms % 33 == 0 {
            let mut left = bytes;
            while left > 0 {
                let datagram = left.min(1200);
                let number = estimator.sent(MonoTime::from_us(now), datagram);
                path.carry(number, now, datagram);
                left -= datagram;
            }
        }
        if ms % 100 == 0 {
            path.report(now, estimator);
            estimator.handle_timeout(MonoTime::from_us(now));
        }
    }
    estimator.bits_per_second()
}

#[test]
fn frames_tell_what_a_path_carries_without_filling_it() {
    // 2.5 Mbit/s of video: what the path carries, how it jitters, what it loses, and the share of it that the
    // estimate has to be.
    for (bits, jitter_us, loss, least, most) in [
        (20_000_000, 0, 0, 0.8, 1.0),
        (5_000_000, 0, 0, 0.9, 1.0),
        (3_000_000, 0, 0, 0.9, 1.0),
        (5_000_000, 10_000, 0, 0.7, 1.1),
        (5_000_000, 30_000, 0, 0.5, 1.2),
        (20_000_000, 0, 5, 0.8, 1.1),
        // It does not carry the video: a queue stands, and packets are lost.
        (1_500_000, 0, 0, 0.85, 1.0),
        (600_000, 0, 0, 0.8, 1.0),
        (600_000, 10_000, 0, 0.8, 1.05),
    ] {
        let (mut estimator, mut path) = (Estimator::new(MonoTime::from_us(0)), Path::of(bits));
        (path.jitter_us, path.loss) = (jitter_us, loss);
        let estimate = frames(&mut estimator, &mut path, 0.0, 4.0, 10_000);
        let share = estimate as f64 / bits as f64;
        assert!((least..=most).contains(&share), "{bits} {jitter_us} {loss}: {share:.2}");
        assert_eq!(estimator.queues(), bits < 2_500_000, "{bits} {jitter_us} {loss}");
        let loses = f64::from(loss as u32) / 100.0;
        assert!(
            bits < 2_500_000 || (estimator.loss() - loses).abs() < 0.03,
            "{}",
            estimator.loss()
        );
    }
}

#[test]
fn a_path_that_narrows_is_known_within_half_a_second_and_one_that_widens_by_a_train() {
    let (mut estimator, mut path) = (Estimator::new(MonoTime::from_us(0)), Path::of(20_000_000));
    frames(&mut estimator, &mut path, 0.0, 5.0, 10_000);
    path.bits_per_second = 600_000;
    let estimate = frames(&mut estimator, &mut path, 5.0, 0.5, 10_000);
    assert!(estimate <= 620_000 && estimator.queues(), "{estimate}");
    estimator.begin_anew();
    // A small picture goes through, whose frames are no trains.
    frames(&mut estimator, &mut path, 5.5, 3.0, 600);
    assert!(!estimator.queues() && !estimator.loses_much());
    path.bits_per_second = 20_000_000;
    let unknown = frames(&mut estimator, &mut path, 8.5, 1.0, 600);
    assert!(unknown < 800_000, "nothing tells of more: {unknown}");
    let known = frames(&mut estimator, &mut path, 9.5, 0.3, 8_000);
    assert!(known > 6_000_000, "{known}");
}

#[test]
fn a_longer_way_is_no_queue() {
    let (mut estimator, mut path) = (Estimator::new(MonoTime::from_us(0)), Path::of(20_000_000));
    let before = frames(&mut estimator, &mut path, 0.0, 5.0, 10_000);
    (path.delay_us, path.jitter_us) = (100_000, 10_000);
    frames(&mut estimator, &mut path, 5.0, 0.5, 10_000);
    assert!(estimator.queues(), "as far as can be known");
    let after = frames(&mut estimator, &mut path, 5.5, 3.0, 10_000);
    assert!(!estimator.queues() && after > before / 2, "{before} {after}");
}

#[test]
fn silence_is_a_path_that_carries_less_and_less() {
    let (mut estimator, mut path) = (Estimator::new(MonoTime::from_us(0)), Path::of(5_000_000));
    let before = frames(&mut estimator, &mut path, 0.0, 3.0, 10_000);
    // All is lost, reports too.
    let sent = |n: i64| MonoTime::from_us(3_000_000 + n * 100_000);
    for n in 0..20 {
        estimator.sent(sent(n), 1200);
        estimator.handle_timeout(sent(n));
    }
    assert!(estimator.bits_per_second() <= before / 4 && estimator.queues());
}

#[test]
fn whatever_is_reported_the_estimate_is_a_number_and_memory_is_bounded() {
    let mut estimator = Estimator::new(MonoTime::from_us(0));
    let mut state = 7u32;
    for n in 0..40_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let now = MonoTime::from_us(n * 1000);
        estimator.sent(now, state as usize % 1500);
        if n % 50 == 0 {
            let mut packet = vec![0x8F, 205, 0, 9];
            packet.extend((0..9u32).flat_map(|word| (state.rotate_left(word * 5)).to_be_bytes()));
            rtcp::read(&packet, |message| {
                if let rtcp::Message::Arrivals(arrivals) = message {
                    estimator.arrived(now, &arrivals);
                }
            });
        }
        let bits = estimator.bits_per_second() as f64;
        assert!((LEAST_BITS..=MOST_BITS).contains(&bits), "{bits}");
        assert!(estimator.packets.len() <= MOST_PACKETS && estimator.slots.len() <= SLOTS as usize);
    }
}
