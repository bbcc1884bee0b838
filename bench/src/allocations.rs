//! Counts allocations of the whole program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static TAKEN: AtomicU64 = AtomicU64::new(0);
static GIVEN_BACK: AtomicU64 = AtomicU64::new(0);

fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

/// The system's allocator, with counters.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: each method passes its arguments on to the system's allocator unchanged, so its contract holds as it stands.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&TAKEN, layout.size());
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(&GIVEN_BACK, layout.size());
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(&COUNT, 1);
        add(&TAKEN, size);
        add(&GIVEN_BACK, layout.size());
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often `work` asks for memory.
pub(crate) fn count(work: impl FnOnce()) -> u64 {
    let before = COUNT.load(Ordering::Relaxed);
    work();
    COUNT.load(Ordering::Relaxed) - before
}

/// How many bytes are in use.
pub(crate) fn bytes_in_use() -> u64 {
    TAKEN.load(Ordering::Relaxed) - GIVEN_BACK.load(Ordering::Relaxed)
}
