//! The native host of `countersign.wasm`.

pub mod bindings;
pub mod stores;
