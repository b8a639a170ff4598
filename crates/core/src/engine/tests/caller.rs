//! A caller: the verbs in few words, over a world and some keys.

use countersign_contract::otp::{
    Addressee, Challenge, DeliveryState, Error, IssueRequest, MAX_TALLIED_KEYS, PurposeTally,
    Report, ResendRequest, SubjectReport, Target, Verified, VerifyRequest,
};
use countersign_contract::settings::{self, FailureScope, VerifyBy};
use countersign_contract::types::{Channel, DeliveryOutcome};
use countersign_contract::{Pii, Secret};

use super::test_world::{Cell, Memory, TestWorld, done};
use crate::device::Device;
use crate::history::History;
use crate::record;
use crate::subject::Subject;
use crate::{Engine, Keyring};

pub(super) const PHONE: &str = "+6281234567890";
pub(super) const OTHER_PHONE: &str = "+6281234567891";
pub(super) const MAIL: &str = "john@example.com";

/// A caller of one tenant and purpose.
pub(super) struct Caller {
    pub(super) world: TestWorld,
    pub(super) engine: Engine<TestWorld>,
    pub(super) tenant: String,
    pub(super) purpose: String,
    pub(super) ip: Option<String>,
    pub(super) cookie: Option<String>,
}

/// A draft that allows texts and mails, and challenges named in either way.
pub(super) fn draft() -> settings::Policy {
    let channels = vec![Channel::Sms, Channel::Email];
    settings::Policy { channels, verify_by: Some(VerifyBy::Both), ..settings::Policy::default() }
}

pub(super) fn secret(seed: u8) -> Secret<Vec<u8>> {
    Secret::new((0..32).map(|place| place ^ seed).collect())
}

pub(super) fn keyring(keys: &[(&str, u8)]) -> Keyring {
    let keys = keys.iter().map(|(name, seed)| ((*name).into(), secret(*seed))).collect();
    Keyring::new(&secret(99), keys).unwrap()
}

/// Runs a claim over a store that forgets at the end of each ttl, and over one that never does.
pub(super) fn whatever_is_forgotten(draft: &settings::Policy, claim: impl Fn(Caller)) {
    for memory in [Memory::Forgets, Memory::Never] {
        println!("{memory:?}");
        claim(Caller::new(memory, draft.clone()));
    }
}

impl Caller {
    pub(super) fn new(memory: Memory, draft: settings::Policy) -> Self {
        let world = TestWorld::new(memory);
        world.set_policy("default", "login", draft);
        Self::over(world, &[("k1", 1)])
    }

    pub(super) fn over(world: TestWorld, keys: &[(&str, u8)]) -> Self {
        Self {
            engine: Engine::new(world.clone(), keyring(keys)),
            world,
            tenant: "default".into(),
            purpose: "login".into(),
            ip: None,
            cookie: None,
        }
    }

    /// The same world with other keys.
    pub(super) fn with_keys(&self, keys: &[(&str, u8)]) -> Self {
        Self::over(self.world.clone(), keys)
    }

    pub(super) fn issue_to(
        &self,
        channel: impl Into<Option<Channel>>,
        to: &str,
        reference: Option<&str>,
    ) -> Result<Challenge, Error> {
        done(self.engine.issue(IssueRequest {
            tenant: self.tenant.clone(),
            purpose: self.purpose.clone(),
            channel: channel.into(),
            to: Pii::new(to.into()),
            reference: reference.map(Into::into),
            locale: None,
            client_ip: self.ip.clone(),
            device_cookie: self.cookie.clone().map(Secret::new),
        }))
    }

    pub(super) fn issue(&self) -> Result<Challenge, Error> {
        self.issue_to(Channel::Sms, PHONE, None)
    }

    /// Issues; the id and the code.
    pub(super) fn issued(&self) -> (String, String) {
        (self.issue().unwrap().id, self.code())
    }

    /// The code of the latest message.
    pub(super) fn code(&self) -> String {
        self.world.latest_code()
    }

    pub(super) fn addressee(&self, to: &str) -> Addressee {
        Addressee {
            purpose: self.purpose.clone(),
            to: Pii::new(to.into()),
            device_cookie: self.cookie.clone().map(Secret::new),
        }
    }

