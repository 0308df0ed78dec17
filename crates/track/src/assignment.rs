//! Optimal assignment: which track takes which detection at the least total cost.
//!
//! The solver is the shortest augmenting path method for rectangular matrices (D. F. Crouse, "On
//! implementing 2D rectangular assignment algorithms", IEEE TAES 52(4), 2016; the dual variables
//! are those of Jonker and Volgenant, 1987). Among equal costs it prefers a free column, then the
//! lowest index, as SciPy's `linear_sum_assignment` does: DeepSORT clamps many costs to one value,
//! and the numbering of its new tracks depends on who wins.

/// No partner.
const NONE: usize = usize::MAX;

/// A cost per row (track) and column (detection), row by row, in storage that is reused.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    rows: usize,
    cols: usize,
    data: Vec<f64>,
}

impl Costs {
    /// Takes the costs `f(row, column)`; NaN counts as unaffordable.
    pub fn fill(&mut self, rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> f64) {
        self.rows = rows;
        self.cols = cols;
        self.data.clear();
        for row in 0..rows {
            for col in 0..cols {
                let cost = f(row, col);
                self.data.push(if cost.is_nan() { f64::INFINITY } else { cost });
            }
        }
    }

    /// The cost of one pair.
    pub fn at(&self, row: usize, col: usize) -> f64 {
        self.data[row * self.cols + col]
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }
}

/// What an assignment left and joined; all lists ascend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assigned {
    /// Joined (row, column), by row.
    pub pairs: Vec<(usize, usize)>,
    /// Rows without a column.
    pub rows: Vec<usize>,
    /// Columns without a row.
    pub cols: Vec<usize>,
}

/// Solves assignments; keeps its working memory, which grows to the largest problem seen.
#[derive(Clone, Debug, Default)]
pub struct Solver {
    lap: Lap,
    parent: Vec<usize>,
    next: Vec<usize>,
    col_of: Vec<usize>,
    taken: Vec<bool>,
    part_rows: Vec<usize>,
    part_cols: Vec<usize>,
    part: Vec<f64>,
}

impl Solver {
    /// The pairs cheaper than `limit` whose total saving against `limit` is largest.
    ///
    /// This is the optimal assignment on min(cost, limit) with the pairs at the limit dropped, as
    /// `lapjv(extend_cost=True, cost_limit=limit)` of ByteTrack computes. Pairs at or above the
    /// limit save nothing, so rows and columns fall into groups that are linked by affordable
    /// pairs, and each group is solved alone.
    pub fn assign_below(&mut self, costs: &Costs, limit: f64, out: &mut Assigned) {
        let (rows, cols) = (costs.rows, costs.cols);
        self.group(costs, limit);
        self.col_of.clear();
        self.col_of.resize(rows, NONE);
        for root in 0..rows {
            if self.parent[root] != root {
                continue;
            }
            self.part_rows.clear();
            self.part_cols.clear();
            let mut node = root;
            while node != NONE {
                if node < rows {
                    self.part_rows.push(node);
                } else {
                    self.part_cols.push(node - rows);
                }
                node = self.next[node];
            }
            if !self.part_cols.is_empty() {
                self.solve_part(costs, limit);
            }
        }
        out.pairs.clear();
        out.rows.clear();
        out.cols.clear();
        self.taken.clear();
        self.taken.resize(cols, false);
        for (row, &col) in self.col_of.iter().enumerate() {
            if col == NONE {
                out.rows.push(row);
            } else {
                out.pairs.push((row, col));
                self.taken[col] = true;
            }
        }
        out.cols.extend((0..cols).filter(|&col| !self.taken[col]));
    }

    /// The optimal assignment of the whole matrix: min(rows, columns) pairs by row.
    pub fn assign_all(&mut self, costs: &Costs, pairs: &mut Vec<(usize, usize)>) {
        pairs.clear();
        let (rows, cols) = (costs.rows, costs.cols);
        if rows == 0 || cols == 0 {
            return;
        }
        if rows <= cols {
            self.lap.solve(rows, cols, &costs.data, false);
            pairs.extend(self.lap.col_of_row.iter().copied().enumerate());
        } else {
            self.part.clear();
            for col in 0..cols {
                self.part.extend((0..rows).map(|row| costs.at(row, col)));
            }
            self.lap.solve(cols, rows, &self.part, false);
            pairs.extend(self.lap.col_of_row.iter().enumerate().map(|(col, &row)| (row, col)));
            pairs.sort_unstable();
        }
        pairs.retain(|&(row, col)| row != NONE && col != NONE);
    }

