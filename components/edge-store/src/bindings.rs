//! Generated from `wit/`.

#[cfg(not(feature = "wasi"))]
wit_bindgen::generate!({ path: "../../wit", world: "edge-store", generate_all });
#[cfg(feature = "wasi")]
wit_bindgen::generate!({ path: "../../wit", world: "edge-store-wasi", generate_all });
