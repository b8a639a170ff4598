//! The HTTP surface over providers that a test gives, from either environment: the native host, or the edge app in the
//! stand-in for Spin.

use std::io::{Error, Result};

use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::edge::{self, App, Runtime, Store};
use crate::process::Host;
use crate::settings::{self, Workplace};

/// Which environment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The edge app, in the stand-in for Spin.
    Edge,
    /// The native host.
    Native,
}

/// What a test decides.
pub struct Plan<'a> {
    /// The purposes, tenants and API keys, as sections of a host's configuration.
    pub rules: &'a str,
    /// What stands under `senders`.
    pub senders: Value,
    /// What stands under `messages`.
    pub messages: Value,
    /// Where providers reach the surface.
    pub public_url: Option<&'a str>,
    /// The one host that the edge app may call: `http://127.0.0.1:1234`.
    pub origin: String,
}

/// A running surface, gone with the test.
pub struct Surface {
    running: Running,
    // After what runs in it.
    _workplace: Workplace,
}

enum Running {
    Edge(App),
    Native(Host),
}

impl Surface {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// Where it doesn't start, with all that it said.
    pub async fn start(kind: Kind, plan: &Plan<'_>) -> Result<Self> {
        let workplace = Workplace::new()?;
        let running = match kind {
            Kind::Edge => Running::Edge(edge(&workplace, plan).await?),
            Kind::Native => Running::Native(native(&workplace, plan).await?),
        };
        Ok(Self { running, _workplace: workplace })
    }

    /// A client without a key.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(match &self.running {
            Running::Edge(app) => app.address(),
            Running::Native(host) => host.address(),
        })
    }

    /// All that it has said.
    #[must_use]
    pub fn output(&self) -> String {
        match &self.running {
            Running::Edge(app) => app.output(),
            Running::Native(host) => host.output(),
        }
    }

    /// Kills it, and returns when all that it wrote is read.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        match &mut self.running {
            Running::Edge(app) => app.kill(),
            Running::Native(host) => host.kill(),
        }
    }

    /// The process, where it is one of its own.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        match &self.running {
            Running::Edge(_) => None,
            Running::Native(host) => Some(host.id()),
        }
    }
}

async fn native(workplace: &Workplace, plan: &Plan<'_>) -> Result<Host> {
    let mut document = Map::new();
    document.insert("senders".into(), plan.senders.clone());
    if !plan.messages.is_null() {
        document.insert("messages".into(), plan.messages.clone());
    }
    let sections = toml::to_string(&document).map_err(Error::other)?;
    let public_url =
        plan.public_url.map(|url| format!("public_url = \"{url}\"\n")).unwrap_or_default();
    let server = format!("{}{public_url}", settings::SERVER);
    let config = workplace.config(
        "countersign.toml",
        &[&server, settings::MEMORY, settings::LOG, settings::KEYS, plan.rules, &sections],
    )?;
    Host::start(&config).await
}

async fn edge(workplace: &Workplace, plan: &Plan<'_>) -> Result<App> {
    let rules = format!("{}\n{}", settings::KEYS, plan.rules);
    let mut variables = edge::variables_with(&rules, &plan.senders, &plan.origin)?;
    if !plan.messages.is_null() {
        variables.insert("messages".into(), json!(plan.messages.to_string()));
    }
    if let Some(url) = plan.public_url {
        variables.insert("public_url".into(), json!(url));
    }
    App::start(&Runtime::stand_in()?, &Store::KeyValueMemory, workplace, &variables).await
}
