//! A stand-in for Spin 4.1, for tests: one component, run as Spin runs it, with a clock, faults and a store that
//! tests hold in their hands.
//!
//! It exists because Spin takes most of an hour to build and can't be told to fail. What it shares with Spin:
//! wasmtime and its `wasi:http` machinery, so instances are used again and shared, and die, in the same way; the
//! command line, the manifest, the runtime configuration; the interfaces, and their quirks as far as they matter to us.
//! What it leaves out, it refuses. Known differences: no TLS, no log files, no `set-many` and no compare-and-swap in
//! `wasi:keyvalue`, no asynchronous interfaces of Spin's own, and its Redis store comes back at once after an outage.
//!
//! ```no_run
//! # async fn example() -> Result<(), countersign_spin::StartError> {
//! use countersign_spin::{Fault, Operation, Spin};
//!
//! let spin = Spin::component_file("app.wasm")?.variable("purpose", "login").start().await?;
//! spin.faults().add(Fault::error("database is locked").on(Operation::Increment).times(1));
//! println!("http://{}", spin.address());
//! # Ok(())
//! # }
//! ```

mod allowed_hosts;
mod bindings;
mod clock;
mod engine;
mod error;
mod faults;
mod headers;
mod incoming;
mod instances;
mod keyvalue;
mod manifest;
mod native_code;
mod outbound_http;
mod outbound_redis;
mod routes;
mod running;
mod runtime_config;
mod server;
mod settings;
mod spin;
mod state;
mod variables;

pub use clock::Clock;
pub use error::StartError;
pub use faults::{Fault, Faults, Operation};
pub use keyvalue::{Failure, Store, StoreHandle};
pub use running::Running;
pub use spin::Spin;
