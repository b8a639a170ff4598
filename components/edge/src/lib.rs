//! The HTTP front of the edge app: [`countersign_http_api`] over the imported engine, exported as
//! `wasi:http/handler` for Spin 4.1 or later and any other host of WASI 0.3.
//!
//! The runtime gives an instance several requests at once, and a call of the engine freezes the instance until it
//! returns. A provider may take seconds: so an instance says that it has its hands full while it works on a request that
//! may send ([`turns`]), and others go to the next one.

pub mod address;
pub mod leftover;
pub mod lines;
pub mod patience;
pub mod turns;

#[cfg(target_arch = "wasm32")]
mod callbacks;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod service;
#[cfg(target_arch = "wasm32")]
mod upkeep;

#[cfg(target_arch = "wasm32")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit",
        world: "edge",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}
