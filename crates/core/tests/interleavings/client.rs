//! One client: a call of the real core, which is a function of what it was answered so far.
//!
//! A call is started anew and given its whole history whenever a history is seen for the first time; what it wants
//! next is remembered. So a client's place in a schedule is a number, and copying a state of the world copies no
//! future.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use countersign_contract::otp::{
    Addressee, Challenge, Error, IssueRequest, Report, ResendRequest, Target, Verified,
    VerifyRequest,
};
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Operation, Outcome, Reply};
use countersign_contract::types::{Channel, DeliveryOutcome, SendError, StoreError};
use countersign_contract::{Pii, Secret, Timestamp};
use countersign_core::engine::Engine;
use countersign_core::policy::{Policy, PolicyFaults};
use countersign_core::{Keyring, World};
use sha2::{Digest, Sha256};

/// The one recipient.
const TO: &str = "+6281234567890";

/// What a client calls.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Issue,
    /// Which challenge, which of its messages, and what became of it.
    Note(String, u32, DeliveryOutcome),
    Resend(String),
    Revoke(String),
    Status,
    Unlock,
    /// Which challenge (none: the recipient's latest), and the code.
    Verify(Option<String>, String),
}

/// The keys of a process: the current one first.
pub(crate) type Keys = &'static [(&'static str, u8)];

/// Those of a process that knows no other key.
pub(crate) const ONE: Keys = &[("k1", 1)];
/// Those of a process that knows the next one already.
pub(crate) const BEFORE: Keys = &[("k1", 1), ("k2", 2)];
/// Those of one that uses it.
pub(crate) const AFTER: Keys = &[("k2", 2), ("k1", 1)];

/// A call in its circumstances.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) call: Call,
    pub(crate) purpose: &'static str,
    pub(crate) reference: Option<&'static str>,
    pub(crate) keys: Keys,
}

impl From<Call> for Ask {
    fn from(call: Call) -> Self {
        Self { call, purpose: "login", reference: None, keys: ONE }
    }
}

impl Ask {
    pub(crate) fn of(self, purpose: &'static str) -> Self {
        Self { purpose, ..self }
    }

    pub(crate) fn for_reference(self, reference: &'static str) -> Self {
        Self { reference: Some(reference), ..self }
    }

    pub(crate) fn with_keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }
}

/// What a call brought.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Done,
    Report(Report),
    Sent(Challenge),
    Verified(Verified),
}

/// What a client was told, and what time it was then.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) what: What,
    pub(crate) now: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Begin,
    Replies(Result<Vec<Reply>, StoreError>),
    Sent(bool),
}

/// What a client does next.
#[derive(Clone, Debug)]
pub(crate) enum Wants {
    Finished(Result<Answer, Error>),
    Run(Vec<Operation>),
    Send(Message),
}

/// A client with all the histories that it has been through.
pub(crate) struct Client {
    ask: Ask,
    policy: Arc<Policy>,
    seed: u8,
    pub(crate) skew: u64,
    histories: Vec<History>,
}

struct History {
    parent: Option<usize>,
    events: Vec<Event>,
    wants: Wants,
    next: Vec<(Event, usize)>,
}

impl Client {
    pub(crate) fn new(ask: Ask, policy: Arc<Policy>, seed: u8) -> Self {
        Self { ask, policy, seed, skew: 0, histories: Vec::new() }
    }

    /// The history that has only just begun.
    pub(crate) fn begin(&mut self, now: u64) -> usize {
        let event = Event { what: What::Begin, now };
        let begun = self.histories.iter().position(|history| history.events == [event.clone()]);
        begun.unwrap_or_else(|| self.record(None, vec![event]))
    }

    /// The history that follows when something more happens.
    pub(crate) fn after(&mut self, history: usize, event: Event) -> usize {
        let History { events, next, .. } = &self.histories[history];
        if let Some((_, known)) = next.iter().find(|(other, _)| *other == event) {
            return *known;
        }
        let events = events.iter().cloned().chain([event.clone()]).collect();
        let following = self.record(Some(history), events);
        self.histories[history].next.push((event, following));
        following
    }

    pub(crate) fn wants(&self, history: usize) -> &Wants {
        &self.histories[history].wants
    }

    pub(crate) fn events(&self, history: usize) -> &[Event] {
        &self.histories[history].events
    }

    /// All that the client has wanted up to a history, in order.
    pub(crate) fn wanted(&self, history: usize) -> Vec<&Wants> {
        let up = |history: &usize| self.histories[*history].parent;
        let way: Vec<_> = std::iter::successors(Some(history), up).collect();
        way.into_iter().rev().map(|history| &self.histories[history].wants).collect()
    }

