//! One server under test, as the host runs it; only who answers differs.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use countersign::config::{Isolation, ServerSettings};
use countersign::server::Server;
use countersign::stores::{self, StoreSettings};
use countersign_http_api::callbacks::NoCallbacks;
use countersign_http_api::health::{Health, Readiness};
use countersign_http_api::keys::ApiKeys;
use countersign_http_api::router;
use tokio::io::AsyncReadExt;

use crate::affinity;
use crate::engines::constant::Constant;
use crate::engines::{NoSender, Variant, component, native};

/// Serves until standard input ends. Says its address in the first line of standard output.
pub(crate) fn run(variant: Variant, store: &str) -> Result<()> {
    affinity::pin_to_first_of_machine()?;
    // As the host's own: as many workers as there are CPUs to use.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(variant, store))
}

async fn serve(variant: Variant, store: &str) -> Result<()> {
    let settings: StoreSettings = serde_json::from_str(store)?;
    let store = stores::open(&settings).await?;
    let sender = Arc::new(NoSender);
    let keys = ApiKeys::open();
    let none = NoCallbacks;
    let router = match variant {
        Variant::Constant => router(Constant, Always, none, keys),
        Variant::Native => router(native::open(store, sender)?, Always, none, keys),
        Variant::Pooled => {
            router(component(Isolation::Pooled, store, sender).await?, Always, none, keys)
        }
        Variant::Fresh => {
            router(component(Isolation::Fresh, store, sender).await?, Always, none, keys)
        }
    };
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = ServerSettings { listen: address.into(), ..ServerSettings::default() };
    let server = Server::bind(&listen).await?;
    println!("{}", server.address());
    let stop = async {
        // Whatever comes: the bench has ended.
        let _ = tokio::io::stdin().read(&mut [0]).await;
    };
    server.run(router, stop).await;
    Ok(())
}

/// Ready: it would not have said its address otherwise.
#[derive(Clone)]
pub(crate) struct Always;

impl Health for Always {
    async fn ready(&self) -> Readiness {
        Readiness { degraded: false, dependencies: Vec::new() }
    }
}
