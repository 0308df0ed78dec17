//! Where each sample of the result lies between two samples of the source.

/// Weights along a row are whole numbers, and this is one of them in units of their sum.
pub(super) const UNIT: f32 = 1.0 / ONE as f32;
/// The sum of the two weights: as much as 16 bits with a sign hold, with room for both.
pub(super) const ONE: i16 = 1 << 14;

/// Pairs of neighbours and the second one's weight, in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taps {
    /// The left (upper) sample of each pair.
    first: Vec<u32>,
    /// The weight of its right (lower) neighbour, 0 to 1.
    weight: Vec<f32>,
    /// The last sample that may be used.
    last: u32,
}

impl Taps {
    /// One pair for each of `places`, in samples of a line of which only `low..=high` may be used.
    fn fit(&mut self, places: impl Iterator<Item = f64>, low: usize, high: usize) {
        self.first.clear();
        self.weight.clear();
        self.last = high as u32;
        for place in places {
            let place = place.clamp(low as f64, high as f64);
            // As OpenCV: the weight is an f32 and 0 on the last sample.
            let first = (place.floor() as usize).min(high);
            self.first.push(first as u32);
            self.weight.push(if first == high { 0.0 } else { (place - first as f64) as f32 });
        }
    }

    /// The two source samples and the second one's weight.
    #[inline(always)]
    pub(super) fn pair(&self, at: usize) -> (usize, usize, f32) {
        let first = self.first[at];
        (first as usize, (first + 1).min(self.last) as usize, self.weight[at])
    }

    pub(super) fn len(&self) -> usize {
        self.first.len()
    }
}

/// Eight neighbouring results of a row: which bytes of the source they come from, and how.
///
/// Each half of four lies within 16 bytes of the source. In the half's own 16 bytes, `shuffle`
/// says where each pair's samples are, spread to 16 bits (`pshufb`: a set top bit gives 0), and
/// `weights` what they are multiplied with before the two are added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(32))]
pub(super) struct Group {
    pub(super) shuffle: [u8; 32],
    pub(super) weights: [i16; 16],
    /// Where in the line the 16 bytes of each half begin.
    pub(super) offset: [u32; 2],
    /// The first of the eight results.
    pub(super) at: u32,
}

/// Bytes that one half of a group is picked from.
const REACH: usize = 16;
/// Results of a group.
pub(super) const GROUP: usize = 8;

/// The pairs of a plane's columns, prepared for one result after the other and for eight at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ColumnTaps {
    pub(super) taps: Taps,
    /// The two samples of each pair in the line that is worked on, and their weights in 2^-14.
    pub(super) pairs: Vec<([u32; 2], [i16; 2])>,
    /// The line that is worked on holds only the two samples of each pair, one pair after the
    /// other: four results lie further apart than 16 bytes.
    picked: bool,
    /// Empty where there are too few results or samples for them. The last one overlaps the one
    /// before it where the number of results is no multiple of eight.
    pub(super) groups: Vec<Group>,
    /// Bytes of the line that is worked on.
    pub(super) line: usize,
}

impl ColumnTaps {
    /// For `places` in a line of `len` samples, as [`Taps::fit`].
    fn fit(&mut self, places: impl Iterator<Item = f64>, low: usize, high: usize, len: usize) {
        self.taps.fit(places, low, high);
        let results = self.taps.len();
        let pair = |taps: &Taps, at: usize| {
            let (left, right, weight) = taps.pair(at);
            let weight = (weight * f32::from(ONE)).round_ties_even() as i16;
            ([left as u32, right as u32], [ONE - weight, weight])
        };
        self.picked = false;
        self.line = len;
        self.pairs.clear();
        self.pairs.extend((0..results).map(|at| pair(&self.taps, at)));
        if !self.group() && results >= GROUP {
            self.picked = true;
            self.line = 2 * results;
            for (at, (places, _)) in self.pairs.iter_mut().enumerate() {
                *places = [2 * at as u32, 2 * at as u32 + 1];
            }
            let grouped = self.group();
            debug_assert!(grouped, "four pairs side by side take eight bytes");
        }
    }

