//! Generated from `wit/`.

wit_bindgen::generate!({ path: "../../wit", world: "engine", generate_all });
