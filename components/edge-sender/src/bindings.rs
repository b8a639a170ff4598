//! Generated from `wit/`.

wit_bindgen::generate!({ path: "../../wit", world: "edge-sender", generate_all });
