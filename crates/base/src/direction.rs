//! Which way over a line.

/// Which way a line was crossed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// To the side that counts as in.
    In,
    /// Away from it.
    Out,
}