    /// Links rows (0..rows) and columns (rows..) by affordable pairs. Afterwards a group's nodes
    /// are chained through `next` from the row that is its own parent.
    fn group(&mut self, costs: &Costs, limit: f64) {
        let (rows, cols) = (costs.rows, costs.cols);
        self.parent.clear();
        self.parent.extend(0..rows + cols);
        for row in 0..rows {
            let line = &costs.data[row * cols..(row + 1) * cols];
            for (col, &cost) in line.iter().enumerate() {
                if cost < limit {
                    let (a, b) = (self.root(row), self.root(rows + col));
                    // The smaller node leads, so every group with a row is led by a row.
                    self.parent[a.max(b)] = a.min(b);
                }
            }
        }
        self.next.clear();
        self.next.resize(rows + cols, NONE);
        // From the back, each node is put right behind its leader: chains ascend.
        for node in (0..rows + cols).rev() {
            let root = self.root(node);
            if root != node {
                self.next[node] = self.next[root];
                self.next[root] = node;
            }
        }
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    fn solve_part(&mut self, costs: &Costs, limit: f64) {
        let (part_rows, part_cols) = (&self.part_rows, &self.part_cols);
        if let ([row], [col]) = (&part_rows[..], &part_cols[..]) {
            self.col_of[*row] = *col;
            return;
        }
        let clamped = |row: usize, col: usize| costs.at(row, col).min(limit);
        self.part.clear();
        if part_rows.len() <= part_cols.len() {
            for &row in part_rows {
                self.part.extend(part_cols.iter().map(|&col| clamped(row, col)));
            }
            self.lap.solve(part_rows.len(), part_cols.len(), &self.part, true);
            for (&row, &col) in part_rows.iter().zip(&self.lap.col_of_row) {
                if col != NONE && costs.at(row, part_cols[col]) < limit {
                    self.col_of[row] = part_cols[col];
                }
            }
        } else {
            for &col in part_cols {
                self.part.extend(part_rows.iter().map(|&row| clamped(row, col)));
            }
            self.lap.solve(part_cols.len(), part_rows.len(), &self.part, true);
            for (&col, &row) in part_cols.iter().zip(&self.lap.col_of_row) {
                if row != NONE && costs.at(part_rows[row], col) < limit {
                    self.col_of[part_rows[row]] = col;
                }
            }
        }
    }
}

/// The linear assignment problem for no more rows than columns.
#[derive(Clone, Debug, Default)]
struct Lap {
    row_dual: Vec<f64>,
    col_dual: Vec<f64>,
    distance: Vec<f64>,
    /// The row from which a column was reached.
    from_row: Vec<usize>,
    col_of_row: Vec<usize>,
    row_of_col: Vec<usize>,
    row_seen: Vec<bool>,
    col_seen: Vec<bool>,
    open: Vec<usize>,
}

impl Lap {
    /// Fills `col_of_row`. A row that can reach no column at a finite cost stays [`NONE`].
    ///
    /// `head_start`: rows whose cheapest column is still free take it first. The result is as
    /// good and found sooner; among equally good ones it may be another.
    fn solve(&mut self, rows: usize, cols: usize, cost: &[f64], head_start: bool) {
        debug_assert!(rows <= cols && cost.len() == rows * cols);
        fn reset<T: Clone>(list: &mut Vec<T>, len: usize, value: T) {
            list.clear();
            list.resize(len, value);
        }
        reset(&mut self.row_dual, rows, 0.0);
        reset(&mut self.col_dual, cols, 0.0);
        reset(&mut self.from_row, cols, NONE);
        reset(&mut self.col_of_row, rows, NONE);
        reset(&mut self.row_of_col, cols, NONE);
        if head_start {
            self.take_cheapest(rows, cols, cost);
        }
        for start in 0..rows {
            if self.col_of_row[start] != NONE {
                continue;
            }
            reset(&mut self.distance, cols, f64::INFINITY);
            reset(&mut self.row_seen, rows, false);
            reset(&mut self.col_seen, cols, false);
            if let Some((sink, total)) = self.shortest_path(start, cols, cost) {
                self.raise_duals(start, total);
                self.augment(start, sink);
            }
        }
    }

    /// Makes each row's least cost its dual, so that no reduced cost is negative, and joins each
    /// row with the column of that cost while it is free: the start that optimality allows.
    fn take_cheapest(&mut self, rows: usize, cols: usize, cost: &[f64]) {
        for row in 0..rows {
            let line = &cost[row * cols..(row + 1) * cols];
            let (mut best, mut least) = (NONE, f64::INFINITY);
            for (col, &cost) in line.iter().enumerate() {
                if cost < least {
                    (best, least) = (col, cost);
                }
            }
            if best != NONE {
                self.row_dual[row] = least;
                if self.row_of_col[best] == NONE {
                    self.row_of_col[best] = row;
                    self.col_of_row[row] = best;
                }
            }
        }
    }

    /// Dijkstra over reduced costs from row `start` to a free column; that column and its distance.
    fn shortest_path(&mut self, start: usize, cols: usize, cost: &[f64]) -> Option<(usize, f64)> {
        self.open.clear();
        // In reverse, so that a matrix of equal costs is solved by the identity.
        self.open.extend((0..cols).rev());
        let (mut row, mut reached) = (start, 0.0);
        loop {
            self.row_seen[row] = true;
            let line = &cost[row * cols..(row + 1) * cols];
            let (mut best, mut lowest) = (NONE, f64::INFINITY);
            for (place, &col) in self.open.iter().enumerate() {
                let through = reached + line[col] - self.row_dual[row] - self.col_dual[col];
                if through < self.distance[col] {
                    self.distance[col] = through;
                    self.from_row[col] = row;
                }
                let distance = self.distance[col];
                if distance < lowest || (distance == lowest && self.row_of_col[col] == NONE) {
                    lowest = distance;
                    best = place;
                }
            }
            if lowest == f64::INFINITY {
                return None;
            }
            reached = lowest;
            let col = self.open.swap_remove(best);
            self.col_seen[col] = true;
            match self.row_of_col[col] {
                NONE => return Some((col, reached)),
                owner => row = owner,
            }
        }
    }

