//! The numbers of the identity solver.

/// One set of numbers for all sites; `docs/design/identity.md` says what each was chosen on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// What is left of a plane's error after learning, in metres of standard deviation per camera. Raising it joins
    /// tracks that lie further apart, and tells people who walk side by side apart later.
    pub bias_m: f64,
    /// How much floor a person has to himself, in m²: the density of others that a second track could belong to.
    /// Raising it joins more.
    pub crowd_m2: f64,
    /// How much floor there is for one who was not here before, in m². Raising it takes who appears for one who was
    /// lost more often, and makes fewer identities.
    pub birth_m2: f64,
    /// No sample counts more than this for or against two tracks being one, in nats: places have blunders.
    pub most_nats: f64,
    /// How far back two tracks are compared, and how far back a decision may still be changed, in µs. Raising it decides
    /// better while people stand apart, and later.
    pub window_us: i64,
    /// Seconds of comparison at which evidence counts half.
    pub half_s: f64,
    /// What a track that goes on is worth as evidence that it is the same, in nats. Raising it believes cameras' own
    /// trackers more.
    pub stick_nats: f64,
    /// Seconds until a track is believed again that was mixed up with others.
    pub settle_s: f64,
    /// From that share in common on, boxes of one picture are mixed up.
    pub mixed_from: f64,
    /// Seconds until a track that is alone in its identity is believed to be somebody of his own.
    pub alone_s: f64,
    /// How long a track that was not seen keeps its place in its identity, in µs.
    pub hold_us: i64,
    /// How long an identity that nobody sees can be found again by where it was, in µs.
    pub lost_us: i64,
    /// How long an identity is young, and may turn out to be one that was lost, in µs.
    pub young_us: i64,
    /// How often an identity has to be seen before it can be lost and found again.
    pub known_steps: u32,
    /// Nats that finding it again takes, and that the next candidate has to be behind by: ln 3.
    pub revive_nats: f64,
    /// How long a track that was not seen is remembered, in µs.
    pub forget_us: i64,
    /// Mean evidence of a second and more at which two identities are one, in nats. The evidence of the cameras' pairs is
    /// capped and averaged, so that 1 here is far beyond 0.95 for independent samples.
    pub merge_nats: f64,
    /// Steps that one camera saw two identities beside each other until they are two for good.
    pub apart_steps: u32,
    /// Tracks further apart than this are not compared, in metres.
    pub gate_m: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bias_m: 0.15,
            crowd_m2: 12.0,
            birth_m2: 1000.0,
            most_nats: 3.0,
            window_us: 2_000_000,
            half_s: 0.3,
            stick_nats: 4.0,
            settle_s: 1.0,
            mixed_from: 0.2,
            alone_s: 4.0,
            hold_us: 600_000,
            lost_us: 10_000_000,
            young_us: 8_000_000,
            known_steps: 25,
            revive_nats: 1.1,
            forget_us: 60_000_000,
            merge_nats: 1.0,
            apart_steps: 5,
            gate_m: 4.0,
        }
    }
}
