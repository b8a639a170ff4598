//! Instances of the component: bounded in number, memory and time, used again and again, dropped when one fails.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_http_api::otp::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline,
};

use super::Capabilities;
use super::state::State;
use crate::bindings::exports::countersign::otp::otp;
use crate::bindings::{self, EnginePre};
use crate::config::{EngineSettings, Isolation};

/// How often the guest's clock ticks.
const TICK: Duration = Duration::from_millis(10);
/// Ticks that the guest may compute without calling the host: half a second, where it needs microseconds.
const COMPUTE_TICKS: u64 = 50;
/// How long a call waits for an instance before it is turned away.
const WAIT_FOR_INSTANCE: Duration = Duration::from_secs(1);
/// Bytes of an instance's memory that stay mapped between two calls: all that the rules touch.
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
    component: EnginePre<State>,
    capabilities: Arc<Capabilities>,
    memory_bytes: usize,
    calls_per_instance: u32,
    isolation: Isolation,
    pub(super) call_deadline: Duration,
    /// Instances that nobody uses: the last one used is the first to be used again.
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
        let mut linker = Linker::<State>::new(&engine);
        bindings::Engine::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        Ok(Self {
            component: EnginePre::new(linker.instantiate_pre(component)?)?,
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

    /// Takes an instance, an idle one if there is one.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Taken, Failure> {
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
        let state = State::new(Arc::clone(&self.capabilities), self.memory_bytes);
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
        match self.component.instantiate_async(&mut store).await {
            Ok(engine) => Ok(Warm { store, engine, calls: 0 }),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the component can't be instantiated"
                );
                Err(Failure::Internal)
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Warm>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance and its memory.
struct Warm {
    store: Store<State>,
    engine: bindings::Engine,
    calls: u32,
}

/// Waits for a call of the component no longer than it may take.
pub(super) async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let late =
        |_| Err(wasmtime::Error::msg("the call took longer than engine.call_deadline_seconds"));
    tokio::time::timeout(deadline, call).await.unwrap_or_else(late)
}

/// An instance in use. Dropped without being settled, it is thrown away.
pub(super) struct Taken {
    pool: Arc<Pool>,
    warm: Warm,
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    /// The component's functions and the store to call them with.
    pub(super) fn parts(&mut self) -> (&otp::Guest, &mut Store<State>) {
        (self.warm.engine.countersign_otp_otp(), &mut self.warm.store)
    }

    /// Reads a call's answer, and gives the instance back where it may be used again.
    pub(super) fn settle<T>(
        mut self,
        answer: wasmtime::Result<Result<T, otp::Error>>,
    ) -> Result<T, Failure> {
        match answer {
            Ok(answer) => {
                self.warm.calls = self.warm.calls.saturating_add(1);
                if self.pool.isolation == Isolation::Pooled
                    && self.warm.calls < self.pool.calls_per_instance
                {
                    let Self { pool, warm, _permit } = self;
                    pool.idle().push(warm);
                }
                answer.map_err(|error| Failure::Refused(error.into()))
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
