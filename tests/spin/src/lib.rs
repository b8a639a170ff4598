//! A stand-in for Spin 4.1, for tests: one component, run as Spin runs it, with a clock, faults and a store that
//! tests hold in their hands.
//!
//! It exists because Spin takes most of an hour to build and can't be told to fail. What it shares with Spin:
//! wasmtime and its `wasi:http` machinery, so instances are used again and shared, and die, in the same way; the
//! command line, the manifest, the runtime configuration; the interfaces, and their quirks as far as they matter to us.
//! What it leaves out, it refuses. Compared with Spin 4.1.0-pre0 (94a8fc8a), the same requests to both, 36 of them: heads
//! of every sort (no or two hosts, absolute, too long, too many, folded, not ASCII, line feeds alone), bodies (chunked,
//! cut, two lengths, `expect`), methods, HTTP/1.0 and 2, a TLS client. All were answered alike but for these:
//!
//! | | Spin | here |
//! |---|---|---|
//! | `transfer-encoding` beside `content-length` | answers, and keeps the connection | answers, and closes it (a newer hyper) |
//! | a client that closes its own side behind its request | got no answer | got one |
//! | `/.well-known/spin/info` | name and version of the app | 404 |
//! | Redis as key-value store, after an outage | comes back after 60 to 120 s, requests wait | comes back at once |
//! | `wasi:keyvalue`: `set-many`, compare-and-swap | there are, the latter broken | refused |
//! | `get-many` of one key over Redis | takes it for a pattern of all keys | the same |
//! | `--request-timeout` and other options of `spin up` | there are | refused |
//! | TLS, log files, asynchronous interfaces of Spin's own | there are | there are none |
//! | `[variables]` from Vault, Azure, a file of `.env` | there are | `--variable` and `SPIN_VARIABLE_` only |
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
