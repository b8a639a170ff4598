//! What `wit/` says, as Rust: made by wasmtime from the one copy of the contract.
#![expect(missing_docs, clippy::all, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "engine",
    imports: { default: async },
    exports: { default: async },
});
