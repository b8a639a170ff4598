//! The front of the edge app, exported as `wasi:http/handler@0.3.0`: for Spin 4.1 or later and any other host of WASI 0.3.
//!
//! The runtime gives an instance several requests at once, and a call of the engine freezes the instance until it
//! returns. A provider may take seconds: so an instance says that it has its hands full while it works on a request that
//! may send ([`turns`]), and others go to the next one.

pub mod turns;

#[cfg(target_arch = "wasm32")]
mod component;
