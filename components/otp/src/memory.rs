//! The component's heap: a piece of its initial memory, and more where that is full.
//!
//! A fresh instance pays for each page that it touches and for each time that its memory grows; the standard
//! library's allocator grows it at the first allocation. So the heap begins with what a request and the usual policies
//! fill. It is small, since a runtime may keep all of an instance's memory for the next one (Spin does, up to 2 MiB).
//! Beyond it the memory grows, as far as the host lets it: policies with long lists need more.

use std::alloc::Layout;
use std::arch::wasm32::memory_grow;
use std::mem::MaybeUninit;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// Bytes of the heap at the beginning: a request takes a few thousand, a policy a few hundred for as long as the
/// instance lives.
const BYTES: usize = 96 * 1024;

const PAGE_BYTES: usize = 64 * 1024;

/// The fewest pages by which the memory grows.
const LEAST_PAGES: usize = 2;

static mut BEGINNING: [MaybeUninit<u8>; BYTES] = [MaybeUninit::uninit(); BYTES];

#[global_allocator]
static HEAP: TalcSyncCell<Heap, WasmBinning> = TalcSyncCell::new_wasm(Heap { has_begun: false });

/// Where the allocator gets memory from.
#[derive(Debug)]
struct Heap {
    has_begun: bool,
}

// SAFETY: it allocates nothing, and every piece that it hands over is handed over once: the beginning, which has no other
// name, and pages that the memory has just grown by.
#[expect(unsafe_code, reason = "the allocator has to be told which memory is its own")]
unsafe impl Source for Heap {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if !std::mem::replace(&mut talc.source.has_begun, true) {
            // SAFETY: as above.
            return unsafe { talc.claim((&raw mut BEGINNING).cast(), BYTES) }.map(drop).ok_or(());
        }
        // Twice what is wanted has room for the allocator's own words, whatever the alignment.
        let bytes = layout.size().checked_add(layout.align()).ok_or(())?.saturating_mul(2);
        let pages = bytes.div_ceil(PAGE_BYTES).max(LEAST_PAGES);
        let before = memory_grow::<0>(pages);
        let begin = before.checked_mul(PAGE_BYTES).filter(|_| before != usize::MAX).ok_or(())?;
        // SAFETY: as above.
        unsafe { talc.claim(begin as *mut u8, pages * PAGE_BYTES) }.map(drop).ok_or(())
    }
}
