//! Instances of the component: bounded in number, memory and time, used again and again, dropped when one fails.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use countersign_contract::Translate;
use countersign_http_api::otp::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{
    Component, ComponentNamedList, HasSelf, Instance, InstancePre, Lift, Linker, Lower,
};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    UpdateDeadline,
};

use super::capabilities::Capabilities;
use super::exports::{Answer, Export, Exports};
use super::state::HostState;
use crate::bindings;
use crate::config::{EngineSettings, Isolation};

/// How often the guest's clock ticks.
const TICK: Duration = Duration::from_millis(10);
/// Ticks that the guest may compute without calling the host: half a second, where it needs microseconds.
const COMPUTE_TICKS: u64 = 50;
/// How long a call waits for an instance before it is turned away.
const WAIT_FOR_INSTANCE: Duration = Duration::from_secs(1);
/// Bytes of an instance's memory that stay mapped when it ends, for the next one: all that the rules write.
const RESIDENT_BYTES: usize = 64 * 1024;

/// wasmtime, set up for many small instances.
pub(super) fn engine(settings: &EngineSettings) -> wasmtime::Result<Engine> {
    let memory_bytes = memory_bytes(settings);
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_component_instances(settings.max_instances)
        .total_core_instances(settings.max_instances.saturating_mul(4))
        .total_memories(settings.max_instances)
        .total_tables(settings.max_instances.saturating_mul(2))
        .total_stacks(settings.max_instances)
        .max_memory_size(memory_bytes)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        // Where the kernel can tell which pages were written (Linux 6.7), only those are reset.
        .pagemap_scan(Enabled::Auto)
        .table_keep_resident(4 * 1024);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling))
        .epoch_interruption(true)
        .max_wasm_stack(256 * 1024)
        .async_stack_size(512 * 1024);
    Engine::new(&config)
}

fn memory_bytes(settings: &EngineSettings) -> usize {
    usize::try_from(settings.memory_mib).unwrap_or(usize::MAX).saturating_mul(1024 * 1024)
}

/// The instances.
pub(super) struct Pool {
    engine: Engine,
    component: InstancePre<HostState>,
    exports: Exports,
    /// Set once the exports are known to have the contract's types.
    checked: OnceLock<()>,
    capabilities: Arc<Capabilities>,
    memory_bytes: usize,
    calls_per_instance: u32,
    isolation: Isolation,
    call_deadline: Duration,
    /// Idle instances: the last one used is the first to be used again.
    idle: Mutex<Vec<Warm>>,
    free: Arc<Semaphore>,
    _ticker: Ticker,
}

impl Pool {
    pub(super) fn new(
        engine: Engine,
        component: &Component,
        settings: &EngineSettings,
        capabilities: Capabilities,
    ) -> wasmtime::Result<Self> {
        let mut linker = Linker::<HostState>::new(&engine);
        bindings::Engine::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
        Ok(Self {
            exports: Exports::find(component)?,
            component: linker.instantiate_pre(component)?,
            checked: OnceLock::new(),
            capabilities: Arc::new(capabilities),
            memory_bytes: memory_bytes(settings),
            calls_per_instance: settings.calls_per_instance,
            isolation: settings.isolation,
            call_deadline: settings.call_deadline(),
            idle: Mutex::default(),
            free: Arc::new(Semaphore::new(usize::try_from(settings.max_instances).unwrap_or(1))),
            _ticker: Ticker::start(&engine)?,
            engine,
        })
    }

    /// Calls a function of the component in an instance of its own for as long as that takes.
    pub(super) async fn call<P, T>(
        self: Arc<Self>,
        export: fn(&Exports) -> &Export<P, T>,
        arguments: P,
    ) -> Result<T, Failure>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        T: Lift + Send + Sync + 'static,
        (Answer<T>,): ComponentNamedList + Lift + Send + Sync,
    {
        let mut instance = self.take().await?;
        let answer = instance.call(export(&self.exports), arguments).await;
        instance.settle(answer)
    }

