//! The HTTP front of the edge app but for its export: [`countersign_http_api`] over the imported engine.
//!
//! What exports it to a runtime is a crate of its own for each version of `wasi:http`: `edge-front-wasip3` and
//! `edge-front-wasip2`.

use countersign_heap as _;

pub mod address;
pub mod leftover;
pub mod lines;
pub mod patience;

#[cfg(target_arch = "wasm32")]
mod callbacks;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
pub mod service;
#[cfg(target_arch = "wasm32")]
pub mod upkeep;

#[cfg(target_arch = "wasm32")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "edge", generate_all });
}
