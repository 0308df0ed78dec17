//! The arithmetic encoder (section 9.3.4), for the grey macroblocks of [`Grey`](super::Grey).

use super::bit_writer::BitWriter;

/// A context variable (section 9.3.1.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    state: u8,
    most_probable: bool,
}

impl Context {
    /// By the `m` and `n` of tables 9-12 to 9-33 and the slice's `SliceQPY` (equation 9-5).
    pub(super) fn new((m, n): (i32, i32), slice_qp: i32) -> Self {
        let state = (((m * slice_qp.clamp(0, 51)) >> 4) + n).clamp(1, 126);
        if state <= 63 {
            Self { state: (63 - state) as u8, most_probable: false }
        } else {
            Self { state: (state - 64) as u8, most_probable: true }
        }
    }
}

/// Writes bins into `bits`, from a byte boundary on.
pub(super) struct Encoder<'a> {
    bits: &'a mut BitWriter,
    low: u32,
    range: u32,
    outstanding: u32,
    first: bool,
}

impl<'a> Encoder<'a> {
    /// Section 9.3.4.1.
    pub(super) fn new(bits: &'a mut BitWriter) -> Self {
        Self { bits, low: 0, range: 510, outstanding: 0, first: true }
    }

    /// `EncodeDecision` (section 9.3.4.2).
    pub(super) fn decision(&mut self, context: &mut Context, bin: bool) {
        let state = usize::from(context.state);
        let least_probable = u32::from(RANGE_LPS[state][(self.range >> 6 & 3) as usize]);
        self.range -= least_probable;
        if bin == context.most_probable {
            context.state = (context.state + 1).min(62);
        } else {
            self.low += self.range;
            self.range = least_probable;
            if context.state == 0 {
                context.most_probable = !context.most_probable;
            }
            context.state = NEXT_LPS[state];
        }
        self.renormalise();
    }

    /// `EncodeFlush` is part of it (section 9.3.4.5): with `bin` set the slice ends, and its stop bit
    /// is written.
    pub(super) fn terminate(&mut self, bin: bool) {
        self.range -= 2;
        if !bin {
            self.renormalise();
            return;
        }
        self.low += self.range;
        self.range = 2;
        self.renormalise();
        self.put(self.low >> 9 & 1 == 1);
        self.bits.u(2, (self.low >> 7 & 3) | 1);
    }

    /// `RenormE` (section 9.3.4.3).
    fn renormalise(&mut self) {
        while self.range < 256 {
            if self.low < 256 {
                self.put(false);
            } else if self.low >= 512 {
                self.low -= 512;
                self.put(true);
            } else {
                self.low -= 256;
                self.outstanding += 1;
            }
            self.range <<= 1;
            self.low <<= 1;
        }
    }

    /// `PutBit`.
    fn put(&mut self, bit: bool) {
        if self.first {
            self.first = false;
        } else {
            self.bits.flag(bit);
        }
        for _ in 0..std::mem::take(&mut self.outstanding) {
            self.bits.flag(!bit);
        }
    }
}

/// `rangeTabLPS` (table 9-44).
#[rustfmt::skip]
const RANGE_LPS: [[u8; 4]; 64] = [
    [128, 176, 208, 240], [128, 167, 197, 227], [128, 158, 187, 216], [123, 150, 178, 205],
    [116, 142, 169, 195], [111, 135, 160, 185], [105, 128, 152, 175], [100, 122, 144, 166],
    [95, 116, 137, 158], [90, 110, 130, 150], [85, 104, 123, 142], [81, 99, 117, 135],
    [77, 94, 111, 128], [73, 89, 105, 122], [69, 85, 100, 116], [66, 80, 95, 110],
    [62, 76, 90, 104], [59, 72, 86, 99], [56, 69, 81, 94], [53, 65, 77, 89],
    [51, 62, 73, 85], [48, 59, 69, 80], [46, 56, 66, 76], [43, 53, 63, 72],
    [41, 50, 59, 69], [39, 48, 56, 65], [37, 45, 54, 62], [35, 43, 51, 59],
    [33, 41, 48, 56], [32, 39, 46, 53], [30, 37, 43, 50], [29, 35, 41, 48],
    [27, 33, 39, 45], [26, 31, 37, 43], [24, 30, 35, 41], [23, 28, 33, 39],
    [22, 27, 32, 37], [21, 26, 30, 35], [20, 24, 29, 33], [19, 23, 27, 31],
    [18, 22, 26, 30], [17, 21, 25, 28], [16, 20, 23, 27], [15, 19, 22, 25],
    [14, 18, 21, 24], [14, 17, 20, 23], [13, 16, 19, 22], [12, 15, 18, 21],
    [12, 14, 17, 20], [11, 14, 16, 19], [11, 13, 15, 18], [10, 12, 15, 17],
    [10, 12, 14, 16], [9, 11, 13, 15], [9, 11, 12, 14], [8, 10, 12, 14],
    [8, 9, 11, 13], [7, 9, 11, 12], [7, 9, 10, 12], [7, 8, 10, 11],
    [6, 8, 9, 11], [6, 7, 9, 10], [6, 7, 8, 9], [2, 2, 2, 2],
];

/// `transIdxLPS` (table 9-45).
#[rustfmt::skip]
const NEXT_LPS: [u8; 64] = [
    0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12,
    13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22, 22, 23, 24,
    24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33,
    33, 33, 34, 34, 35, 35, 35, 36, 36, 36, 37, 37, 37, 38, 38, 63,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_begin_by_the_slices_quantiser() {
        // Of equation 9-5: (m, n), SliceQPY, pStateIdx, valMPS.
        for (mn, qp, state, most_probable) in [
            ((20, -15), 26, 46, false),
            ((20, -15), 51, 15, false),
            ((0, 41), 26, 22, false),
            ((-28, 127), 0, 62, true),
            ((-17, 123), 26, 31, true),
            ((2, 54), -6, 9, false),
        ] {
            let context = Context::new(mn, qp);
            assert_eq!((context.state, context.most_probable), (state, most_probable), "{mn:?}");
        }
    }

    #[test]
    fn the_tables_are_whole() {
        for (state, row) in RANGE_LPS.iter().enumerate() {
            assert!(row.is_sorted(), "{state}");
            assert!(state == 0 || *row <= RANGE_LPS[state - 1], "{state}");
            assert!(usize::from(NEXT_LPS[state]) <= state, "{state}");
        }
        assert!(NEXT_LPS.is_sorted());
    }
}