    /// Takes an instance, an idle one if there is one.
    async fn take(self: &Arc<Self>) -> Result<Taken, Failure> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait().await?,
        };
        let idle = self.idle().pop();
        let mut warm = match idle {
            Some(warm) => warm,
            None => self.instantiate().await?,
        };
        warm.store.data_mut().begin();
        warm.store.set_epoch_deadline(COMPUTE_TICKS);
        Ok(Taken { pool: Arc::clone(self), warm, _permit: permit })
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let waiting = Arc::clone(&self.free).acquire_owned();
        match tokio::time::timeout(WAIT_FOR_INSTANCE.min(self.call_deadline), waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Failure::Overloaded),
        }
    }

    async fn instantiate(&self) -> Result<Warm, Failure> {
        let state = HostState::new(Arc::clone(&self.capabilities), self.memory_bytes);
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(COMPUTE_TICKS);
        store.epoch_deadline_callback(|mut context| {
            if context.data_mut().take_waited() {
                Ok(UpdateDeadline::Continue(COMPUTE_TICKS))
            } else {
                Err(wasmtime::Error::msg("the guest computed for too long"))
            }
        });
        match self.instantiate_checked(&mut store).await {
            Ok(instance) => Ok(Warm { store, instance, calls: 0 }),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the component can't be instantiated"
                );
                Err(Failure::Internal)
            }
        }
    }

    async fn instantiate_checked(
        &self,
        store: &mut Store<HostState>,
    ) -> wasmtime::Result<Instance> {
        let instance = self.component.instantiate_async(&mut *store).await?;
        if self.checked.get().is_none() {
            self.exports.check(store, instance)?;
            let _ = self.checked.set(());
        }
        Ok(instance)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Warm>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance and its memory.
struct Warm {
    store: Store<HostState>,
    instance: Instance,
    calls: u32,
}

/// An instance in use. Dropped without being settled, it is thrown away.
struct Taken {
    pool: Arc<Pool>,
    warm: Warm,
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    async fn call<P, T>(
        &mut self,
        export: &Export<P, T>,
        arguments: P,
    ) -> wasmtime::Result<Answer<T>>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        T: Lift + Send + Sync + 'static,
        (Answer<T>,): ComponentNamedList + Lift + Send + Sync,
    {
        let function = export.of(&mut self.warm.store, self.warm.instance)?;
        let call = function.call_async(&mut self.warm.store, arguments);
        match tokio::time::timeout(self.pool.call_deadline, call).await {
            Ok(answer) => answer.map(|(answer,)| answer),
            Err(_) => {
                let late = "the call took longer than engine.call_deadline_seconds";
                Err(wasmtime::Error::msg(late))
            }
        }
    }

    /// Reads a call's answer, and gives the instance back where it may be used again.
    fn settle<T>(mut self, answer: wasmtime::Result<Answer<T>>) -> Result<T, Failure> {
        match answer {
            Ok(answer) => {
                self.warm.calls = self.warm.calls.saturating_add(1);
                if self.pool.isolation == Isolation::Pooled
                    && self.warm.calls < self.pool.calls_per_instance
                {
                    let Self { pool, warm, _permit } = self;
                    pool.idle().push(warm);
                }
                answer.map_err(|error| Failure::Refused(error.translate()))
            }
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a call trapped; its instance is dropped"
                );
                Err(Failure::Internal)
            }
        }
    }
}

/// The guest's clock: a thread of its own, so that it ticks also while guests keep every worker busy.
struct Ticker {
    /// The thread ends when this is dropped.
    _alive: Sender<()>,
}

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let (alive, gone) = channel();
        let engine = engine.clone();
        std::thread::Builder::new().name("guest-clock".into()).spawn(move || {
            while gone.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        })?;
        Ok(Self { _alive: alive })
    }
}
