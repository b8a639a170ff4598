//! The sender of the edge app as a WebAssembly component: the protocols of `countersign-providers` over outgoing HTTP.
//!
//! What is decided, `carry`, and what a failed call means, `failure`, build and are tested anywhere. The rest needs a
//! component host: the contract's types, the settings of this instance, and `wasi:http`.

pub mod carry;
pub mod failure;

#[cfg(target_arch = "wasm32")]
mod console;
#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod http_call;

#[cfg(target_arch = "wasm32")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "edge-sender", generate_all });
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use crate::{bindings, guest::Component};

    bindings::export!(Component with_types_in bindings);
}
