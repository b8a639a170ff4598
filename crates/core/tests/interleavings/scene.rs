//! What there is before the clients start, and how it looks when they are done.

use std::sync::Arc;

use countersign_core::error::Error;
use countersign_core::policy::{Draft, Policy, VerifyBy};
use countersign_core::request::Report;
use countersign_core::world::Channel;

use crate::client::{Answer, Call, Client, Event, Wants, What};
use crate::store::Store;

/// When the first challenge is issued: five seconds before one of the lease's windows ends.
const BEGIN: u64 = 1_000_000_015;

/// A subject with one living challenge, ready to be sent another.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) now: u64,
    pub(crate) policy: Arc<Policy>,
    pub(crate) max_attempts: u32,
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) expires_at: u64,
    /// Wrong codes that the challenge has seen already.
    pub(crate) wrong: u32,
}

impl Scene {
    /// A challenge with `max_attempts`, of which `wrong` are spent.
    pub(crate) fn new(max_attempts: u32, wrong: u32, cooldown_seconds: u32) -> Self {
        let policy = Policy::new(Draft {
            channels: vec![Channel::Sms],
            max_attempts: Some(max_attempts),
            cooldown_seconds: Some(cooldown_seconds),
            lifetime_seconds: Some(600),
            verify_by: Some(VerifyBy::Both),
            ..Draft::default()
        });
        let policy = Arc::new(policy.unwrap());
        let mut store = Store::default();
        let issued = alone(&mut store, BEGIN, &policy, &Call::Issue, 200);
        let Ok(Answer::Sent(challenge)) = issued.result else { panic!("{:?}", issued.result) };
        let mut scene = Self {
            store,
            now: BEGIN,
            policy,
            max_attempts,
            id: challenge.id,
            code: issued.codes[0].clone(),
            expires_at: challenge.expires_at.0,
            wrong,
        };
        for _ in 0..wrong {
            let call = scene.wrong_code();
            alone(&mut scene.store, BEGIN, &scene.policy, &call, 201).result.unwrap_err();
        }
        scene.now += u64::from(cooldown_seconds);
        scene
    }

    /// A call with the right code.
    pub(crate) fn right_code(&self) -> Call {
        Call::Verify(Some(self.id.clone()), self.code.clone())
    }

    /// A call with a wrong code.
    pub(crate) fn wrong_code(&self) -> Call {
        Call::Verify(Some(self.id.clone()), other(&self.code))
    }

    /// The code that a client which issues will send: it is always the same.
    pub(crate) fn code_to_come(&self, client: usize) -> String {
        let mut store = self.store.clone();
        let seed = u8::try_from(client).unwrap();
        alone(&mut store, self.now, &self.policy, &Call::Issue, seed).codes[0].clone()
    }

    /// A client for each call.
    pub(crate) fn clients(&self, calls: &[Call]) -> Vec<Client> {
        let client = |(seed, call): (usize, &Call)| {
            Client::new(call.clone(), Arc::clone(&self.policy), u8::try_from(seed).unwrap())
        };
        calls.iter().enumerate().map(client).collect()
    }

    /// What `status` says by recipient.
    pub(crate) fn status(&self, store: &Store, now: u64) -> Result<Report, Error> {
        match alone(&mut store.clone(), now, &self.policy, &Call::Status, 202).result? {
            Answer::Report(report) => Ok(report),
            other => panic!("{other:?}"),
        }
    }

    /// What a call would bring, after all.
    pub(crate) fn afterwards(&self, store: &Store, now: u64, call: &Call) -> Result<Answer, Error> {
        alone(&mut store.clone(), now, &self.policy, call, 203).result
    }
}

/// What a call did that nobody interfered with.
struct Alone {
    result: Result<Answer, Error>,
    codes: Vec<String>,
}

fn alone(store: &mut Store, now: u64, policy: &Arc<Policy>, call: &Call, seed: u8) -> Alone {
    let mut client = Client::new(call.clone(), Arc::clone(policy), seed);
    let mut history = client.begin(now);
    let mut codes = Vec::new();
    loop {
        let what = match client.wants(history) {
            Wants::Finished(result) => return Alone { result: result.clone(), codes },
            Wants::Run(batch) => {
                What::Replies(Ok(batch.iter().map(|one| store.step(one)).collect()))
            }
            Wants::Send(message) => {
                codes.push(message.code.expose().clone());
                What::Sent(true)
            }
        };
        history = client.after(history, Event { what, now });
    }
}

/// Another code than this one.
fn other(code: &str) -> String {
    let turn = |sign: char| if sign == '9' { '0' } else { '9' };
    code.chars().map(turn).collect()
}
