//! The native host of `countersign.wasm`.

pub mod bindings;
pub mod config;
pub mod engine;
pub mod secret;
pub mod senders;
pub mod server;
pub mod stores;
pub mod telemetry;