    fn record(&mut self, parent: Option<usize>, events: Vec<Event>) -> usize {
        let view = View {
            policy: Arc::clone(&self.policy),
            inner: Mutex::new(Inner {
                script: events.iter().cloned().collect(),
                now: 0,
                drawn: 0,
                wants: None,
            }),
            seed: self.seed,
            skew: self.skew,
        };
        // The first event says when the call begins.
        let _ = view.take();
        let engine = Engine::new(view, keyring(self.ask.keys));
        let polled = {
            let call = pin!(perform(&engine, self.ask.clone()));
            call.poll(&mut Context::from_waker(Waker::noop()))
        };
        let wants = match polled {
            Poll::Ready(result) => Wants::Finished(result),
            Poll::Pending => engine.world().inner.lock().unwrap().wants.take().unwrap(),
        };
        self.histories.push(History { parent, events, wants, next: Vec::new() });
        self.histories.len() - 1
    }
}

fn keyring(keys: Keys) -> Keyring {
    let secret = |seed: u8| Secret::new((0..32).map(|place| place ^ seed).collect::<Vec<u8>>());
    let keys = keys.iter().map(|(name, seed)| ((*name).into(), secret(*seed))).collect();
    Keyring::new(&secret(99), keys).unwrap()
}

async fn perform(engine: &Engine<View>, ask: Ask) -> Result<Answer, Error> {
    let Ask { call, purpose, reference, keys: _ } = ask;
    let tenant = String::from("default");
    let reference = reference.map(String::from);
    let addressee =
        || Addressee { purpose: purpose.into(), to: Pii::new(TO.into()), device_cookie: None };
    match call {
        Call::Issue => {
            let request = IssueRequest {
                tenant,
                purpose: purpose.into(),
                channel: Some(Channel::Sms),
                to: Pii::new(TO.into()),
                reference,
                locale: None,
                client_ip: None,
                device_cookie: None,
            };
            engine.issue(request).await.map(Answer::Sent)
        }
        Call::Note(id, send_number, outcome) => {
            let noted = engine.record_delivery(&tenant, &id, send_number, outcome).await;
            noted.map(|()| Answer::Done)
        }
        Call::Resend(id) => {
            engine.resend(ResendRequest { tenant, id, client_ip: None }).await.map(Answer::Sent)
        }
        Call::Revoke(id) => engine.revoke(&tenant, &id).await.map(|()| Answer::Done),
        Call::Status => {
            engine.status(&tenant, &Target::Recipient(addressee())).await.map(Answer::Report)
        }
        Call::Unlock => engine.unlock(&tenant, &addressee()).await.map(|()| Answer::Done),
        Call::Verify(id, code) => {
            let target = id.map_or_else(|| Target::Recipient(addressee()), Target::Id);
            let code = Secret::new(code);
            let request = VerifyRequest {
                tenant,
                target,
                purpose: None,
                to: None,
                code,
                reference,
                client_ip: None,
            };
            engine.verify(request).await.map(Answer::Verified)
        }
    }
}

/// The world as one client sees it: it answers from a script, and where that ends says what is wanted.
struct View {
    policy: Arc<Policy>,
    inner: Mutex<Inner>,
    seed: u8,
    skew: u64,
}

struct Inner {
    script: VecDeque<Event>,
    now: u64,
    drawn: u64,
    wants: Option<Wants>,
}

impl View {
    fn take(&self) -> Option<What> {
        let mut inner = self.inner.lock().unwrap();
        let event = inner.script.pop_front()?;
        inner.now = event.now + self.skew;
        Some(event.what)
    }

    fn want(&self, wants: Wants) {
        self.inner.lock().unwrap().wants = Some(wants);
    }
}

impl World for View {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        match self.take() {
            Some(What::Replies(replies)) => {
                replies.map(|replies| Outcome { replies, generation: None })
            }
            None => {
                self.want(Wants::Run(batch));
                poll_fn(|_| Poll::Pending).await
            }
            other => panic!("the store was asked, and {other:?} came"),
        }
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        match self.take() {
            Some(What::Sent(true)) => {
                Ok(Delivery { channel: Channel::Sms, provider: "test".into(), message_id: None })
            }
            Some(What::Sent(false)) => Err(SendError::Unavailable),
            None => {
                self.want(Wants::Send(message));
                poll_fn(|_| Poll::Pending).await
            }
            other => panic!("the sender was asked, and {other:?} came"),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.inner.lock().unwrap().now)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut inner = self.inner.lock().unwrap();
        for chunk in bytes.chunks_mut(32) {
            inner.drawn += 1;
            let block = Sha256::new().chain_update([self.seed]);
            let block = block.chain_update(inner.drawn.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }

    fn policy(&self, _: &str, _: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        Ok(Some(Arc::clone(&self.policy)))
    }
}
