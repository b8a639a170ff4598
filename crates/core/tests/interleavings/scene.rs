//! What there is before the clients start, and how it looks when they are done.

use std::sync::Arc;

use countersign_contract::otp::{Error, Report};
use countersign_contract::settings::{self, ResendCode, VerifyBy};
use countersign_contract::types::Channel;
use countersign_core::policy::Policy;

use crate::client::{Answer, Ask, Call, Client, Event, Keys, Wants, What};
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
    /// What the first challenge is bound to.
    pub(crate) reference: Option<&'static str>,
    /// Whether a resend carries a new code.
    pub(crate) replaces_codes: bool,
    /// The limit of sends, where there is one.
    pub(crate) max_sends: Option<u32>,
    /// Sends that it has counted already.
    pub(crate) sends: u32,
    /// The keys by which one looks at the end.
    keys: Keys,
}

impl Scene {
    /// A challenge with `max_attempts`, of which `wrong` are spent.
    pub(crate) fn new(max_attempts: u32, wrong: u32, cooldown_seconds: u32) -> Self {
        let (max_attempts, cooldown_seconds) = (Some(max_attempts), Some(cooldown_seconds));
        Self::with(
            settings::Policy { max_attempts, cooldown_seconds, ..settings::Policy::default() },
            Call::Issue,
            wrong,
        )
    }

    /// A challenge of a policy, issued as asked, of which `wrong` attempts are spent.
    pub(crate) fn with(draft: settings::Policy, issue: impl Into<Ask>, wrong: u32) -> Self {
        let issue = issue.into();
        let max_attempts = draft.max_attempts.unwrap_or(3);
        let cooldown_seconds = draft.cooldown_seconds.unwrap_or(60);
        let replaces_codes = draft.resend_code == Some(ResendCode::New);
        let max_sends = draft.limits.first().and_then(|limit| limit.max);
        let policy = Policy::new(settings::Policy {
            channels: vec![Channel::Sms],
            lifetime_seconds: Some(600),
            verify_by: Some(VerifyBy::Both),
            max_attempts: Some(max_attempts),
            cooldown_seconds: Some(cooldown_seconds),
            ..draft
        });
        let policy = Arc::new(policy.unwrap());
        let mut store = Store::default();
        let issued = alone(&mut store, BEGIN, &policy, &issue, 200);
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
            reference: issue.reference,
            replaces_codes,
            max_sends,
            sends: 1,
            keys: issue.keys,
        };
        for _ in 0..wrong {
            let ask = Ask { call: scene.wrong_code(), ..issue.clone() };
            alone(&mut scene.store, BEGIN, &scene.policy, &ask, 201).result.unwrap_err();
        }
        scene.now += u64::from(cooldown_seconds);
        scene
    }

    /// Does something more before all begins. A challenge of another purpose, say: its id and code.
    pub(crate) fn before(&mut self, ask: &Ask) -> Option<(String, String)> {
        let done = alone(&mut self.store, self.now, &self.policy, ask, 204);
        match done.result {
            Ok(Answer::Sent(challenge)) => {
                self.sends += 1;
                Some((challenge.id, done.codes[0].clone()))
            }
            _ => None,
        }
    }

    /// Does something more after all has ended.
    pub(crate) fn then(&self, store: &mut Store, now: u64, ask: &Ask) -> Result<Answer, Error> {
        alone(store, now, &self.policy, ask, 205).result
    }

    /// A call with the right code.
    pub(crate) fn right_code(&self) -> Call {
        Call::Verify(Some(self.id.clone()), self.code.clone())
    }

    /// A call with a wrong code.
    pub(crate) fn wrong_code(&self) -> Call {
        Call::Verify(Some(self.id.clone()), other(&self.code))
    }

    /// The code that a client will send: it is always the same.
    pub(crate) fn code_to_come(&self, client: usize, ask: impl Into<Ask>) -> String {
        let mut store = self.store.clone();
        let seed = u8::try_from(client).unwrap();
        alone(&mut store, self.now, &self.policy, &ask.into(), seed).codes[0].clone()
    }

    /// A client for each call.
    pub(crate) fn clients(&self, asks: &[Ask]) -> Vec<Client> {
        let client = |(seed, ask): (usize, &Ask)| {
            Client::new(ask.clone(), Arc::clone(&self.policy), u8::try_from(seed).unwrap())
        };
        asks.iter().enumerate().map(client).collect()
    }

    /// What `status` says by recipient.
    pub(crate) fn status(&self, store: &Store, now: u64) -> Result<Report, Error> {
        match alone(&mut store.clone(), now, &self.policy, &self.own(Call::Status), 202).result? {
            Answer::Report(report) => Ok(report),
            other => panic!("{other:?}"),
        }
    }

    /// What a call would bring, after all.
    pub(crate) fn afterwards(
        &self,
        store: &Store,
        now: u64,
        call: &Call,
        reference: Option<&'static str>,
    ) -> Result<Answer, Error> {
        let ask = Ask { reference, ..self.own(call.clone()) };
        alone(&mut store.clone(), now, &self.policy, &ask, 203).result
    }

    fn own(&self, call: Call) -> Ask {
        Ask::from(call).with_keys(self.keys)
    }
}

/// What a call did that no other interfered with.
struct Alone {
    result: Result<Answer, Error>,
    codes: Vec<String>,
}

fn alone(store: &mut Store, now: u64, policy: &Arc<Policy>, ask: &Ask, seed: u8) -> Alone {
    let mut client = Client::new(ask.clone(), Arc::clone(policy), seed);
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
pub(crate) fn other(code: &str) -> String {
    let turn = |sign: char| if sign == '9' { '0' } else { '9' };
    code.chars().map(turn).collect()
}
