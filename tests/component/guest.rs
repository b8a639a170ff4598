//! The component in a host of a page: a map for a store, a list for a sender, and a clock moved by hand.

use std::collections::BTreeMap;

use countersign::bindings::countersign::otp::{sender, settings, store, types};
use countersign::bindings::exports::countersign::otp::otp;
use countersign::bindings::wasi::{clocks::wall_clock, random::random};
use countersign::bindings::{self};
use fastrand::Rng;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store};

/// Some moment in 2026.
const NOW: u64 = 1_790_000_000;

/// The imports. It forgets nothing, which a store may.
struct World {
    values: BTreeMap<String, Vec<u8>>,
    counts: BTreeMap<String, i64>,
    batches: usize,
    sent: Vec<sender::Message>,
    sending: Result<(), types::SendError>,
    now: u64,
    rng: Rng,
}

impl types::Host for World {}

impl store::Host for World {
    async fn run(
        &mut self,
        batch: Vec<store::Operation>,
    ) -> Result<store::Outcome, types::StoreError> {
        assert!((1..=32).contains(&batch.len()), "{} operations", batch.len());
        self.batches += 1;
        let mut replies = Vec::new();
        for operation in batch {
            replies.push(match operation {
                store::Operation::Delete(key) => {
                    self.values.remove(&key);
                    self.counts.remove(&key);
                    store::Reply::Done
                }
                store::Operation::Get(key) => store::Reply::Value(self.values.get(&key).cloned()),
                store::Operation::Increment(step) => {
                    within_bounds(&step.key, step.ttl_seconds);
                    let count = self.counts.get(&step.key).copied().unwrap_or_default() + step.by;
                    if step.by != 0 {
                        self.counts.insert(step.key, count);
                    }
                    store::Reply::Count(count)
                }
                store::Operation::Set(assignment) => {
                    within_bounds(&assignment.key, assignment.ttl_seconds);
                    assert!(assignment.value.len() <= 2_048);
                    self.values.insert(assignment.key, assignment.value);
                    store::Reply::Done
                }
            });
        }
        Ok(store::Outcome { replies, generation: None })
    }
}

fn within_bounds(key: &str, ttl_seconds: u32) {
    assert!(key.len() <= 192 && key.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{key}");
    assert!((1..=34_214_400).contains(&ttl_seconds), "{key}: {ttl_seconds}");
}

impl sender::Host for World {
    async fn send(
        &mut self,
        message: sender::Message,
    ) -> Result<sender::Delivery, types::SendError> {
        self.sending.clone()?;
        let channel = message.channels[0];
        self.sent.push(message);
        Ok(sender::Delivery { channel, provider: "list".into(), message_id: None })
    }
}

impl settings::Host for World {
    fn policy_for(&mut self, tenant: String, purpose: String) -> Option<settings::Policy> {
        let lifetime_seconds = match (tenant.as_str(), purpose.as_str()) {
            ("default", "login") => None,
            ("default", "wrong") => Some(601),
            (tenant, "login") if tenant.starts_with("tenant-") => None,
            _ => return None,
        };
        Some(settings::Policy {
            preset: None,
            code_length: None,
            alphabet: None,
            lifetime_seconds,
            max_attempts: None,
            lockout_seconds: None,
            lockout_max_seconds: None,
            failure_cap: None,
            failure_scope: None,
            cooldown_seconds: None,
            cooldown_max_seconds: None,
            max_resends: None,
            remember_device_seconds: None,
            resend_code: None,
            verify_by: Some(settings::VerifyBy::Both),
            reference_required: None,
            may_send_twice: None,
            default_region: Some("ID".into()),
            number_types: Vec::new(),
            new_prefixes: Vec::new(),
            regions: Vec::new(),
            channels: vec![types::Channel::Sms],
            limits: Vec::new(),
        })
    }

    fn keys(&mut self) -> settings::Keyring {
        let key = settings::Key { name: "k1".into(), secret: (32..64).collect() };
        settings::Keyring { index: (0..32).collect(), keys: vec![key] }
    }
}

impl wall_clock::Host for World {
    fn now(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: self.now, nanoseconds: 0 }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 1, nanoseconds: 0 }
    }
}

impl random::Host for World {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        Ok(std::iter::repeat_with(|| self.rng.u8(..)).take(usize::try_from(length)?).collect())
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.rng.u64(..))
    }
}

struct Guest {
    store: Store<World>,
    engine: bindings::Engine,
}

impl Guest {
    async fn new() -> Self {
        let engine = Engine::default();
        let component = Component::new(&engine, crate::component()).unwrap();
        let mut linker = Linker::<World>::new(&engine);
        bindings::Engine::add_to_linker::<_, HasSelf<World>>(&mut linker, |world| world).unwrap();
        let world = World {
            values: BTreeMap::new(),
            counts: BTreeMap::new(),
            batches: 0,
            sent: Vec::new(),
            sending: Ok(()),
            now: NOW,
            rng: Rng::with_seed(7),
        };
        let mut store = Store::new(&engine, world);
        let engine =
            bindings::Engine::instantiate_async(&mut store, &component, &linker).await.unwrap();
        Self { store, engine }
    }

    async fn prepare(&mut self, tenant: &str, purpose: &str) -> Result<(), otp::Error> {
        let guest = self.engine.countersign_otp_otp();
        guest.call_prepare(&mut self.store, tenant, purpose).await.unwrap()
    }

