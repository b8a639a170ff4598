//! Where the suite runs: anything that serves the HTTP surface with given rules and shows what it sent.

use std::net::SocketAddr;

use countersign_tests::client::Client;
use countersign_tests::leaks::{leaks, secrets_of};
use countersign_tests::outbox::Outbox;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};

/// A deployment of countersign. `rules` are the sections `[keys]`, `[[api_keys]]`, `[purposes]` and `[tenants]` of a
/// configuration; stores, senders and ports are the environment's own. The channels `sms`, `email` and `voice` have
/// a sender, `whatsapp` and `webhook` have none.
pub(crate) trait Environment: Sized {
    /// Whether what was answered survives the end of the process.
    const DURABLE: bool;

    /// Prepares what has to be there.
    async fn new() -> Self;

    /// Starts, or starts again after [`kill`](Self::kill), with `rules`.
    async fn start(&mut self, rules: &str);

    /// Ends it without a warning.
    fn kill(&mut self);

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// What it has sent, since the beginning.
    fn outbox(&self) -> &Outbox;

    /// All that it has said, since the beginning.
    fn output(&self) -> String;

    /// A client without a key.
    fn client(&self) -> Client {
        Client::new(self.address())
    }

    /// Panics where a code or a recipient was said, or one of the `keys`.
    fn assert_silent(&self, keys: &[&str]) {
        let secrets = secrets_of(&self.outbox().messages());
        let output = self.output();
        assert!(output.contains("ready"), "nothing was captured");
        let secrets = secrets.iter().map(String::as_str).chain(keys.iter().copied());
        assert_eq!(leaks(&output, secrets), Vec::<&str>::new(), "in the log");
    }
}

/// Which store a host has.
pub(crate) trait Backend {
    const DURABLE: bool;

    fn new() -> Self;

    fn section(&self, workplace: &Workplace) -> String;
}

pub(crate) struct Memory;
pub(crate) struct Redis(RedisServer);
pub(crate) struct Sqlite;

impl Backend for Memory {
    const DURABLE: bool = false;

    fn new() -> Self {
        Self
    }

    fn section(&self, _: &Workplace) -> String {
        settings::MEMORY.into()
    }
}

impl Backend for Redis {
    const DURABLE: bool = true;

    fn new() -> Self {
        Self(RedisServer::start().unwrap())
    }

    fn section(&self, _: &Workplace) -> String {
        settings::redis(self.0.port())
    }
}

impl Backend for Sqlite {
    const DURABLE: bool = true;

    fn new() -> Self {
        Self
    }

    fn section(&self, workplace: &Workplace) -> String {
        workplace.sqlite()
    }
}

/// The native host, one process.
pub(crate) struct Native<B> {
    backend: B,
    workplace: Workplace,
    host: Option<Host>,
    said: String,
}

impl<B: Backend> Environment for Native<B> {
    const DURABLE: bool = B::DURABLE;

    async fn new() -> Self {
        let workplace = Workplace::new().unwrap();
        Self { backend: B::new(), workplace, host: None, said: String::new() }
    }

    async fn start(&mut self, rules: &str) {
        let keys = if rules.contains("[keys]") { "" } else { settings::KEYS };
        let sections = [
            settings::SERVER,
            &self.backend.section(&self.workplace),
            &self.workplace.senders(&["email", "sms", "voice"]),
            settings::LOG,
            keys,
            rules,
        ];
        let config = self.workplace.config("countersign.toml", &sections).unwrap();
        self.host = Some(Host::start(&config).await.unwrap());
    }

    fn kill(&mut self) {
        let mut host = self.host.take().unwrap();
        host.kill().unwrap();
        self.said.push_str(&host.output());
    }

    fn address(&self) -> SocketAddr {
        self.host.as_ref().unwrap().address()
    }

    fn outbox(&self) -> &Outbox {
        self.workplace.outbox()
    }

    fn output(&self) -> String {
        let now = self.host.as_ref().map(Host::output).unwrap_or_default();
        format!("{}\n{now}", self.said)
    }
}
