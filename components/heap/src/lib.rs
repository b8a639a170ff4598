//! The heap of the edge app's own components, the same as the engine's. A component that names this crate allocates
//! from it.
//!
//! The engine has the same file as a module: its bytes, which the native host runs too, are the same as without this crate.

#[cfg(target_arch = "wasm32")]
#[path = "../../otp/src/memory.rs"]
mod memory;
