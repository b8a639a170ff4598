//! The native host of `countersign.wasm`.

pub mod bindings;
pub mod census;
pub mod cli;
pub mod config;
pub mod engine;
pub mod findings;
pub mod fingerprint;
pub mod health;
pub mod senders;
pub mod serve;
pub mod server;
pub mod stores;
pub mod telemetry;
mod tls;
