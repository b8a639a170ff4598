//! What one instance of the component holds, and what all of them share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed_hosts::AllowedHosts;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::incoming::Incoming;
use crate::keyvalue::Store;
use crate::outbound_http::OutboundHttp;

/// What the instances of one stand-in share.
pub(crate) struct App {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) stores: BTreeMap<String, Store>,
    pub(crate) allowed_stores: BTreeSet<String>,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) outbound_http: OutboundHttp,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// The guest's output goes nowhere.
    pub(crate) quiet: bool,
    /// The stand-in is about to end: instances that die now concern no test.
    pub(crate) ending: Arc<AtomicBool>,
}

/// What one instance holds.
pub(crate) struct State {
    pub(crate) app: Arc<App>,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound_http: OutboundHttp,
    incoming: Incoming,
}

impl State {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.wall_clock(app.clock.clone());
        if !app.quiet {
            // Spin too writes both to standard error.
            wasi.stdout(std::io::stderr()).stderr(std::io::stderr());
        }
        Self {
            app: Arc::clone(app),
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound_http: app.outbound_http.clone(),
            incoming: Incoming,
        }
    }

    /// What requests come in through, and responses go out.
    pub(crate) fn incoming(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.incoming, table: &mut self.table, ctx: &mut self.http }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound_http,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
