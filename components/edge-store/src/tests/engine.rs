//! The real engine over the store: its own batches, not an imitation of them.

use std::sync::{Arc, Mutex};

use countersign_contract::otp::{Addressee, Challenge, Error, IssueRequest, Target, VerifyRequest};
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::settings::{self, Activity, Limit, VerifyBy};
use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::{Channel, Scope, SendError, StoreError};
use countersign_contract::{Pii, Secret, Timestamp};
use countersign_core::policy::{Policy, PolicyFaults};
use countersign_core::{Engine, Keyring, World};

use super::model::{Model, PurposeTally, block};
use crate::Store;

/// An engine with an instance of the store to itself.
pub(super) struct App {
    engine: Engine<Edge>,
}

pub(super) struct Edge {
    model: Model,
    store: Mutex<Store<Model>>,
    policy: Arc<Policy>,
    sent: Mutex<Option<String>>,
    /// The operations of each batch, and what it asked of the backend.
    batches: Mutex<Vec<(usize, PurposeTally)>>,
}

impl App {
    pub(super) fn new(model: &Model, limits: Vec<Limit>) -> Self {
        Self::verifying_by(VerifyBy::Both, model, limits)
    }

    pub(super) fn verifying_by(verify_by: VerifyBy, model: &Model, limits: Vec<Limit>) -> Self {
        let draft = settings::Policy {
            channels: vec![Channel::Sms],
            lifetime_seconds: Some(300),
            cooldown_seconds: Some(30),
            verify_by: Some(verify_by),
            limits,
            ..settings::Policy::default()
        };
        let secret = |seed: u8| Secret::new((0..32).map(|at| at ^ seed).collect::<Vec<u8>>());
        let keyring = Keyring::new(&secret(99), vec![("k1".into(), secret(1))]).unwrap();
        let edge = Edge {
            model: model.clone(),
            store: Mutex::new(model.store()),
            policy: Arc::new(Policy::new(draft).unwrap()),
            sent: Mutex::default(),
            batches: Mutex::default(),
        };
        Self { engine: Engine::new(edge, keyring) }
    }

    pub(super) fn issue(&self, to: &str) -> Result<(Challenge, String), Error> {
        let request = IssueRequest {
            tenant: "default".into(),
            purpose: "login".into(),
            channel: Some(Channel::Sms),
            to: Pii::new(to.into()),
            reference: None,
            locale: None,
            client_ip: Some("192.0.2.1".into()),
            device_cookie: None,
        };
        let challenge = block(self.engine.issue(request))?;
        let code = self.engine.world().sent.lock().unwrap().take().unwrap();
        Ok((challenge, code))
    }

    pub(super) fn verify_id(&self, id: &str, code: &str) -> Result<(), Error> {
        self.answer(Target::Id(id.into()), code)
    }

    pub(super) fn verify(&self, to: &str, code: &str) -> Result<(), Error> {
        let to =
            Addressee { purpose: "login".into(), to: Pii::new(to.into()), device_cookie: None };
        self.answer(Target::Recipient(to), code)
    }

    fn answer(&self, target: Target, code: &str) -> Result<(), Error> {
        let request = VerifyRequest {
            tenant: "default".into(),
            target,
            purpose: None,
            to: None,
            code: Secret::new(code.into()),
            reference: None,
            client_ip: Some("192.0.2.1".into()),
        };
        block(self.engine.verify(request)).map(drop)
    }

    /// The batches since last asked: how many operations, and which calls.
    pub(super) fn batches(&self) -> Vec<(usize, PurposeTally)> {
        std::mem::take(&mut *self.engine.world().batches.lock().unwrap())
    }

    /// What a front does after a request.
    pub(super) fn upkeep(&self, limit: u32) {
        let mut store = self.engine.world().store.lock().unwrap();
        if store.sweep_due() {
            block(store.sweep(limit)).unwrap();
        }
    }
}

/// Another code of the same length.
pub(super) fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

/// Limits as an operator would set them.
pub(super) fn limits() -> Vec<Limit> {
    let limit = |scope, on, max, window_seconds| {
        let max = Some(max);
        Limit { scope, on, max, window_seconds }
    };
    vec![
        limit(Scope::Subject, Activity::Send, 10, 3_600),
        limit(Scope::Tenant, Activity::Send, 1_000_000, 86_400),
        limit(Scope::Ip, Activity::Verify, 1_000_000, 60),
    ]
}

impl World for Edge {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        self.model.inner().tally = PurposeTally::default();
        let replies = block(self.store.lock().unwrap().run(&batch))?;
        self.batches.lock().unwrap().push((batch.len(), self.model.inner().tally));
        Ok(Outcome { replies, generation: None })
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        *self.sent.lock().unwrap() = Some(message.code.expose().clone());
        Ok(Delivery { channel: Channel::Sms, provider: "test".into(), message_id: None })
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.model.inner().millis / 1_000)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = crate::Backend::random(&self.model).to_be_bytes()[0];
        }
    }

    fn policy(&self, _: &str, _: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        Ok(Some(Arc::clone(&self.policy)))
    }
}
