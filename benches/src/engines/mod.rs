//! The four variants: one trait, four ways to answer.

pub(crate) mod constant;
pub(crate) mod native;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use countersign::config::{EngineSettings, Isolation};
use countersign::engine::{Capabilities, Engine};
use countersign::senders::{Sender, Sent};
use countersign::stores::Store;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::types::Channel;

use crate::setting;

/// Who answers the requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Variant {
    /// None: the same answer every time, without store or rules.
    Constant,
    /// The rules, compiled natively.
    Native,
    /// The component, instances shared by calls.
    Pooled,
    /// The component, an instance of its own for each call.
    Fresh,
}

impl Variant {
    /// All, from nothing to everything.
    pub(crate) const ALL: [Self; 4] = [Self::Constant, Self::Native, Self::Pooled, Self::Fresh];

    /// Its name in tables and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Native => "native",
            Self::Pooled => "pooled",
            Self::Fresh => "fresh",
        }
    }
}

/// Where the component is.
pub(crate) fn component_path() -> Result<PathBuf> {
    let path = std::env::var_os("COUNTERSIGN_TEST_WASM");
    let path = path.context("COUNTERSIGN_TEST_WASM names no component: use `cargo xtask`")?;
    Ok(path.into())
}

/// The component over `store` and `sender`, as the host runs it.
pub(crate) async fn component(
    isolation: Isolation,
    store: Arc<dyn Store>,
    sender: Arc<dyn Sender>,
) -> Result<Engine> {
    let settings = EngineSettings { isolation, ..EngineSettings::default() };
    component_with(settings, store, sender).await
}

/// The same with settings of its own, but for where the component and its native code are.
pub(crate) async fn component_with(
    settings: EngineSettings,
    store: Arc<dyn Store>,
    sender: Arc<dyn Sender>,
) -> Result<Engine> {
    let component = component_path()?;
    let settings = EngineSettings {
        cache_directory: Some(component.with_file_name("bench-native-code")),
        component: Some(component),
        ..settings
    };
    let capabilities = Capabilities { store, sender, rules: Arc::new(setting::rules()) };
    let engine = Engine::open(&settings, capabilities)?;
    for purpose in setting::Purpose::ALL {
        let prepared = engine.prepare(setting::TENANT, purpose.name()).await;
        prepared.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    Ok(engine)
}

/// A provider that takes every message and does nothing with it.
pub(crate) struct NoSender;

impl Sender for NoSender {
    fn send(&self, message: Message) -> Sent<'_> {
        Box::pin(async move { Ok(delivery(&message)) })
    }
}

/// What a provider of the bench says.
pub(crate) fn delivery(message: &Message) -> Delivery {
    let channel = message.channels.first().copied().unwrap_or(Channel::Sms);
    Delivery { channel, provider: "bench".into(), message_id: None }
}
