//! What Spin offers besides WASI, as Rust: made by wasmtime from the one copy of the interfaces in `wit/deps`.

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package countersign:stand-in;

        world offered {
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/atomics@0.2.0-draft2;
            import wasi:keyvalue/batch@0.2.0-draft2;
            import wasi:config/store@0.2.0-draft-2024-09-27;
            import fermyon:spin/redis@2.0.0;
        }
    ",
    world: "offered",
    imports: { default: async | trappable },
    trappable_error_type: {
        "wasi:keyvalue/store.error" => crate::keyvalue::Error,
        "fermyon:spin/redis.error" => crate::outbound_redis::Error,
    },
    with: {
        "wasi:keyvalue/store.bucket": crate::keyvalue::Bucket,
        "fermyon:spin/redis.connection": crate::outbound_redis::Connection,
    },
});
