//! Four real hosts over one store, as their clients see them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use countersign_tests::client::{Answer, Client};
use countersign_tests::history::{Micros, Outcome, Request};
use countersign_tests::outbox::Outbox;
use countersign_tests::process::Host;
use countersign_tests::proxy::Proxy;
use countersign_tests::raw;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;
use fastrand::Rng;
use hyper::Method;
use serde_json::{Value, json};

use crate::keeps::Keeps;
use crate::people::PURPOSES;
use crate::service::Service;

/// How many hosts there are.
pub(crate) const HOSTS: usize = 4;
/// How long a client waits for an answer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);
/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// One line for each request; the rest would only take time.
const LOG: &str = "[log]\nformat = \"json\"\nfilter = \"warn\"\n";
/// What clients do between two requests, in milliseconds.
const PAUSE: std::ops::Range<u64> = 100..400;

/// How a host is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Launch {
    /// More of its environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// A command of the shell before it.
    pub(crate) before: Option<&'static str>,
}

/// The hosts, and what they need.
pub(crate) struct Site {
    pub(crate) front: Arc<Front>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) wires: Vec<Proxy>,
    configs: Vec<PathBuf>,
    launches: Vec<Launch>,
    workplace: Workplace,
}

impl Site {
    /// Starts the hosts, each as `launch` says.
    pub(crate) async fn start(keeps: &Keeps, launch: impl Fn(usize) -> Launch) -> Self {
        let workplace = Workplace::new().unwrap();
        let (mut hosts, mut wires, mut configs) = (Vec::new(), Vec::new(), Vec::new());
        let launches: Vec<Launch> = (0..HOSTS).map(launch).collect();
        for (number, launch) in launches.iter().enumerate() {
            let (store, own_wires) = keeps.section(&workplace).await;
            wires.extend(own_wires);
            let (senders, rules) = (workplace.senders(&["sms"]), rules());
            let server = format!("{}drain_seconds = 2\n", settings::SERVER);
            let sections = [&server, &store, &senders, LOG, settings::KEYS, &rules];
            configs.push(workplace.config(&format!("host-{number}.toml"), &sections).unwrap());
            hosts.push(started(&configs[number], launch).await);
        }
        let front = Arc::new(Front::new(&hosts, workplace.outbox().path().to_owned()));
        let site = Self { front, hosts, wires, configs, launches, workplace };
        site.until_ready().await;
        site
    }

    /// Where the hosts keep their files.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.workplace.path()
    }

    /// Starts a host again that has ended.
    pub(crate) async fn restart(&mut self, number: usize) {
        let host = started(&self.configs[number], &self.launches[number]).await;
        self.front.moved(number, host.address());
        self.hosts[number] = host;
    }

    /// Waits until every host says that it is ready.
    pub(crate) async fn until_ready(&self) {
        for number in 0..HOSTS {
            let client = self.front.client(number);
            let ready = until_async(PATIENCE, async || {
                let asked = tokio::time::timeout(DEADLINE, client.get("/readyz")).await;
                asked.is_ok_and(|answer| answer.status == 200).then_some(())
            });
            ready.await.expect("it comes back by itself");
        }
    }

    /// Waits until every host has gone back to the first of its two stores.
    pub(crate) async fn until_first_in_use(&self) {
        for number in 0..HOSTS {
            let client = self.front.client(number);
            let back = until_async(PATIENCE, async || {
                let asked = tokio::time::timeout(DEADLINE, client.get("/readyz")).await.ok()?;
                let stores = asked.json["dependencies"].as_array()?.clone();
                let in_use = |name| {
                    stores.iter().find(|store| store["name"] == name).map(|it| it["in_use"] == true)
                };
                (in_use("store") == Some(true)).then_some(())
            });
            back.await.expect("it goes back to the first store");
        }
    }

    /// Makes sure that no host panicked.
    pub(crate) fn assert_sane(&self) {
        for host in &self.hosts {
            let output = host.output();
            assert!(!output.contains("panicked"), "{output}");
        }
    }
}

async fn started(config: &std::path::Path, launch: &Launch) -> Host {
    if let Some(before) = launch.before {
        return Host::start_after(before, config).await.unwrap();
    }
    let variables: Vec<_> =
        launch.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Host::start_in(config.parent().unwrap(), config, &variables).await.unwrap()
}

