//! An allocator that counts what the current thread asks of it.
//!
//! A test that uses this crate has it as its global allocator; nothing needs to be declared there.
#![allow(unsafe_code, reason = "an allocator that counts has to implement `GlobalAlloc`")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what the current thread allocates; tests run side by side.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends its counter is gone, and nobody reads it any more.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call is handed to `System` unchanged, which upholds the contract; the counter is a
// plain thread-local number that allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout, as given.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout, as given.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: `ptr` came from `System` by way of this allocator, with this layout.
        unsafe { System.realloc(ptr, layout, new_size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` came from `System` by way of this allocator, with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of the current thread so far.
pub fn so_far() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// Allocations of the current thread while `f` runs.
pub fn allocations(f: impl FnOnce()) -> u64 {
    let before = so_far();
    f();
    so_far() - before
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn the_counter_counts() {
        assert_eq!(allocations(|| ()), 0);
        assert_eq!(allocations(|| drop(black_box(vec![1_u8; 100]))), 1);
        assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1, "zeroed");
        let mut list: Vec<u8> = Vec::with_capacity(1);
        assert_eq!(allocations(|| black_box(&mut list).reserve_exact(1000)), 1, "grown");
    }
}
