//! The component's heap: a fixed piece of its initial memory, so that no instance begins by growing.
//!
//! A fresh instance pays for each page that it touches and for each time that its memory grows; the standard
//! library's allocator grows it at the first allocation. What no policy and no request can fill is reserved here
//! instead, and costs nothing until it is touched.

use std::mem::MaybeUninit;

use talc::wasm::{WasmArenaTalc, new_wasm_arena_allocator};

/// Bytes of the heap: a request takes a few thousand, a policy a few hundred for as long as the instance lives.
const BYTES: usize = 1024 * 1024;

#[global_allocator]
#[expect(unsafe_code, reason = "the allocator has to be told which memory is its own")]
static HEAP: WasmArenaTalc = {
    static mut ARENA: [MaybeUninit<u8>; BYTES] = [MaybeUninit::uninit(); BYTES];
    // SAFETY: nothing but the allocator can name the arena, which lives as long as the instance.
    unsafe { new_wasm_arena_allocator(&raw mut ARENA) }
};
