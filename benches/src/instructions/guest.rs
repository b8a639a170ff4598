//! The component with fuel: wasmtime takes one unit for each instruction of the guest, but for those that only mark
//! blocks. The store, the sender, the clock and the randomness are the same in every run, and so is what is spent.

mod imports;
mod otp;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use countersign::bindings::exports::countersign::otp::otp::Error;
use countersign::bindings::{Engine as Bound, EnginePre};
use countersign::config::Isolation;
use countersign_contract::Translate;
use countersign_http_api::otp::Failure;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};

use self::imports::{Imports, Shared};
use super::column::Column;
use super::script::{self, Meter};
use super::table::Cell;
use super::verb::Verb;
use crate::setting::{Purpose, Recipients};

/// More than any call spends.
const TANK: u64 = u64::MAX / 2;
/// Calls of each verb, of which the mean is taken: what differs is a digit of a number, or the place of a free block.
const CALLS: usize = 50;

/// Counts every verb, with each policy, in instances that are used again and in new ones.
pub(super) fn count(runtime: &Runtime, component: &[u8]) -> Result<Vec<Cell>> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config)?;
    let component = Component::new(&engine, component)?;
    let mut cells = Vec::new();
    for (isolation, columns) in [
        (Isolation::Pooled, [Column::GuestPlain, Column::GuestLimited]),
        (Isolation::Fresh, [Column::NewPlain, Column::NewLimited]),
    ] {
        for (purpose, column) in Purpose::ALL.into_iter().zip(columns) {
            let guest = Guest::new(&engine, &component, isolation)?;
            let outbox = guest.0.shared.outbox.clone();
            let mut recipients = Recipients::new();
            let mut play = |meter: &mut Gauge<'_>| {
                script::play(&guest, &outbox, purpose, &mut recipients, CALLS, meter)
            };
            let mut gauge = Gauge { runtime, guest: &guest, column, cells: Vec::new() };
            play(&mut gauge)?;
            // The first time warms the shared instance up.
            gauge.cells.clear();
            play(&mut gauge)?;
            cells.append(&mut gauge.cells);
        }
    }
    Ok(cells)
}

/// Reads what a guest has spent.
struct Gauge<'a> {
    runtime: &'a Runtime,
    guest: &'a Guest,
    column: Column,
    cells: Vec<Cell>,
}

impl Meter for Gauge<'_> {
    fn count<T>(&mut self, verb: Verb, calls: impl Future<Output = Result<T>>) -> Result<T> {
        let spent = &self.guest.0.spent;
        spent.store(0, Ordering::Relaxed);
        let answer = self.runtime.block_on(calls)?;
        let each = spent.load(Ordering::Relaxed) / CALLS as u64;
        self.cells.push(Cell { row: verb, column: self.column, count: each });
        Ok(answer)
    }

    fn run<T>(&mut self, calls: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(calls)
    }
}

/// The component, and what its calls have spent.
#[derive(Clone)]
struct Guest(Arc<Inner>);

struct Inner {
    engine: Engine,
    component: EnginePre<Imports>,
    isolation: Isolation,
    shared: Arc<Shared>,
    warm: Mutex<Option<Instance>>,
    spent: AtomicU64,
}

/// One instance.
struct Instance {
    store: Store<Imports>,
    exports: Bound,
}

impl Guest {
    fn new(engine: &Engine, component: &Component, isolation: Isolation) -> Result<Self> {
        let mut linker = Linker::<Imports>::new(engine);
        Bound::add_to_linker::<_, HasSelf<Imports>>(&mut linker, |imports| imports)?;
        Ok(Self(Arc::new(Inner {
            engine: engine.clone(),
            component: EnginePre::new(linker.instantiate_pre(component)?)?,
            isolation,
            shared: Arc::default(),
            warm: Mutex::default(),
            spent: AtomicU64::new(0),
        })))
    }

    /// An instance with a full tank: the last one, or a new one, which pays for its beginning.
    async fn take(&self) -> Result<Instance, Failure> {
        let warm = self.0.warm.lock().unwrap_or_else(PoisonError::into_inner).take();
        let instance = match warm {
            Some(mut instance) => instance.store.set_fuel(TANK).map(|()| instance),
            None => self.instantiate().await,
        };
        instance.map_err(|_| Failure::Internal)
    }

    async fn instantiate(&self) -> wasmtime::Result<Instance> {
        let mut store = Store::new(&self.0.engine, Imports(Arc::clone(&self.0.shared)));
        store.set_fuel(TANK)?;
        let exports = self.0.component.instantiate_async(&mut store).await?;
        Ok(Instance { store, exports })
    }

    /// Notes what a call has spent, and reads its answer.
    fn settle<T: Translate<U>, U>(
        &self,
        instance: Instance,
        answer: wasmtime::Result<Result<T, Error>>,
    ) -> Result<U, Failure> {
        let left = instance.store.get_fuel().map_err(|_| Failure::Internal)?;
        self.0.spent.fetch_add(TANK - left, Ordering::Relaxed);
        if self.0.isolation == Isolation::Pooled {
            *self.0.warm.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance);
        }
        match answer {
            Ok(Ok(answer)) => Ok(answer.translate()),
            Ok(Err(error)) => Err(Failure::Refused(error.translate())),
            Err(_) => Err(Failure::Internal),
        }
    }
}
