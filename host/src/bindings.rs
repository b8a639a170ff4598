//! What `wit/` says, as Rust: made by wasmtime from the one copy of the contract.
#![expect(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "engine",
    imports: {
        "countersign:otp/sender.send": async,
        "countersign:otp/store.run": async,
        "wasi:random/random.get-random-bytes": trappable,
        "wasi:random/random.get-random-u64": trappable,
    },
    exports: { default: async },
});

countersign_contract::types!(self::countersign::otp::types);
countersign_contract::settings!(self::countersign::otp::settings);
countersign_contract::store!(self::countersign::otp::store);
countersign_contract::sender!(self::countersign::otp::sender);
countersign_contract::otp!(self::exports::countersign::otp::otp);
