//! Instances of the component: used for several requests, several at once, and dropped when one of them fails. Where it
//! exports `wasi:http` 0.2, each serves one request.
//! The machinery is the very one that Spin uses for 0.3; here are its parameters.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::{GuestTaskId, InstancePre};
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p2::bindings::ProxyPre as IncomingHandlerPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::state::{App, State};

/// How long an instance may live and how much it may do; by default, as Spin's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reuse {
    pub(crate) requests: usize,
    pub(crate) requests_at_once: usize,
    pub(crate) idle: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { requests: 128, requests_at_once: 16, idle: Duration::from_secs(1) }
    }
}

/// What makes instances.
pub(crate) struct Instances {
    app: Arc<App>,
    component: ProxyPre<State>,
    reuse: Reuse,
}

impl Instances {
    /// Those of a component of either version.
    ///
    /// # Errors
    /// Where it exports neither.
    pub(crate) fn new(
        app: Arc<App>,
        component: InstancePre<State>,
        reuse: Reuse,
    ) -> wasmtime::Result<Self> {
        Ok(match ServicePre::new(component.clone()) {
            Ok(service) => Self { app, component: ProxyPre::P3(service), reuse },
            Err(_) => Self {
                app,
                component: ProxyPre::P2(IncomingHandlerPre::new(component)?),
                reuse: Reuse { requests: 1, requests_at_once: 1, ..reuse },
            },
        })
    }
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Reuse;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Reuse>> {
        let engine = match &self.component {
            ProxyPre::P2(component) => component.engine(),
            ProxyPre::P3(component) => component.engine(),
        };
        let mut store = Store::new(engine, State::new(&self.app));
        let proxy = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy,
            view: State::incoming,
            expiration: Expiration {
                idle: self.reuse.idle,
                sleep: Box::pin(tokio::time::sleep(self.reuse.idle)),
            },
            state: self.reuse,
        })
    }
}

impl WorkerState for Reuse {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, at_once: usize, so_far: usize) -> ShouldAccept {
        if so_far >= self.requests {
            ShouldAccept::Never
        } else if at_once >= self.requests_at_once {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _store: StoreContextMut<'_, State>,
        (): (),
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync + 'static>> {
        // Spin gives a request all the time it wants.
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        let ending = store.data().app.ending.load(Ordering::Relaxed);
        if let Err(error) = result
            && !ending
        {
            eprintln!("worker failed: {error:?}");
        }
    }
}

/// When an unused instance ends.
pub(crate) struct Expiration {
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let end = since.checked_add(self.idle).filter(|_| status == WorkerStatus::Idle);
        let Some(end) = end else { return Poll::Pending };
        let end = end.into();
        if self.sleep.deadline() != end {
            self.sleep.as_mut().reset(end);
        }
        self.sleep.as_mut().poll(context)
    }
}