    /// Makes the groups; answers whether that was possible.
    fn group(&mut self) -> bool {
        self.groups.clear();
        let results = self.pairs.len();
        if results < GROUP || self.line < REACH {
            return false;
        }
        for from in (0..results).step_by(GROUP) {
            let at = from.min(results - GROUP);
            let mut group = Group { shuffle: [0x80; 32], at: at as u32, ..Group::default() };
            for (half, four) in self.pairs[at..at + GROUP].chunks_exact(GROUP / 2).enumerate() {
                let offset = (four[0].0[0] as usize).min(self.line - REACH) as u32;
                group.offset[half] = offset;
                for (i, (places, weights)) in four.iter().enumerate() {
                    for side in 0..2 {
                        let byte = places[side] - offset;
                        if byte as usize >= REACH {
                            self.groups.clear();
                            return false;
                        }
                        group.shuffle[half * REACH + 4 * i + 2 * side] = byte as u8;
                        group.weights[half * 8 + 2 * i + side] = weights[side];
                    }
                }
            }
            self.groups.push(group);
        }
        true
    }

    /// Whether the line that is worked on is made by [`Self::pick`].
    pub(super) fn is_picked(&self) -> bool {
        self.picked
    }

    /// The samples that are used of `row`, pair after pair.
    pub(super) fn pick(&self, row: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let last = self.taps.last as usize;
        out.extend(self.taps.first.iter().flat_map(|first| {
            let first = *first as usize;
            [row[first], row[(first + 1).min(last)]]
        }));
    }
}

/// The columns of luma and chroma that a row of the result is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Columns {
    pub(super) luma: ColumnTaps,
    pub(super) chroma: ColumnTaps,
}

/// The rows of luma and chroma that the result is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(super) luma: Taps,
    pub(super) chroma: Taps,
}

/// The places of `target` results on luma samples `start..start + span`.
fn places(start: usize, span: usize, target: usize) -> impl Iterator<Item = f64> {
    let scale = span as f64 / target as f64;
    (0..target).map(move |i| start as f64 + (i as f64 + 0.5) * scale - 0.5)
}

/// The chroma samples of luma samples `start..start + span` in a line of `len`.
fn chroma_limits(start: usize, span: usize, len: usize) -> (usize, usize) {
    debug_assert!(span > 0 && start + span <= len);
    (start / 2, ((start + span - 1) / 2).min(len.div_ceil(2) - 1))
}

impl Columns {
    /// From luma samples `start..start + span` of a line of `len` to `target` samples. The span is
    /// not empty and lies inside the line. What was allocated before is used again.
    pub(crate) fn fit(&mut self, start: usize, span: usize, len: usize, target: usize) {
        self.luma.fit(places(start, span, target), start, start + span - 1, len);
        // H.264 chroma of type 0 (section E.2.1, the default): sample i lies at luma column 2i.
        let places = places(start, span, target).map(|place| place / 2.0);
        let (low, high) = chroma_limits(start, span, len);
        self.chroma.fit(places, low, high, len.div_ceil(2));
    }

    /// Samples of the result.
    pub(crate) fn len(&self) -> usize {
        self.luma.pairs.len()
    }

    /// Whether there is work for eight at once, in both luma and chroma.
    pub(super) fn in_groups(&self) -> bool {
        !self.luma.groups.is_empty() && !self.chroma.groups.is_empty()
    }
}

impl Rows {
    /// From luma rows `start..start + span` of a picture of `len` to `target` rows; as
    /// [`Columns::fit`].
    pub(crate) fn fit(&mut self, start: usize, span: usize, len: usize, target: usize) {
        self.luma.fit(places(start, span, target), start, start + span - 1);
        // Chroma of type 0: row i lies halfway between luma rows 2i and 2i + 1.
        let places = places(start, span, target).map(|place| (place - 0.5) / 2.0);
        let (low, high) = chroma_limits(start, span, len);
        self.chroma.fit(places, low, high);
    }

    /// Rows of the result.
    pub(crate) fn len(&self) -> usize {
        self.luma.len()
    }
}
