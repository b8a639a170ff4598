//! The sender of the edge app as a WebAssembly component: the protocols of `countersign-providers` over outgoing HTTP.
//!
//! All of it needs a component host: the contract's types, the settings of this instance, and `wasi:http`.

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod console;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
mod http_call;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod reports;

#[cfg(target_arch = "wasm32")]
mod words {
    //! The contract's words, in those of the bindings.

    countersign_contract::types!(crate::bindings::countersign::otp::types);
    countersign_contract::sender!(crate::bindings::exports::countersign::otp::sender);
    countersign_contract::callbacks!(crate::bindings::exports::countersign::otp::callbacks);
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use crate::{bindings, guest::Component};

    bindings::export!(Component with_types_in bindings);
}
