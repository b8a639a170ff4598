//! The front of the edge app, exported as `wasi:http/incoming-handler@0.2`: for Spin 4.0, `wasmtime serve`, wasmCloud and
//! any other host of WASI 0.2.
//!
//! Every call is synchronous here: an instance works on one request, from its head to what is left to do behind the
//! answer, and most hosts make a new instance for the next one. So nothing but the body has to be waited for, and it
//! waits by itself (`body`).

#[cfg(target_arch = "wasm32")]
mod body;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod patience;
#[cfg(target_arch = "wasm32")]
mod request;
#[cfg(target_arch = "wasm32")]
mod response;

#[cfg(target_arch = "wasm32")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "edge-front-wasip2", generate_all });
}
