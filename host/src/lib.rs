//! The native host of `countersign.wasm`.

pub mod bindings;
pub mod config;
pub mod secret;
pub mod stores;