    fn raise_duals(&mut self, start: usize, total: f64) {
        self.row_dual[start] += total;
        for row in 0..self.row_seen.len() {
            if self.row_seen[row] && row != start {
                self.row_dual[row] += total - self.distance[self.col_of_row[row]];
            }
        }
        for col in 0..self.col_seen.len() {
            if self.col_seen[col] {
                self.col_dual[col] -= total - self.distance[col];
            }
        }
    }

    fn augment(&mut self, start: usize, sink: usize) {
        let mut col = sink;
        loop {
            let row = self.from_row[col];
            self.row_of_col[col] = row;
            std::mem::swap(&mut self.col_of_row[row], &mut col);
            if row == start {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The largest saving over all ways to pair rows with columns, by trying them all.
    fn best_saving(costs: &Costs, limit: f64, row: usize, taken: &mut Vec<bool>) -> f64 {
        if row == costs.rows() {
            return 0.0;
        }
        let mut best = best_saving(costs, limit, row + 1, taken);
        for col in 0..costs.cols() {
            if !taken[col] && costs.at(row, col) < limit {
                taken[col] = true;
                let rest = best_saving(costs, limit, row + 1, taken);
                best = best.max(limit - costs.at(row, col) + rest);
                taken[col] = false;
            }
        }
        best
    }

    fn matrix(rows: usize, cols: usize, values: &[f64]) -> Costs {
        let mut costs = Costs::default();
        costs.fill(rows, cols, |row, col| values[row * cols + col]);
        costs
    }

    proptest! {
        #[test]
        fn saves_as_much_as_brute_force(
            rows in 0..6_usize,
            cols in 0..6_usize,
            limit in 0.1..1.1,
            // Steps of a sixteenth, so that ties and costs at the limit are common.
            values in prop::collection::vec((0..20_u32).prop_map(|v| f64::from(v) / 16.0), 36),
        ) {
            let costs = matrix(rows, cols, &values);
            let mut out = Assigned::default();
            let mut solver = Solver::default();
            solver.assign_below(&costs, limit, &mut out);
            let saved: f64 = out.pairs.iter().map(|&(r, c)| limit - costs.at(r, c)).sum();
            let best = best_saving(&costs, limit, 0, &mut vec![false; cols]);
            prop_assert!((saved - best).abs() < 1e-9, "{saved} of {best}");
            prop_assert!(out.pairs.iter().all(|&(r, c)| costs.at(r, c) < limit));
            prop_assert_eq!(out.pairs.len() + out.rows.len(), rows);
            prop_assert_eq!(out.pairs.len() + out.cols.len(), cols);

            let mut all = Vec::new();
            solver.assign_all(&costs, &mut all);
            prop_assert_eq!(all.len(), rows.min(cols));
            let total: f64 = all.iter().map(|&(r, c)| costs.at(r, c)).sum();
            // With a limit far above every cost, saving most is costing least.
            let least = 100.0 * all.len() as f64
                - best_saving(&costs, 100.0, 0, &mut vec![false; cols]);
            prop_assert!((total - least).abs() < 1e-9, "{total} against {least}");
        }
    }

    #[test]
    fn clamps_before_it_assigns() {
        // Cheapest in total without a limit: (0,1) + (1,0) = 1.0. With costs clamped to 0.8, the
        // pair (0,0) alone saves more than the two together.
        let costs = matrix(2, 2, &[0.1, 0.5, 0.5, 2.0]);
        let mut out = Assigned::default();
        Solver::default().assign_below(&costs, 0.8, &mut out);
        assert_eq!(out.pairs, [(0, 0)]);
        assert_eq!((out.rows, out.cols), (vec![1], vec![1]));
    }

    #[test]
    fn equal_costs_give_the_identity() {
        let mut pairs = Vec::new();
        Solver::default().assign_all(&matrix(3, 4, &[7.0; 12]), &mut pairs);
        assert_eq!(pairs, [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn unaffordable_and_absurd_costs_leave_everyone_alone() {
        let mut out = Assigned::default();
        let mut solver = Solver::default();
        for bad in [f64::NAN, f64::INFINITY, 0.8] {
            let costs = matrix(2, 2, &[bad; 4]);
            solver.assign_below(&costs, 0.8, &mut out);
            assert!(out.pairs.is_empty() && out.rows == [0, 1] && out.cols == [0, 1], "{bad}");
        }
        let mut pairs = Vec::new();
        solver.assign_all(&matrix(1, 2, &[f64::INFINITY; 2]), &mut pairs);
        assert!(pairs.is_empty());
    }
}