    async fn issue(&mut self, to: &str) -> Result<otp::Challenge, otp::Error> {
        let request = otp::IssueRequest {
            tenant: "default".into(),
            purpose: "login".into(),
            channel: Some(types::Channel::Sms),
            to: to.into(),
            reference: None,
            locale: None,
            client_ip: None,
            device_cookie: None,
        };
        self.engine.countersign_otp_otp().call_issue(&mut self.store, &request).await.unwrap()
    }

    async fn note(&mut self, id: &str, number: u32) -> Result<(), otp::Error> {
        let guest = self.engine.countersign_otp_otp();
        let outcome = types::DeliveryOutcome::Delivered;
        let noted =
            guest.call_record_delivery(&mut self.store, "default", id, number, outcome).await;
        noted.unwrap()
    }

    async fn status(&mut self, id: &str) -> Result<otp::Report, otp::Error> {
        let guest = self.engine.countersign_otp_otp();
        let target = otp::Target::Id(id.into());
        guest.call_status(&mut self.store, "default", &target).await.unwrap()
    }

    async fn verify(&mut self, id: &str, code: &str) -> Result<otp::Verified, otp::Error> {
        let request = otp::VerifyRequest {
            tenant: "default".into(),
            target: otp::Target::Id(id.into()),
            purpose: None,
            to: None,
            code: code.into(),
            reference: None,
            client_ip: None,
        };
        self.engine.countersign_otp_otp().call_verify(&mut self.store, &request).await.unwrap()
    }

    fn world(&mut self) -> &mut World {
        self.store.data_mut()
    }
}

#[tokio::test]
async fn a_code_works_once_in_any_host() {
    let mut guest = Guest::new().await;
    guest.prepare("default", "login").await.unwrap();
    assert_eq!(guest.world().batches, 0, "preparing touches no store");
    let challenge = guest.issue("0812-3456-7890").await.unwrap();
    assert_eq!(challenge.masked_recipient, "62****7890");
    assert_eq!(challenge.expires_at, NOW + 300);
    let message = guest.world().sent[0].clone();
    assert_eq!(
        (message.recipient.as_str(), message.challenge_id),
        ("+6281234567890", challenge.id.clone())
    );

    let wrong = countersign_tests::outbox::wrong(&message.code);
    assert!(matches!(guest.verify(&challenge.id, &wrong).await, Err(otp::Error::Mismatch(2))));
    let verified = guest.verify(&challenge.id, &message.code).await.unwrap();
    assert_eq!((verified.id, verified.verified_at), (challenge.id.clone(), NOW));
    assert!(matches!(guest.verify(&challenge.id, &message.code).await, Err(otp::Error::NotFound)));
}

#[tokio::test]
async fn a_code_ends_by_the_clock_though_the_store_forgets_nothing() {
    let mut guest = Guest::new().await;
    let challenge = guest.issue("+6281234567890").await.unwrap();
    let code = guest.world().sent[0].code.clone();
    guest.world().now += 300;
    assert!(matches!(guest.verify(&challenge.id, &code).await, Err(otp::Error::Expired)));
    guest.world().now -= 1;
    guest.verify(&challenge.id, &code).await.unwrap();
}

#[tokio::test]
async fn a_sender_that_fails_leaves_nothing() {
    let mut guest = Guest::new().await;
    guest.world().sending = Err(types::SendError::Unavailable);
    let failed = guest.issue("+6281234567890").await;
    assert!(matches!(failed, Err(otp::Error::DeliveryFailed(types::SendError::Unavailable))));
    assert!(guest.world().values.is_empty());
    // But for the lease, which says that it is done.
    let counts = guest.world().counts.iter();
    let kept: Vec<_> = counts.filter(|(key, _)| !key.contains(":sending:")).collect();
    assert!(kept.is_empty(), "{kept:?}");
    guest.world().sending = Ok(());
    guest.issue("+6281234567890").await.unwrap();
}

#[tokio::test]
async fn what_a_provider_reports_is_told() {
    let mut guest = Guest::new().await;
    let id = guest.issue("+6281234567890").await.unwrap().id;
    assert_eq!(guest.status(&id).await.unwrap().delivery, otp::DeliveryState::Sent);
    let beyond = guest.note(&id, 2).await.unwrap_err();
    assert!(matches!(beyond, otp::Error::InvalidArgument(fault) if fault.field == "send-number"));
    assert!(matches!(guest.note("login.x", 1).await, Err(otp::Error::NotFound)));
    guest.note(&id, 1).await.unwrap();
    assert_eq!(guest.status(&id).await.unwrap().delivery, otp::DeliveryState::Delivered);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_told_at_the_start() {
    let mut guest = Guest::new().await;
    assert!(matches!(guest.prepare("default", "absent").await, Err(otp::Error::UnknownPurpose)));
    let Err(otp::Error::Misconfigured(text)) = guest.prepare("default", "wrong").await else {
        panic!()
    };
    assert!(text.contains("lifetime"), "{text}");
}

#[tokio::test]
async fn any_number_of_tenants_fits_one_instance() {
    let mut guest = Guest::new().await;
    for tenant in 0..10_000 {
        guest.prepare(&format!("tenant-{tenant}"), "login").await.unwrap();
    }
}