fn rules() -> String {
    let purpose = |(name, max_attempts, lifetime): (&str, usize, u64)| {
        format!(
            "[purposes.{name}]\nverify_by = \"both\"\nchannels = [\"sms\"]\ncooldown_seconds = 0\nmax_resends = 10\n\
             max_attempts = {max_attempts}\nlifetime_seconds = {lifetime}\nlimits = [\n  \
             {{ scope = \"subject\", on = \"send\", max = 1000, window_seconds = 60 }},\n  \
             {{ scope = \"tenant\", on = \"verify\", max = 1000000, window_seconds = 3600 }},\n]\n"
        )
    };
    PURPOSES.map(purpose).concat()
}

/// The hosts as clients see them. They may come back with another address.
pub(crate) struct Front {
    clients: RwLock<Vec<(SocketAddr, Client)>>,
    outbox: Outbox,
    codes: Mutex<HashMap<String, String>>,
    began: Instant,
}

impl Front {
    fn new(hosts: &[Host], outbox: PathBuf) -> Self {
        let client = |host: &Host| (host.address(), Client::new(host.address()));
        let clients = RwLock::new(hosts.iter().map(client).collect());
        let (outbox, codes) = (Outbox::new(outbox), Mutex::default());
        Self { clients, outbox, codes, began: Instant::now() }
    }

    fn moved(&self, number: usize, address: SocketAddr) {
        self.clients.write().unwrap()[number] = (address, Client::new(address));
    }

    fn client(&self, number: usize) -> Client {
        self.clients.read().unwrap()[number].1.clone()
    }

    fn address(&self, number: usize) -> SocketAddr {
        self.clients.read().unwrap()[number].0
    }
}

impl Service for Front {
    fn places(&self) -> usize {
        HOSTS
    }

    fn now(&self) -> Micros {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    fn code(&self, id: &str) -> Option<String> {
        let mut codes = self.codes.lock().unwrap();
        if let Some(code) = codes.get(id) {
            return Some(code.clone());
        }
        let code = Some(self.outbox.code(id)).filter(|code| !code.is_empty())?;
        codes.insert(id.into(), code.clone());
        Some(code)
    }

    async fn ask(&self, place: usize, subject: &str, request: &Request) -> Outcome {
        let (method, path, body) = written(subject, request);
        let body = body.map(|body| body.to_string());
        let client = self.client(place);
        let asked = client.send(method, &path, body.as_deref());
        tokio::time::timeout(DEADLINE, asked).await.map_or(Outcome::Late, outcome)
    }

    async fn hang_up(&self, place: usize, subject: &str, request: &Request, share: u8) {
        let (method, path, body) = written(subject, request);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        );
        // A share of 255 is all of it.
        let length = (text.len() * (usize::from(share) + 1)).div_ceil(256);
        raw::hang_up(self.address(place), &text.as_bytes()[..length.min(text.len())]).await;
    }

    async fn pause(&self, rng: &mut Rng) {
        tokio::time::sleep(Duration::from_millis(rng.u64(PAUSE))).await;
    }
}

fn outcome(answer: Answer) -> Outcome {
    match answer.status {
        0 if answer.text.contains("(Connect)") => Outcome::NotSent,
        0 => Outcome::Cut,
        status => Outcome::Answered { status, code: answer.code().into(), id: answer.id().into() },
    }
}

fn written(subject: &str, request: &Request) -> (Method, String, Option<Value>) {
    let (purpose, to) = subject.split_once(' ').unwrap();
    let whom = || json!({ "purpose": purpose, "to": to });
    match request {
        Request::Issue => (Method::POST, "/v1/challenges".into(), Some(whom())),
        Request::Verify { id: Some(id), code } => {
            let body = json!({ "code": code });
            (Method::POST, format!("/v1/challenges/{id}/verify"), Some(body))
        }
        Request::Verify { id: None, code } => {
            let body = json!({ "purpose": purpose, "to": to, "code": code });
            (Method::POST, "/v1/verify".into(), Some(body))
        }
        Request::Resend { id } => {
            (Method::POST, format!("/v1/challenges/{id}/resend"), Some(json!({})))
        }
        Request::Revoke { id } => (Method::DELETE, format!("/v1/challenges/{id}"), None),
        Request::Status => (Method::POST, "/v1/status".into(), Some(whom())),
        Request::Unlock => (Method::POST, "/v1/unlock".into(), Some(whom())),
    }
}