    pub(super) fn answer(
        &self,
        target: Target,
        code: &str,
        reference: Option<&str>,
    ) -> Result<Verified, Error> {
        done(self.engine.verify(VerifyRequest {
            tenant: self.tenant.clone(),
            target,
            purpose: None,
            to: None,
            code: Secret::new(code.into()),
            reference: reference.map(Into::into),
            client_ip: self.ip.clone(),
        }))
    }

    pub(super) fn verify(&self, id: &str, code: &str) -> Result<Verified, Error> {
        self.answer(Target::Id(id.into()), code, None)
    }

    /// Verifies by id, saying for what and for whom it has to be.
    pub(super) fn verify_as(
        &self,
        id: &str,
        code: &str,
        purpose: Option<&str>,
        to: Option<&str>,
    ) -> Result<Verified, Error> {
        done(self.engine.verify(VerifyRequest {
            tenant: self.tenant.clone(),
            target: Target::Id(id.into()),
            purpose: purpose.map(Into::into),
            to: to.map(|to| Pii::new(to.into())),
            code: Secret::new(code.into()),
            reference: None,
            client_ip: self.ip.clone(),
        }))
    }

    pub(super) fn verify_by_recipient(&self, to: &str, code: &str) -> Result<Verified, Error> {
        self.answer(Target::Recipient(self.addressee(to)), code, None)
    }

    pub(super) fn resend(&self, id: &str) -> Result<Challenge, Error> {
        done(self.engine.resend(ResendRequest {
            tenant: self.tenant.clone(),
            id: id.into(),
            client_ip: self.ip.clone(),
        }))
    }

    pub(super) fn revoke(&self, id: &str) -> Result<(), Error> {
        done(self.engine.revoke(&self.tenant, id))
    }

    pub(super) fn status(&self, id: &str) -> Result<Report, Error> {
        done(self.engine.status(&self.tenant, &Target::Id(id.into())))
    }

    pub(super) fn status_by_recipient(&self, to: &str) -> Result<Report, Error> {
        done(self.engine.status(&self.tenant, &Target::Recipient(self.addressee(to))))
    }

    pub(super) fn note(
        &self,
        id: &str,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Error> {
        done(self.engine.record_delivery(&self.tenant, id, send_number, outcome))
    }

    /// What is known of the delivery of a challenge's latest message.
    pub(super) fn delivery(&self, id: &str) -> DeliveryState {
        self.status(id).unwrap().delivery
    }

    pub(super) fn unlock(&self, to: &str) -> Result<(), Error> {
        done(self.engine.unlock(&self.tenant, &self.addressee(to)))
    }

    pub(super) fn inspect(&self, to: &str) -> Result<SubjectReport, Error> {
        done(self.engine.inspect(&self.tenant, &self.addressee(to)))
    }

    /// Counts this tenant's challenges among all keys that there are.
    pub(super) fn tally(&self, purposes: &[&str]) -> Vec<PurposeTally> {
        let purposes: Vec<String> = purposes.iter().map(|purpose| (*purpose).into()).collect();
        let keys: Vec<String> = self.world.dump().into_keys().collect();
        let mut tallies: Vec<PurposeTally> = Vec::new();
        for keys in keys.chunks(MAX_TALLIED_KEYS) {
            tallies.extend(done(self.engine.tally(&self.tenant, &purposes, keys)).unwrap());
        }
        tallies
    }

    /// The history of `PHONE`, as the store holds it.
    pub(super) fn history(&self) -> History {
        let keyring = keyring(&[("k1", 1)]);
        let recipient = crate::recipient::parse(PHONE, None, None).unwrap();
        let subject =
            Subject::new(&keyring, &self.tenant, &self.purpose, &recipient, Device::Unknown);
        let place = subject.history(FailureScope::Recipient);
        let value = self.world.dump().get(&place).map(|entry| match &entry.cell {
            Cell::Value(value) => value.clone(),
            Cell::Count(_) => panic!("{place} is a count"),
        });
        record::open(&keyring, &|| place.clone(), value).unwrap_or_default()
    }

    /// The failures that it counts.
    pub(super) fn failures(&self) -> u32 {
        self.history().failures
    }

    /// Spends all attempts of a challenge.
    pub(super) fn exhaust(&self, id: &str, code: &str) {
        while let Err(Error::Mismatch(left)) = self.verify(id, &wrong(code)) {
            if left == 0 {
                return;
            }
        }
        panic!("not exhausted");
    }
}

/// Another code than this one.
pub(super) fn wrong(code: &str) -> String {
    code.chars().map(|sign| if sign == '9' { '8' } else { '9' }).collect()
}
