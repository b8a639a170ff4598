//! wasmtime, set up as Spin sets it up, and the interfaces that a component finds there.

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::Offered;
use crate::state::State;

/// Bytes of a memory that stay mapped when its instance ends, as Spin has it.
const RESIDENT_BYTES: usize = 2 << 20;

/// Spin's pool: so many instances, or as many memories, whichever is used up first. A composition has a memory
/// for each of its parts, so of three parts a third as many may live.
pub(crate) fn engine(max_instances: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(max_instances)
        .total_memories(max_instances)
        .total_tables(max_instances.saturating_mul(2))
        .total_stacks(max_instances)
        .total_core_instances(max_instances.saturating_mul(4))
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_tables_per_module(2)
        .max_memories_per_module(2)
        .max_memory_size(4 << 30)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .table_keep_resident(RESIDENT_BYTES / 4);
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// The component with all its imports satisfied.
///
/// # Errors
///
/// Where it imports what neither WASI nor Spin offers, or what only Spin does and not the stand-in.
pub(crate) fn link(component: &Component) -> wasmtime::Result<InstancePre<State>> {
    let mut linker = Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    Offered::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    linker.instantiate_pre(component)
}
