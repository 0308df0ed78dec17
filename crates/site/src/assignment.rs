//! The assignment with the greatest total value: which track of a camera is which identity.
//!
//! Shortest augmenting paths (Jonker and Volgenant, *Computing* 38, 1987; Crouse, IEEE TAES 52(4), 2016), small and dense:
//! a camera has a few dozen tracks. Crate `track` has a solver of its own; crates of one floor do not use each other.

/// No partner.
const NONE: usize = usize::MAX;

/// Values of a row and a column below this are no option.
pub(crate) const FORBIDDEN: f64 = f64::NEG_INFINITY;

/// Solves assignments and keeps its working memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Solver {
    row_of_col: Vec<usize>,
    col_of_row: Vec<usize>,
    row_price: Vec<f64>,
    col_price: Vec<f64>,
    shortest: Vec<f64>,
    from_row: Vec<usize>,
    done: Vec<bool>,
}

impl Solver {
    /// The columns of all rows, so that the sum of `value(row, column)` is greatest; a row without a column counts 0, so
    /// no pair is made that is worth less. Among equal sums the lower indices win.
    pub(crate) fn solve(
        &mut self,
        rows: usize,
        cols: usize,
        value: impl Fn(usize, usize) -> f64,
    ) -> &[usize] {
        // Each row has a column of its own behind the real ones, worth 0.
        let all = cols + rows;
        let cost = |row: usize, col: usize| match col {
            col if col < cols => -value(row, col),
            col if col - cols == row => 0.0,
            _ => f64::INFINITY,
        };
        self.row_of_col.clear();
        self.row_of_col.resize(all, NONE);
        self.col_of_row.clear();
        self.col_of_row.resize(rows, NONE);
        self.row_price.clear();
        self.row_price.resize(rows, 0.0);
        self.col_price.clear();
        self.col_price.resize(all, 0.0);
        for row in 0..rows {
            self.augment(row, all, &cost);
        }
        for col in &mut self.col_of_row {
            if *col >= cols {
                *col = NONE;
            }
        }
        &self.col_of_row
    }

    fn augment(&mut self, start: usize, all: usize, cost: &impl Fn(usize, usize) -> f64) {
        self.shortest.clear();
        self.shortest.resize(all, f64::INFINITY);
        self.from_row.clear();
        self.from_row.resize(all, NONE);
        self.done.clear();
        self.done.resize(all, false);
        let (mut row, mut length) = (start, 0.0);
        let end = loop {
            let mut next = (f64::INFINITY, NONE);
            for col in 0..all {
                if self.done[col] {
                    continue;
                }
                let through = length + cost(row, col) - self.row_price[row] - self.col_price[col];
                if through < self.shortest[col] {
                    self.shortest[col] = through;
                    self.from_row[col] = row;
                }
                if self.shortest[col] < next.0 {
                    next = (self.shortest[col], col);
                }
            }
            // The row's own column is always open, so a path ends.
            let (shortest, col) = next;
            if col == NONE {
                return;
            }
            length = shortest;
            self.done[col] = true;
            match self.row_of_col[col] {
                NONE => break col,
                taken_by => row = taken_by,
            }
        };
        self.row_price[start] += length;
        for col in (0..all).filter(|&col| self.done[col] && col != end) {
            let row = self.row_of_col[col];
            self.row_price[row] += length - self.shortest[col];
            self.col_price[col] -= length - self.shortest[col];
        }
        let mut col = end;
        while col != NONE {
            let row = self.from_row[col];
            self.row_of_col[col] = row;
            std::mem::swap(&mut self.col_of_row[row], &mut col);
            if row == start {
                break;
            }
        }
    }
}

/// The column of a row in what [`Solver::solve`] answered.
pub(crate) fn column(columns: &[usize], row: usize) -> Option<usize> {
    (columns[row] != NONE).then_some(columns[row])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The best sum by trying everything.
    fn best(values: &[Vec<f64>], row: usize, taken: &mut Vec<bool>) -> f64 {
        if row == values.len() {
            return 0.0;
        }
        let mut most = best(values, row + 1, taken);
        for col in 0..taken.len() {
            if !taken[col] && values[row][col] > FORBIDDEN {
                taken[col] = true;
                most = most.max(values[row][col] + best(values, row + 1, taken));
                taken[col] = false;
            }
        }
        most
    }

    proptest! {
        #[test]
        fn the_sum_is_the_greatest(
            cols in 0usize..5,
            cells in prop::collection::vec(prop::collection::vec(-4i32..8, 5), 0..5),
        ) {
            // −4 stands for what is no option.
            let value = |v: i32| if v == -4 { FORBIDDEN } else { f64::from(v) };
            let values: Vec<Vec<f64>> =
                cells.iter().map(|row| row[..cols].iter().map(|v| value(*v)).collect()).collect();
            let mut solver = Solver::default();
            let columns = solver.solve(values.len(), cols, |row, col| values[row][col]).to_vec();
            let mut sum = 0.0;
            let mut seen = vec![false; cols];
            for (row, values) in values.iter().enumerate() {
                if let Some(col) = column(&columns, row) {
                    prop_assert!(!seen[col] && values[col] >= 0.0);
                    seen[col] = true;
                    sum += values[col];
                }
            }
            prop_assert!((sum - best(&values, 0, &mut vec![false; cols])).abs() < 1e-9);
        }
    }
}
