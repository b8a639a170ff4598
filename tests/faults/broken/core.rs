//! Several processes of the native core over one store, whose calls take turns.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use countersign_contract::otp::{
    Addressee, Error, IssueRequest, ResendRequest, Target, VerifyRequest,
};
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::settings;
use countersign_contract::settings::VerifyBy;
use countersign_contract::store::{Operation, Outcome as Replies};
use countersign_contract::types::{Channel, SendError, StoreError};
use countersign_contract::{Pii, Secret, Timestamp};
use countersign_core::policy::{Policy, PolicyFaults};
use countersign_core::{Engine, Keyring, World};
use countersign_tests::history::{Micros, Outcome, Request};
use fastrand::Rng;

use super::store::{Flaw, Store};
use crate::people::PURPOSES;
use crate::service::Service;

const PLACES: usize = 4;
const TENANT: &str = "default";
/// How far the clock goes with each look at it.
const TICK: Micros = 200;

/// What the processes share.
struct Shared {
    store: Store,
    time: AtomicU64,
    codes: Mutex<HashMap<String, String>>,
    rng: Mutex<Rng>,
    policies: HashMap<&'static str, Arc<Policy>>,
}

#[derive(Clone)]
struct Process(Arc<Shared>);

impl Process {
    /// Lets others have their turn.
    async fn wait(&self) {
        let turns = self.0.rng.lock().unwrap().usize(..4);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    fn micros(&self) -> Micros {
        self.0.time.fetch_add(TICK, Ordering::Relaxed)
    }
}

impl World for Process {
    async fn run(&self, batch: Vec<Operation>) -> Result<Replies, StoreError> {
        self.wait().await;
        let replies = self.0.store.run(&batch).await;
        self.wait().await;
        Ok(Replies { replies, generation: Some(1) })
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        self.wait().await;
        let code = message.code.expose().clone();
        self.0.codes.lock().unwrap().insert(message.challenge_id, code);
        Ok(Delivery { channel: Channel::Sms, provider: "test".into(), message_id: None })
    }

    fn now(&self) -> Timestamp {
        Timestamp(1_000_000_000 + self.micros() / 1_000_000)
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0.rng.lock().unwrap().fill(bytes);
    }

    fn policy(&self, _: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        Ok(self.0.policies.get(purpose).cloned())
    }
}

/// The processes.
pub(crate) struct Native {
    process: Process,
    engines: Vec<Engine<Process>>,
}

impl Native {
    pub(crate) fn new(flaw: Flaw, seed: u64) -> Self {
        let policies = PURPOSES.map(|(name, attempts, seconds)| {
            let policy = Policy::new(settings::Policy {
                channels: vec![Channel::Sms],
                verify_by: Some(VerifyBy::Both),
                max_attempts: Some(u32::try_from(attempts).unwrap()),
                lifetime_seconds: Some(u32::try_from(seconds).unwrap()),
                cooldown_seconds: Some(0),
                max_resends: Some(10),
                ..settings::Policy::default()
            });
            (name, Arc::new(policy.unwrap()))
        });
        let process = Process(Arc::new(Shared {
            store: Store::new(flaw),
            time: AtomicU64::new(0),
            codes: Mutex::default(),
            rng: Mutex::new(Rng::with_seed(seed)),
            policies: policies.into(),
        }));
        let engine = |_| Engine::new(process.clone(), keyring());
        Self { engines: (0..PLACES).map(engine).collect(), process }
    }

    async fn perform(&self, place: usize, subject: &str, request: &Request) -> Outcome {
        let (purpose, to) = subject.split_once(' ').unwrap();
        let (engine, tenant) = (&self.engines[place], TENANT.to_owned());
        let to = || Pii::new(to.into());
        let whom = || Addressee { purpose: purpose.into(), to: to(), device_cookie: None };
        match request.clone() {
            Request::Issue => {
                let issue = IssueRequest {
                    tenant,
                    purpose: purpose.into(),
                    channel: None,
                    to: to(),
                    reference: None,
                    locale: None,
                    client_ip: None,
                    device_cookie: None,
                };
                told(engine.issue(issue).await.map(|challenge| (201, challenge.id)))
            }
            Request::Verify { id, code } => {
                let target = id.map_or_else(|| Target::Recipient(whom()), Target::Id);
                let verify = VerifyRequest {
                    tenant,
                    target,
                    purpose: None,
                    to: None,
                    code: Secret::new(code),
                    reference: None,
                    client_ip: None,
                };
                told(engine.verify(verify).await.map(|verified| (200, verified.id)))
            }
            Request::Resend { id } => {
                let resend = ResendRequest { tenant, id, client_ip: None };
                told(engine.resend(resend).await.map(|challenge| (200, challenge.id)))
            }
            Request::Revoke { id } => {
                told(engine.revoke(&tenant, &id).await.map(|()| (204, String::new())))
            }
            Request::Status => {
                let report = engine.status(&tenant, &Target::Recipient(whom())).await;
                told(report.map(|report| (200, report.id)))
            }
            Request::Unlock => {
                told(engine.unlock(&tenant, &whom()).await.map(|()| (204, String::new())))
            }
        }
    }
}

fn keyring() -> Keyring {
    let secret = |seed: u8| Secret::new((0..32).map(|place| place ^ seed).collect::<Vec<u8>>());
    Keyring::new(&secret(99), vec![("k1".into(), secret(1))]).unwrap()
}

/// What the HTTP surface would have said.
fn told(result: Result<(u16, String), Error>) -> Outcome {
    let (status, code, id) = match result {
        Ok((status, id)) => (status, "", id),
        Err(error) => {
            let (status, code) = problem(&error);
            (status, code, String::new())
        }
    };
    Outcome::Answered { status, code: code.into(), id }
}

fn problem(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Mismatch(_) => (422, "code_mismatch"),
        Error::NotFound => (404, "challenge_not_found"),
        Error::Expired => (410, "challenge_expired"),
        Error::Revoked => (410, "challenge_revoked"),
        Error::Exhausted(_) => (429, "exhausted"),
        Error::Locked(_) => (429, "locked"),
        Error::Throttled(_) => (429, "throttled"),
        Error::Disabled => (403, "disabled"),
        Error::StoreUnavailable(_) => (503, "store_unavailable"),
        other => panic!("{other:?}"),
    }
}

impl Service for Native {
    fn places(&self) -> usize {
        PLACES
    }

    fn now(&self) -> Micros {
        self.process.micros()
    }

    fn code(&self, id: &str) -> Option<String> {
        self.process.0.codes.lock().unwrap().get(id).cloned()
    }

    async fn ask(&self, place: usize, subject: &str, request: &Request) -> Outcome {
        self.perform(place, subject, request).await
    }

    /// A process carries on whether or not its client waits.
    async fn hang_up(&self, place: usize, subject: &str, request: &Request, _: u8) {
        self.perform(place, subject, request).await;
    }

    async fn pause(&self, _: &mut Rng) {
        self.process.wait().await;
    }
}
